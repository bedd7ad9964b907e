package document

import (
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	pdflib "github.com/ledongthuc/pdf"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// showPages shows the text of the pages of a PDF in the fonts that they are set in, as far as
// the library understands the file, and reports whether it does. The library panics on
// what it does not understand.
func showPages(w *walk.Walker, part int, r *io.SectionReader) (whole bool) {
	defer func() {
		if recover() != nil {
			whole = false
		}
	}()
	d, err := pdflib.NewReader(r, r.Size())
	if err != nil {
		return false
	}
	p := pdfPages{w: w, o: w.Out(part, text.Contents), operators: maxOperators, nodes: w.Limits.Parts,
		forms: w.Limits.Parts}
	defer p.o.Close()
	p.tree(d.Trailer().Key("Root").Key("Pages"), 0)
	return !p.unread && p.letters > 0
}

type pdfPages struct {
	w         *walk.Walker
	o         *walk.Out
	operators int // that may still be read, as the pages and forms
	nodes     int // of the tree of pages
	forms     int
	unread    bool // there is text in a font whose codes nothing explains
	letters   int
}

// tree shows the pages below a node. The library finds a page by counting from the root,
// which takes the square of their number.
func (p *pdfPages) tree(node pdflib.Value, depth int) {
	if p.nodes--; p.nodes < 0 || depth > maxTree {
		p.exceed()
	}
	if kids := node.Key("Kids"); kids.Kind() == pdflib.Array {
		for i := range kids.Len() {
			p.tree(kids.Index(i), depth+1)
		}
		return
	}
	p.content(node.Key("Contents"), pdflib.Page{V: node}.Resources(), 0)
	p.annotations(node.Key("Annots"))
	p.o.Write([]byte{'\n'}) // an error ends the work, here and below
}

// maxTree bounds the depth of a tree of pages, and of forms in forms.
const maxTree = 32

// exceed ends the reading of the pages.
func (p *pdfPages) exceed() {
	p.w.Report.Incomplete = true
	panic(errBound)
}

var errBound = errors.New("a bound of this file is reached")

// maxOperators bounds the operators of the pages of a PDF.
const maxOperators = 4_000_000

// content shows a content stream, and the forms that it draws.
func (p *pdfPages) content(stream, resources pdflib.Value, depth int) {
	if stream.IsNull() {
		return
	}
	if p.forms--; p.forms < 0 || depth > maxTree {
		p.exceed()
	}
	fonts := map[string]pdflib.TextEncoding{}
	var font pdflib.TextEncoding
	var y float64
	pdflib.Interpret(stream, func(stack *pdflib.Stack, op string) {
		if p.operators--; p.operators < 0 || p.w.Stop != nil || p.w.Ctx.Err() != nil {
			p.exceed()
		}
		args := popAll(stack)
		switch op {
		case "Tf":
			if len(args) == 2 {
				name := args[0].Name()
				if fonts[name] == nil {
					f := pdflib.Font{V: resources.Key("Font").Key(name)}
					fonts[name] = f.Encoder()
				}
				font = fonts[name]
			}
		case "Tj", "'", "\"":
			if op != "Tj" {
				p.o.Write([]byte{'\n'})
			}
			if len(args) > 0 {
				p.show(font, args[len(args)-1].RawString())
			}
		case "TJ":
			if len(args) > 0 {
				p.pieces(font, args[0])
			}
		case "Td", "TD":
			if len(args) == 2 {
				p.move(args[0].Float64(), args[1].Float64())
			}
		case "Tm":
			if len(args) == 6 {
				p.move(wide, args[5].Float64()-y)
				y = args[5].Float64()
			}
		case "T*", "BT", "ET":
			p.o.Write([]byte{'\n'})
		case "Do":
			if len(args) > 0 {
				if form := resources.Key("XObject").Key(args[0].Name()); form.Key("Subtype").Name() == "Form" {
					own := form.Key("Resources")
					if own.IsNull() {
						own = resources
					}
					p.content(form, own, depth+1)
				}
			}
		}
	})
}

// wide is a gap that ends a word: in units of a line, or in thousandths of the size of a
// font between the pieces of a string.
const wide = 200

// move ends a word, or a line.
func (p *pdfPages) move(x, y float64) {
	switch {
	case y != 0:
		p.o.Write([]byte{'\n'})
	case x > 1:
		p.o.Write([]byte{' '})
	}
}

// pieces shows strings with gaps between them.
func (p *pdfPages) pieces(font pdflib.TextEncoding, array pdflib.Value) {
	for i := range array.Len() {
		switch v := array.Index(i); v.Kind() {
		case pdflib.String:
			p.show(font, v.RawString())
		case pdflib.Integer, pdflib.Real:
			if v.Float64() < -wide {
				p.o.Write([]byte{' '})
			}
		}
	}
}

// show shows a string in a font.
func (p *pdfPages) show(font pdflib.TextEncoding, raw string) {
	s := raw
	if font != nil {
		s = font.Decode(raw)
	}
	controls := 0
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError {
			controls++
		}
	}
	p.unread = p.unread || controls > 1 && controls*4 > len(s) // one is a bullet or the like
	p.letters += len(s)
	io.WriteString(p.o, s)
}

// annotations shows what notes, fields and links of a page say.
func (p *pdfPages) annotations(list pdflib.Value) {
	for i := range min(list.Len(), p.w.Limits.Parts) {
		a := list.Index(i)
		for _, key := range []string{"Contents", "V", "T", "TU"} {
			if s := a.Key(key).Text(); s != "" {
				walk.Word(p.o, []byte(s))
			}
		}
		if uri := a.Key("A").Key("URI").RawString(); uri != "" {
			walk.Word(p.o, []byte(uri))
		}
	}
}

func popAll(stack *pdflib.Stack) []pdflib.Value {
	args := make([]pdflib.Value, 0, stack.Len())
	for stack.Len() > 0 {
		args = append(args, stack.Pop())
	}
	slices.Reverse(args)
	return args
}
