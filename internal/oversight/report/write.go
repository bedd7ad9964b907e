package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

//go:embed page.html
var files embed.FS

// WriteHTML writes a page that needs nothing from elsewhere.
func (r Report) WriteHTML(w io.Writer) error {
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return page.Execute(w, r)
}

// WritePDF writes a PDF on A4, in fonts that every reader has.
func (r Report) WritePDF(w io.Writer) error {
	p := fpdf.New("P", "mm", "A4", "")
	latin := p.UnicodeTranslatorFromDescriptor("") // cp1252, with the letters of Western European languages
	p.SetTitle(r.Title, true)
	p.SetLang(r.Lang)
	p.SetMargins(20, 20, 20)
	p.AliasNbPages("")
	p.SetFooterFunc(func() {
		p.SetY(-15)
		p.SetFont("Helvetica", "", 8)
		p.CellFormat(0, 8, fmt.Sprintf("%d / {nb}", p.PageNo()), "", 0, "C", false, 0, "")
	})
	p.AddPage()
	p.SetFont("Helvetica", "B", 18)
	p.MultiCell(0, 9, latin(r.Title), "", "L", false)
	p.SetFont("Helvetica", "", 10)
	p.MultiCell(0, 6, latin(r.Subtitle), "", "L", false)
	for _, s := range r.Sections {
		p.Ln(4)
		if p.GetY() > 250 { // a title does not stand alone at the end of a page
			p.AddPage()
		}
		p.SetFont("Helvetica", "B", 12)
		p.Bookmark(latin(s.Title), 0, -1)
		p.MultiCell(0, 7, latin(s.Title), "", "L", false)
		p.SetFont("Helvetica", "", 10)
		for _, text := range s.Text {
			p.MultiCell(0, 5, latin(text), "", "L", false)
			p.Ln(1.5)
		}
		table(p, latin, s)
		if s.Code != "" {
			p.SetFont("Courier", "", 8)
			p.MultiCell(0, 4, latin(strings.ReplaceAll(s.Code, "—", "-")), "", "L", false)
		}
	}
	if err := p.Output(w); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// table writes a section's table, in columns of which the widest text decides.
func table(p *fpdf.Fpdf, latin func(string) string, s Section) {
	if len(s.Head) == 0 {
		return
	}
	const width = 170.0
	p.SetFont("Helvetica", "B", 9)
	widths, sum := make([]float64, len(s.Head)), 0.0
	for i, h := range s.Head {
		widths[i] = p.GetStringWidth(latin(h)) + 4
		for _, row := range s.Rows {
			if i < len(row) {
				widths[i] = max(widths[i], min(p.GetStringWidth(latin(row[i]))+4, 110))
			}
		}
		sum += widths[i]
	}
	if sum > width {
		for i := range widths {
			widths[i] *= width / sum
		}
	}
	line := func(cells []string, style, border string) {
		p.SetFont("Helvetica", style, 9)
		for i, c := range cells {
			p.CellFormat(widths[i], 6, fit(p, latin(c), widths[i]-2), border, 0, "L", false, 0, "")
		}
		p.Ln(6)
	}
	line(s.Head, "B", "B")
	for _, row := range s.Rows {
		line(row, "", "")
	}
}

// fit cuts a text to a width.
func fit(p *fpdf.Fpdf, s string, width float64) string {
	for len(s) > 1 && p.GetStringWidth(s) > width {
		s = s[:len(s)-1]
	}
	return s
}
