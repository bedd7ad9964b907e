package sandbox

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// letter is an office document of a few pages, as most that are mailed.
func letter(b *testing.B) []byte {
	var doc bytes.Buffer
	z := zip.NewWriter(&doc)
	var body strings.Builder
	for i := range 60 {
		fmt.Fprintf(&body, `<w:p w:rsidR="00A1"><w:r><w:rPr><w:lang w:val="nl-NL"/></w:rPr><w:t>Op dinsdag %d maart `+
			`gaan de groepen 5 en 6 naar het museum; de kinderen nemen een lunchpakket mee.</w:t></w:r></w:p>`, i)
	}
	for name, content := range map[string]string{
		"[Content_Types].xml": "<Types/>",
		"word/document.xml":   "<w:document><w:body>" + body.String() + "</w:body></w:document>",
		"word/styles.xml":     strings.Repeat("<w:style/>", 3000),
		"docProps/core.xml":   "<dc:title>Uitje</dc:title>",
	} {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	return doc.Bytes()
}

// BenchmarkReadIn has a document read in this process, by a confined one, and by one that has to be started.
func BenchmarkReadIn(b *testing.B) {
	none := func(text.Segment) error { return nil }
	for name, content := range map[string][]byte{"docx": letter(b), "pdf": []byte(pdf)} {
		b.Run(name+"/this", func(b *testing.B) {
			for b.Loop() {
				_, err := extract.Document(b.Context(), "a."+name, bytes.NewReader(content), int64(len(content)),
					text.Limits{}, none)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, fresh := range []bool{false, true} {
			b.Run(name+map[bool]string{false: "/apart", true: "/started"}[fresh], func(b *testing.B) {
				p := NewPool(worker, 1, time.Minute)
				defer func() { p.Close() }()
				for b.Loop() {
					if fresh {
						p.Close()
						p = NewPool(worker, 1, time.Minute)
					}
					_, err := p.Document(b.Context(), "a."+name, bytes.NewReader(content), int64(len(content)),
						text.Limits{}, none)
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
