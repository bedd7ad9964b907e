package pdf

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A writer breaks a paragraph into lines where the next word did not fit. Such a break is a blank to readers; another,
// as between the rows of a table, ends what stands on the line.

// row is a line in the order of the file: pieces that go on to the right.
type row struct {
	from, to   int // of the pieces
	begin, end float64
	size       float64
	letters    int
	blanks     bool
	columns    bool // it has a gap as between the columns of a table
}

// columnGap is a gap that no writer leaves between the words of a paragraph, in sizes of the font.
const columnGap = 2

// inOrder shows the pieces in the order of the file.
func (l *lines) inOrder() {
	rows, edges := l.rows()
	for i, r := range rows {
		for k := r.from; k < r.to; k++ {
			if k > r.from && l.pieces[k].begin-l.pieces[k-1].pen > wordGap*max(l.pieces[k].size, l.pieces[k-1].size) {
				l.write([]byte{' '})
			}
			text := l.pieces[k].text
			if k+1 == r.to && i+1 < len(rows) && l.wraps(rows, i, edges) {
				l.wrapped(text, r, l.pieces[rows[i+1].from].text)
				continue
			}
			l.write([]byte(text))
			if k+1 == r.to && i+1 < len(rows) {
				l.write([]byte{'\n'})
			}
		}
	}
}

// rows returns the lines in the order of the file, and the right edges of those that begin at the same place.
func (l *lines) rows() ([]row, map[int]float64) {
	var rows []row
	for i, p := range l.pieces {
		blank := strings.IndexByte(strings.TrimSpace(p.text), ' ') >= 0
		if n := len(rows); n > 0 && sameLine(l.pieces[i-1], p) && p.begin > l.pieces[i-1].begin {
			r := &rows[n-1]
			r.to, r.end, r.letters = i+1, p.end, r.letters+len(p.text)
			r.blanks = r.blanks || blank || p.begin-l.pieces[i-1].pen > wordGap*p.size
			r.columns = r.columns || p.begin-l.pieces[i-1].pen > columnGap*p.size
			continue
		}
		rows = append(rows, row{from: i, to: i + 1, begin: p.begin, end: p.end, size: p.size, letters: len(p.text),
			blanks: blank})
	}
	edges := map[int]float64{}
	for _, r := range rows {
		k := edgeOf(r)
		if old, known := edges[k]; !known || r.end > old {
			edges[k] = r.end
		}
	}
	return rows, edges
}

func edgeOf(r row) int { return int(math.Round(max(min(r.begin, 1e6), -1e6) / max(r.size/4, 1))) }

// Lengths of lines, in bytes: of the shortest of a paragraph; of one that is no row of a list, though it has a number
// at its end; of one word that can only have been broken because it did not fit.
const (
	shortLine = 16
	longLine  = 30
	longWord  = 50
)

// wraps reports whether a paragraph goes on from a line to the next: the first word of that did not fit.
func (l *lines) wraps(rows []row, i int, edges map[int]float64) bool {
	a, b := rows[i], rows[i+1]
	last, next := l.pieces[a.to-1], l.pieces[b.from]
	down := last.base - next.base
	if a.columns || b.columns || a.letters < shortLine || last.angle != next.angle ||
		math.Abs(a.size-b.size) > 0.1*a.size || down <= 0 || down > 2.5*a.size || b.begin > a.end {
		return false
	}
	edge := max(edges[edgeOf(a)], edges[edgeOf(b)])
	if !a.blanks {
		full := func(r row) bool { return !r.blanks && r.end > edge-a.size && edgeOf(r) == edgeOf(a) }
		return full(a) && (a.letters >= longWord || i > 0 && full(rows[i-1]) || full(b))
	}
	if a.letters < longLine && digit(last.text, len(last.text)-1) && digit(next.text, 0) {
		return false
	}
	word, _, _ := strings.Cut(strings.TrimLeft(next.text, " "), " ")
	width := (next.end - next.begin) * float64(len(word)) / float64(max(len(next.text), 1))
	return a.end+width+0.25*a.size > edge
}

func digit(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

// wrapped shows the last piece of a line of a paragraph, with what parts it from the next.
func (l *lines) wrapped(text string, r row, next string) {
	trimmed := strings.TrimRight(text, " ")
	begins, _ := utf8.DecodeRuneInString(next)
	for _, hyphen := range []string{"-", "\u2010", "\u00ad"} {
		word, has := strings.CutSuffix(trimmed, hyphen)
		if before, _ := utf8.DecodeLastRuneInString(word); has && unicode.IsLetter(before) && unicode.IsLower(begins) {
			l.write([]byte(word))
			return
		}
	}
	l.write([]byte(text))
	if strings.HasSuffix(trimmed, "-") && digit(trimmed, len(trimmed)-2) && digit(next, 0) { // a number with a stroke
		return
	}
	if r.blanks || len(trimmed) < len(text) { // else one word fills the line, and goes on
		l.write([]byte{' '})
	}
}
