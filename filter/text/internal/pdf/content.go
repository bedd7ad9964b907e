package pdf

import (
	"io"
	"math"
	"slices"
	"sync"
)

// matrix is a transformation (ISO 32000-2, 8.3.3).
type matrix [6]float64

var unit = matrix{1, 0, 0, 1, 0, 0}

// mul returns the transformation that does m and then n.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) moved(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y}.mul(m) }

// state is what q keeps and Q brings back.
type state struct {
	ctm                              matrix
	font                             *font
	size, char, word, scale, leading float64
	rise                             float64
}

// Bounds of the content of a file.
const (
	maxOperators = 16_000_000
	maxForms     = 50_000 // and pages drawn, one in another or again: a letterhead has some on each page
	maxDeep      = 32
	maxOperands  = 512
	maxStates    = 256
)

// Text takes what pages show.
type Text struct {
	f         *File
	lines     *lines
	operators int
	forms     int
	drawing   []Ref // the forms that are drawn now, one in another
	Unread    bool  // there is text in a font whose codes nothing explains
	Long      bool  // a bound on what is drawn left something out
	Letters   int
	Shown     int // pages
	stop      func() bool
}

// NewText returns what shows the text of a file with write. It stops when stop says so.
func (f *File) NewText(write func([]byte), stop func() bool) *Text {
	return &Text{f: f, lines: &lines{write: write}, operators: maxOperators, forms: maxForms, stop: stop}
}

// interpreter is the reading of one content stream.
type interpreter struct {
	*Text
	state
	stack     []state
	tm, tlm   matrix
	resources Dict
	fonts     map[Name]*font
	depth     int
}

// Streams shows content streams, one after the other as one, and the forms that they draw.
func (t *Text) Streams(streams []*Stream, resources Dict, ctm [6]float64) {
	t.content(streams, resources, state{ctm: matrix(ctm), scale: 1, size: 1}, 0)
	t.lines.flush()
}

func (t *Text) content(streams []*Stream, resources Dict, begin state, depth int) {
	if t.forms--; t.forms < 0 || depth > maxDeep {
		t.Long = true
		return
	}
	var parts []io.Reader
	for _, s := range streams {
		if r, err := t.f.Reader(s); err == nil {
			parts = append(parts, r, &blankReader{})
		} else if err != ErrImage {
			t.Unread = true
		}
	}
	p := interpreter{
		Text:      t,
		state:     begin,
		tm:        unit,
		tlm:       unit,
		resources: resources,
		fonts:     map[Name]*font{},
		depth:     depth,
	}
	lexStream(io.MultiReader(parts...), func(l *lexer) {
		p.run(l)
		t.f.Cut = t.f.Cut || l.cut
	})
}

// blankReader is one blank, which ends a word between two streams.
type blankReader struct{ done bool }

// Read implements io.Reader.
func (b *blankReader) Read(p []byte) (int, error) {
	if b.done || len(p) == 0 {
		return 0, io.EOF
	}
	b.done = true
	p[0] = ' '
	return 1, nil
}

func (p *interpreter) run(l *lexer) {
	args := make([]any, 0, 16)
	for {
		o, ok := l.object(0)
		if !ok {
			return
		}
		op, is := o.(operator)
		if !is {
			if len(args) < maxOperands {
				args = append(args, o)
			}
			continue
		}
		if p.operators--; p.operators < 0 || p.operators&0xff == 0 && p.stop() {
			p.Long = true
			return
		}
		switch op {
		case "ID":
			inlineImage(l)
		case "q", "Q", "cm", "Do":
			p.graphics(op, args)
		case "Tj", "TJ", "'", "\"":
			p.showing(op, args)
		default:
			p.textState(op, args)
		}
		args = args[:0]
	}
}

// inlineImage passes over the bytes of a picture to its end: white space, EI, white space.
func inlineImage(l *lexer) {
	var last [4]int
	for {
		c := l.next()
		last = [4]int{last[1], last[2], last[3], c}
		if isSpace(last[0]) && last[1] == 'E' && last[2] == 'I' && (isSpace(c) || c < 0) || c < 0 {
			return
		}
	}
}

func numbers(args []any) (n [6]float64) {
	for i := range min(len(args), len(n)) {
		n[i], _ = args[i].(float64)
	}
	return n
}

func (p *interpreter) graphics(op operator, args []any) {
	switch op {
	case "q":
		if len(p.stack) < maxStates {
			p.stack = append(p.stack, p.state)
		}
	case "Q":
		if n := len(p.stack); n > 0 {
			p.state, p.stack = p.stack[n-1], p.stack[:n-1]
		}
	case "cm":
		if len(args) >= 6 {
			p.ctm = matrix(numbers(args)).mul(p.ctm)
		}
	case "Do":
		if len(args) > 0 {
			name, _ := args[0].(Name)
			p.draw(p.f.Dict(p.resources["XObject"])[name])
		}
	}
}

// draw shows a form.
func (p *interpreter) draw(v any) {
	s, ok := p.f.Resolve(v).(*Stream)
	if !ok || p.f.Name(s.Dict["Subtype"]) != "Form" {
		return
	}
	p.f.mark(v)
	if ref, ok := v.(Ref); ok {
		if slices.Contains(p.drawing, ref) { // which no program does: it would draw itself without end
			p.Long = true
			return
		}
		p.drawing = append(p.drawing, ref)
		defer func() { p.drawing = p.drawing[:len(p.drawing)-1] }()
	}
	resources := p.f.Dict(s.Dict["Resources"])
	if resources == nil {
		resources = p.resources
	}
	begin := p.state
	if m := p.f.Array(s.Dict["Matrix"]); len(m) == 6 {
		begin.ctm = matrix(numbers(m)).mul(begin.ctm)
	}
	p.content([]*Stream{s}, resources, begin, p.depth+1)
}

