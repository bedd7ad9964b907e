package extract

import (
	"fmt"
	"strings"
	"testing"

	"sluis/filter/text"
)

// longPDF has so many pages, each of which draws a form so many times and says a word, and other objects at its end.
func longPDF(pages, drawn int, content string, others ...string) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		pdfStream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "0 0 9 9 re f"),
		pdfStream("", content+strings.Repeat("/X Do ", drawn)+"BT /F 12 Tf 72 700 Td (Rapport) Tj ET")}
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", len(objects)+1)
		last := "5 0 R"
		if i == pages-1 {
			last = fmt.Sprintf("%d 0 R", len(objects)+2)
		}
		objects = append(objects, "<</Type/Page/Parent 2 0 R/Resources<</Font<</F 3 0 R>>/XObject<</X 4 0 R>>>>"+
			"/Contents "+last+">>")
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids.String())
	objects = append(objects, pdfStream("", "BT /F 12 Tf 72 700 Td (Geheim slot) Tj ET"))
	return pdfPagesOf(append(objects, others...)...)
}

// A large PDF is read to its end: pages with a letterhead, and drawings.
func TestALargePDFIsReadToItsEnd(t *testing.T) {
	for name, b := range map[string][]byte{
		"pages with a letterhead": longPDF(700, 8, ""),
		"pages":                   longPDF(3000, 0, ""),
		"drawings":                longPDF(50, 1, strings.Repeat("0 0 m 9 9 l S\n", 2000)),
	} {
		s := showDocument(t, "rapport.pdf", b)
		if len(s.report.Doubts) > 0 || s.report.Incomplete || !strings.Contains(s.all(), "Geheim slot") {
			t.Errorf("%s: doubts %v, incomplete %v, read to its end: %v", name, s.report.Doubts, s.report.Incomplete,
				strings.Contains(s.all(), "Geheim slot"))
		}
	}
}

// A PDF that draws more than is read is hostile if it was made small; what it does is judged in any case.
func TestADrawingWithoutEndIsJudged(t *testing.T) {
	script := "<</Type/Action/S/JavaScript/JS(app.launchURL\\('https://a.example'\\))>>"
	without := longPDF(30, 0, strings.Repeat("q Q ", 400_000), script)
	for name, c := range map[string]struct {
		content []byte
		want    text.Cause
	}{
		"small": {without, text.HostileSize},
		"large": {longPDF(30, 0, strings.Repeat("q Q ", 400_000), script,
			fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", 5<<20, strings.Repeat("x", 5<<20))), text.LongText},
	} {
		s := showDocument(t, "kaart.pdf", c.content)
		if !s.report.Has(c.want) || s.report.Incomplete != (c.want == text.HostileSize) || !acts(s.report) {
			t.Errorf("%s: doubts %v, incomplete %v, acts %v", name, s.report.Doubts, s.report.Incomplete,
				acts(s.report))
		}
	}
}
