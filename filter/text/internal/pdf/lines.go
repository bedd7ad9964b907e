package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// piece is text on a line: a glyph, or what has been joined of them.
type piece struct {
	text       string
	begin, end float64 // along the line
	pen        float64 // where the next glyph is expected: after the space between characters
	base       float64 // across it
	size       float64
	angle      int // of the line, in degrees
}

// Gaps, in sizes of the font.
const (
	wordGap = 0.13 // that ends a word: the spaces of a tight line of TeX are wider, kerning is not
	lineGap = 0.45 // across the line, that ends it: an index or an exponent is within
	backGap = 0.45 // backwards, that begins a text anew
)

// lines joins the glyphs of a page into lines.
type lines struct {
	write   func([]byte)
	now     []byte // the text of the piece that grows
	piece          // where it is
	pieces  []piece
	length  int
	asides  []string
	started bool
	gaps    []gap // in the piece that grows
}

// Bounds of a page before what there is of it is shown.
const (
	maxPieces = 1 << 15
	maxPage   = 1 << 20 // bytes
)

// add adds a glyph.
func (l *lines) add(g piece) {
	if math.IsNaN(g.begin) || math.IsNaN(g.base) || math.IsInf(g.begin, 0) {
		return
	}
	if !l.started || !l.joins(g) {
		l.close()
		l.started, l.piece, l.now = true, g, l.now[:0]
		l.now, l.gaps = append(l.now, g.text...), l.gaps[:0]
		return
	}
	size := max(l.size, g.size)
	switch {
	case l.accented(g):
		return
	case g.begin-l.pen > wordGap*size && g.text != " " && len(l.now) > 0 && l.now[len(l.now)-1] != ' ':
		l.note(gap{(g.begin - l.pen) / size, len(l.now)})
		l.now = append(l.now, ' ')
	case g.text != " " && len(l.now) > 0 && l.now[len(l.now)-1] != ' ':
		l.note(gap{(g.begin - l.pen) / size, -1})
	}
	l.now = append(l.now, g.text...)
	l.end, l.pen, l.size = g.end, g.pen, size
}

// joins reports whether a glyph goes on with the piece that grows.
func (l *lines) joins(g piece) bool {
	size := max(l.size, g.size)
	return g.angle == l.angle && math.Abs(g.base-l.base) <= lineGap*size && g.begin-l.pen < 1.5*size &&
		l.pen-g.begin < backGap*size || l.overlays(g)
}

// spacing are the accents that stand by themselves, and what they are on a letter.
var spacing = map[rune]string{'´': "\u0301", '`': "\u0300", '¨': "\u0308", 'ˆ': "\u0302", '˜': "\u0303", 'ˇ': "\u030c",
	'˚': "\u030a", '¸': "\u0327"}

// overlays reports whether a glyph stands on an accent, as TeX sets letters with one.
func (l *lines) overlays(g piece) bool {
	last, _ := utf8.DecodeLastRune(l.now)
	return spacing[last] != "" && g.angle == l.angle && math.Abs(g.base-l.base) <= lineGap*max(l.size, g.size) &&
		g.begin < l.end-0.15*g.size && g.end > l.end-0.6*g.size && g.begin > l.end-1.2*g.size
}

// accented sets an accent that has been shown on the letter that stands in the same place.
func (l *lines) accented(g piece) bool {
	if !l.overlays(g) {
		return false
	}
	last, n := utf8.DecodeLastRune(l.now)
	letter := g.text
	if letter == "ı" {
		letter = "i"
	}
	joined := norm.NFC.String(letter + spacing[last])
	if utf8.RuneCountInString(joined) != utf8.RuneCountInString(letter) {
		return false
	}
	l.now = append(l.now[:len(l.now)-n], joined...)
	l.end, l.pen, l.base = g.end, g.pen, g.base
	return true
}

// close ends the piece that grows.
func (l *lines) close() {
	if !l.started {
		return
	}
	l.started = false
	if len(l.now) == 0 {
		return
	}
	l.text = string(l.spread())
	l.pieces = append(l.pieces, l.piece)
	if l.length += len(l.now); len(l.pieces) >= maxPieces || l.length >= maxPage {
		l.flush()
	}
}

// aside shows a text that stands nowhere on the page.
func (l *lines) aside(s string) {
	if len(l.asides) < 1000 {
		l.asides = append(l.asides, s)
	}
}

// flush shows what there is: in the order of the file, and the lines that are made of pieces which do not follow one
// another there. Then what the content is said to stand for.
func (l *lines) flush() {
	l.close()
	if len(l.pieces) > 0 {
		l.inOrder()
		l.write([]byte{'\n'})
		l.byPlace()
	}
	for _, s := range l.asides {
		l.write([]byte(" " + s + "\n"))
	}
	l.pieces, l.asides, l.length = l.pieces[:0], nil, 0
}

// sameLine reports whether two pieces stand on one line.
func sameLine(a, b piece) bool {
	return a.angle == b.angle && math.Abs(a.base-b.base) <= lineGap*max(a.size, b.size)
}

// byPlace shows the lines as they stand on the page, where the order of the file is another.
func (l *lines) byPlace() {
	order := make([]int, len(l.pieces))
	for i := range order {
		order[i] = i
	}
	at := func(i int) piece { return l.pieces[i] }
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := at(i), at(j)
		if a.angle != b.angle {
			return a.angle - b.angle
		}
		return compare(b.base, a.base)
	})
	for begin := 0; begin < len(order); {
		end := begin + 1
		for end < len(order) && sameLine(at(order[begin]), at(order[end])) {
			end++
		}
		line := order[begin:end]
		slices.SortStableFunc(line, func(i, j int) int { return compare(at(i).begin, at(j).begin) })
		l.line(line)
		begin = end
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// line shows a line of the page, unless it was shown so already.
func (l *lines) line(order []int) {
	following := true
	for k := 1; k < len(order); k++ {
		following = following && order[k] == order[k-1]+1
	}
	if following {
		return
	}
	var b strings.Builder
	last := -1
	for _, i := range order {
		p := l.pieces[i]
		if last >= 0 {
			q := l.pieces[last]
			if p.text == q.text && math.Abs(p.begin-q.begin) < 0.3*p.size { // printed twice, to be bold
				continue
			}
			if p.begin-q.pen > wordGap*max(p.size, q.size) {
				b.WriteByte(' ')
			}
		}
		b.WriteString(p.text)
		last = i
	}
	b.WriteByte('\n')
	l.write([]byte(b.String()))
}
