package extract

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"sluis/filter/text"
)

// fuzzLimits are small, so that a bound is met often.
func fuzzLimits(dir string) text.Limits {
	return text.Limits{Depth: 6, Parts: 100, Inflated: 4 << 20, Text: 8 << 20, Work: 16 << 20, Spool: 64 << 10,
		Dir: dir}
}

// wellFormed checks what a caller relies on.
func wellFormed(t *testing.T, s text.Segment) {
	if len(s.Text) == 0 || len(s.Text) > text.MaxSegment || s.Overlap < 0 || s.Overlap > text.MaxOverlap ||
		s.Overlap >= len(s.Text) || !utf8.Valid(s.Text) {
		t.Errorf("segment of %d bytes, overlap %d, UTF-8 %v", len(s.Text), s.Overlap, utf8.Valid(s.Text))
	}
}

// words returns the runs of letters and digits that are long enough to be no chance.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
}

// FuzzMessage holds the walker to showing every word that go-message shows, unless it
// says that it did not look at everything.
func FuzzMessage(f *testing.F) {
	for _, c := range goMessageFaults() {
		f.Add(c.message)
	}
	f.Add(ordinary())
	f.Add("Subject: x\n\nbegin 644 a.txt\n+9V5H96EM=V]O<F0\n`\nend\n")
	f.Add("Content-Type: text/html\n\n<p>a<!-- b --><span style='display:none'>c</span>")
	f.Fuzz(func(t *testing.T, m string) {
		if len(m) > 64<<10 {
			return
		}
		var all strings.Builder
		r, err := Message(context.Background(), strings.NewReader(m), int64(len(m)), fuzzLimits(t.TempDir()),
			func(s text.Segment) error {
				wellFormed(t, s)
				all.Write(s.Text)
				all.WriteByte('\n')
				return nil
			})
		if err != nil {
			t.Fatalf("error: %v", err)
		}
		if r.Incomplete || len(r.Uninspectable()) > 0 {
			return
		}
		shown := all.String()
		for _, w := range words(plainly(m)) {
			if len(w) >= 6 && !strings.Contains(shown, w) {
				t.Fatalf("go-message shows %q; doubts %v, shown %q", w, r.Doubts, shown)
			}
		}
	})
}

// FuzzDocument looks for files that stop the reader, or make it show what is no text.
func FuzzDocument(f *testing.F) {
	for _, d := range documents() {
		f.Add(d.file, d.content)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if len(b) > 256<<10 {
			return
		}
		_, err := Document(context.Background(), name, strings.NewReader(string(b)), int64(len(b)),
			fuzzLimits(t.TempDir()), func(s text.Segment) error {
				wellFormed(t, s)
				return nil
			})
		if err != nil {
			t.Fatalf("error: %v", err)
		}
	})
}

// FuzzSealed looks for signed, compressed or encrypted content that stops its reader.
func FuzzSealed(f *testing.F) {
	part := []byte("Content-Type: text/plain\n\n" + token)
	f.Add("smime.p7m", signed(false, part))
	f.Add("smime.p7m", signed(true, part))
	f.Add("smime.p7m", cms(true, oidCompressed, der(true, 0x30), squeezed(true, part)))
	f.Add("x.gpg", pgp("pieces", pgpLiteralTag, literal("x.txt", token)))
	f.Add("x.gpg", pgp("old", 8, []byte{1}, squeezed(false, pgp("", pgpLiteralTag, literal("x.txt", token)))))
	f.Add("x.txt", []byte(armoured("PGP MESSAGE", pgp("", pgpLiteralTag, literal("x.txt", token)))))
	f.Add("x", appleFile("x.txt", token))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		if _, err := Document(t.Context(), name, strings.NewReader(string(b)), int64(len(b)), fuzzLimits(t.TempDir()),
			func(s text.Segment) error { wellFormed(t, s); return nil }); err != nil {
			t.Fatalf("error: %v", err)
		}
	})
}
