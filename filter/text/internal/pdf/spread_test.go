package pdf

import (
	"strings"
	"testing"
)

// set returns the text of a line whose glyphs stand apart by a share of their size, and words by more.
func set(s string, apart, words float64) string {
	var b strings.Builder
	l := lines{write: func(p []byte) { b.Write(p) }}
	at := 0.0
	for _, r := range s {
		if r == ' ' {
			at += words
			continue
		}
		l.add(piece{text: string(r), begin: at, end: at + 0.5, pen: at + 0.5, size: 1})
		at += 0.5 + apart
	}
	l.flush()
	return strings.TrimSpace(b.String())
}

// Letters that are set apart evenly are one word, and words stay apart.
func TestSpreadLettersAreWords(t *testing.T) {
	for _, c := range []struct {
		in           string
		apart, words float64
		want         string
	}{
		{"BSN leerling 264780139", 0.2, 0.3, "BSN leerling 264780139"},
		{"vertrouwelijk dossier", 0.4, 0.5, "vertrouwelijk dossier"},
		{"Beste ouders", 0, 0.3, "Beste ouders"},
		{"123456789", 0.4, 0, "1 2 3 4 5 6 7 8 9"}, // columns of a table
		{"a b c", 0.4, 0, "a b c"},                 // too short to say
	} {
		if got := set(c.in, c.apart, c.words); got != c.want {
			t.Errorf("%q apart by %v: got %q, want %q", c.in, c.apart, got, c.want)
		}
	}
}