func (p *interpreter) textState(op operator, args []any) {
	n := numbers(args)
	switch op {
	case "BT":
		p.tm, p.tlm = unit, unit
	case "Tf":
		if len(args) == 2 {
			name, _ := args[0].(Name)
			p.use(name)
			p.size, _ = args[1].(float64)
		}
	case "gs":
		name, _ := first(args).(Name)
		if a := p.f.Array(p.f.Dict(p.f.Dict(p.resources["ExtGState"])[name])["Font"]); len(a) == 2 {
			p.font, p.size = p.f.font(a[0]), p.f.Number(a[1])
		}
	case "Td", "TD":
		if op == "TD" {
			p.leading = -n[1]
		}
		p.tlm = p.tlm.moved(n[0], n[1])
		p.tm = p.tlm
	case "Tm":
		p.tlm = matrix(n)
		p.tm = p.tlm
	case "T*":
		p.line()
	case "Tc":
		p.char = n[0]
	case "Tw":
		p.word = n[0]
	case "Tz":
		p.scale = n[0] / 100
	case "TL":
		p.leading = n[0]
	case "Ts":
		p.rise = n[0]
	case "BDC":
		p.marked(args)
	}
}

func (p *interpreter) line() {
	p.tlm = p.tlm.moved(0, -p.leading)
	p.tm = p.tlm
}

// use takes a font of the resources.
func (p *interpreter) use(name Name) {
	t, known := p.fonts[name]
	if !known {
		if v := p.f.Dict(p.resources["Font"])[name]; v != nil {
			t = p.f.font(v)
		}
		p.fonts[name] = t
	}
	p.font = t
}

// marked shows what a piece of content is said to stand for, apart from what it shows.
func (p *interpreter) marked(args []any) {
	if len(args) < 2 {
		return
	}
	d, ok := args[1].(Dict)
	if name, is := args[1].(Name); is {
		d, ok = p.f.Dict(p.f.Dict(p.resources["Properties"])[name]), true
	}
	if s, has := d["ActualText"].(String); ok && has && len(s) > 0 {
		p.lines.aside(TextString(s))
	}
}

func (p *interpreter) showing(op operator, args []any) {
	switch op {
	case "\"":
		if len(args) == 3 {
			p.word, p.char = numbers(args)[0], numbers(args)[1]
		}
		p.line()
	case "'":
		p.line()
	}
	if len(args) == 0 {
		return
	}
	switch v := args[len(args)-1].(type) {
	case String:
		p.show(v)
	case Array:
		for _, item := range v {
			switch item := item.(type) {
			case String:
				p.show(item)
			case float64:
				p.tm = p.tm.moved(-item/1000*p.size*p.scale, 0)
			}
		}
	}
}

// plain is the font of text whose font is not known.
var plain = sync.OnceValue(func() *font {
	return &font{names: &winEncoding, scale: 0.001, simple: coreWidths()["Helvetica"]}
})

// show shows a string in its font, glyph by glyph.
func (p *interpreter) show(s String) {
	t := p.font
	if t == nil {
		t = plain()
		if text, is := wideText(s); is {
			s = String(text)
		}
	}
	unknown, all := 0, 0
	at := placeOf(p.tm.moved(0, p.rise).mul(p.ctm), p.size)
	moved := 0.0
	for len(s) > 0 {
		g, n := t.next(s)
		s = s[n:]
		width := g.width * p.size * p.scale
		end := width + p.char*p.scale
		if g.blank {
			end += p.word * p.scale
		}
		all++
		if !g.known {
			if g.text != "" || width != 0 {
				unknown++
			}
			g.text = ""
		}
		p.lines.add(at.piece(g.text, moved, width, end))
		p.Letters += len(g.text)
		moved += end
	}
	p.tm = p.tm.moved(moved, 0)
	p.Unread = p.Unread || unknown > 1 && unknown*4 > all // one is a bullet or the like
}

// place is where a string begins, and the direction that it is set in.
type place struct {
	along, across float64
	length, size  float64 // of a unit along the line, of the font
	angle         int     // in degrees
}

func placeOf(m matrix, size float64) place {
	q := place{length: math.Hypot(m[0], m[1]), size: math.Abs(size) * math.Hypot(m[2], m[3])}
	cos, sin := 1.0, 0.0
	if q.length > 1e-9 {
		cos, sin = m[0]/q.length, m[1]/q.length
	}
	q.along, q.across = m[4]*cos+m[5]*sin, m[5]*cos-m[4]*sin
	q.angle = int(math.Round(math.Atan2(sin, cos) * 180 / math.Pi))
	return q
}

// piece returns a glyph that begins so far from the beginning of the string.
func (q *place) piece(text string, moved, width, end float64) piece {
	begin := q.along + moved*q.length
	g := piece{
		text:  text,
		begin: begin,
		end:   begin + width*q.length,
		pen:   begin + end*q.length,
		base:  q.across,
		size:  q.size,
		angle: q.angle,
	}
	if g.end < g.begin { // a size or a scale below zero
		g.begin, g.end, g.pen = g.end, g.begin, g.begin
	}
	return g
}
