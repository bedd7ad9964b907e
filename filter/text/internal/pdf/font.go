package pdf

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// font says what the codes of a font stand for, and how wide they are.
type font struct {
	wide    bool         // a composite font, whose codes are numbers of glyphs
	codes   *cmap        // of a composite font; nil: two bytes
	unicode *cmap        // what the file says that codes stand for
	utf16   bool         // codes are UTF-16
	names   *[256]string // what the codes of a simple font stand for
	glyphs  map[int]rune // what the glyphs of an embedded font stand for
	widths  map[int]float64
	simple  []float64 // widths of a simple font, from first on
	first   int
	missing float64
	scale   float64 // of widths; 0.001 but for fonts that are drawn
	seen    map[uint32]glyph
}

// maxSeen bounds the glyphs that a font remembers.
const maxSeen = 1 << 14

// glyph is a code of a string.
type glyph struct {
	text  string
	width float64 // in units of the size of the font
	blank bool    // it is the code 32 of one byte, which Tw widens
	known bool
}

// maxFonts bounds the fonts of a file.
const maxFonts = 2000

// font returns the font of a resource.
func (f *File) font(v any) *font {
	ref, is := v.(Ref)
	if is {
		if known := f.fonts[ref]; known != nil {
			return known
		}
	}
	d := f.Dict(v)
	if f.made++; f.made > maxFonts {
		f.Cut = true
		return plain()
	}
	var made *font
	if f.Name(d["Subtype"]) == "Type0" {
		made = f.composite(d)
	} else {
		made = f.simple(d)
	}
	if u, ok := f.Resolve(d["ToUnicode"]).(*Stream); ok {
		if r, err := f.Reader(u); err == nil {
			made.unicode = readCMap(r)
		}
	}
	if is {
		f.fonts[ref] = made
	}
	return made
}

// composite reads a font of glyph numbers (ISO 32000-2, 9.7).
func (f *File) composite(d Dict) *font {
	t := &font{wide: true, scale: 0.001, missing: 1000, widths: map[int]float64{}}
	switch e := f.Resolve(d["Encoding"]).(type) {
	case Name:
		t.utf16 = strings.Contains(string(e), "UCS2") || strings.Contains(string(e), "UTF16")
	case *Stream:
		if r, err := f.Reader(e); err == nil {
			t.codes = readCMap(r)
		}
	}
	child := f.Dict(first(f.Array(d["DescendantFonts"])))
	if dw, ok := f.Resolve(child["DW"]).(float64); ok {
		t.missing = dw
	}
	w := f.Array(child["W"])
	for i := 0; i+1 < len(w); {
		from := int(f.Number(w[i]))
		switch to := f.Resolve(w[i+1]).(type) {
		case Array:
			for j, v := range to {
				t.widths[from+j] = f.Number(v)
			}
			i += 2
		case float64:
			if i+2 >= len(w) {
				return t
			}
			v := f.Number(w[i+2])
			for c := from; c <= int(to) && len(t.widths) < maxItems; c++ {
				t.widths[c] = v
			}
			i += 3
		default:
			i++
		}
	}
	if d["ToUnicode"] == nil && !t.utf16 {
		t.glyphs = f.embeddedGlyphs(f.Dict(child["FontDescriptor"]))
	}
	return t
}

// maxWidths bounds the widths of a simple font.
const maxWidths = 256

// simple reads a font whose codes are bytes (ISO 32000-2, 9.6).
func (f *File) simple(d Dict) *font {
	t := &font{scale: 0.001, first: int(f.Number(d["FirstChar"]))}
	descriptor := f.Dict(d["FontDescriptor"])
	t.missing = f.Number(descriptor["MissingWidth"])
	for i, w := range f.Array(d["Widths"]) {
		if i == maxWidths {
			break
		}
		t.simple = append(t.simple, f.Number(w))
	}
	base := string(f.Name(d["BaseFont"]))
	if t.simple == nil {
		t.simple, t.first = standardWidths(base), 0
	}
	if f.Name(d["Subtype"]) == "Type3" {
		if m := f.Array(d["FontMatrix"]); len(m) == 6 {
			t.scale = f.Number(m[0])
		}
	}
	t.names = f.encoding(d, descriptor)
	return t
}

// maxFontProgram bounds what is read of an embedded font, in bytes.
const maxFontProgram = 8 << 20

// program reads an embedded font.
func (f *File) program(descriptor Dict, keys ...Name) []byte {
	for _, k := range keys {
		if s, ok := f.Resolve(descriptor[k]).(*Stream); ok {
			if r, err := f.Reader(s); err == nil {
				b, _ := io.ReadAll(io.LimitReader(r, maxFontProgram)) // what is before a fault is read
				return b
			}
		}
	}
	return nil
}

// ownEncoding adds what an embedded font of Type 1 says of its codes, which stands in clear at its beginning.
func ownEncoding(program []byte, names *[256]string) bool {
	begin := bytes.Index(program, []byte("/Encoding"))
	if begin < 0 {
		return false
	}
	clear := program[begin:]
	if end := bytes.Index(clear, []byte("eexec")); end >= 0 {
		clear = clear[:end]
	}
	l := lexer{buf: clear[:min(len(clear), 64<<10)]}
	var before [2]any
	found := false
	for {
		o, ok := l.object(0)
		if !ok {
			return found
		}
		if o == operator("put") {
			code, isCode := before[0].(float64)
			name, isName := before[1].(Name)
			if isCode && isName && code >= 0 && code < 256 {
				names[int(code)] = characters(string(name))
				found = true
			}
		}
		if o == operator("StandardEncoding") && !found {
			return false
		}
		before[0], before[1] = before[1], o
	}
}

// encoding returns what the codes of a simple font stand for (ISO 32000-2, 9.6.5).
func (f *File) encoding(d, descriptor Dict) *[256]string {
	names := standardEncoding
	set := func(name Name) bool {
		switch name {
		case "WinAnsiEncoding":
			names = winEncoding
		case "MacRomanEncoding":
			names = macEncoding
		default:
			return false
		}
		return true
	}
	e := f.Resolve(d["Encoding"])
	given, _ := e.(Name)
	differences, _ := e.(Dict)
	if !set(given) && !set(f.Name(differences["BaseEncoding"])) {
		subtype := f.Name(d["Subtype"])
		switch {
		case subtype == "TrueType", subtype == "Type3":
			names = winEncoding
		default:
			ownEncoding(f.program(descriptor, "FontFile"), &names)
		}
	}
	code := 0
	for _, v := range f.Array(differences["Differences"]) {
		switch v := f.Resolve(v).(type) {
		case float64:
			code = int(v)
		case Name:
			if code >= 0 && code < len(names) {
				// A drawn font names its glyphs as it likes: the code says more.
				if s := characters(string(v)); s != "" || f.Name(d["Subtype"]) != "Type3" {
					names[code] = s
				}
			}
			code++
		}
	}
	return &names
}

// next returns the glyph that s begins with, and the length of its code.
func (t *font) next(s String) (glyph, int) {
	code, size := uint32(s[0]), 1
	if t.wide {
		if code, size = t.code(s); size == 0 {
			return glyph{}, 1
		}
	}
	key := code | uint32(size)<<30
	g, known := t.seen[key]
	if !known {
		if t.wide {
			g = t.composed(code, size)
		} else {
			g = t.narrow(byte(code))
		}
		g.known = readable(g.text)
		if t.seen == nil {
			t.seen = map[uint32]glyph{}
		}
		if len(t.seen) < maxSeen {
			t.seen[key] = g
		}
	}
	return g, size
}

// code returns the code of a composite font that s begins with, and its length; 0 if s is too short.
func (t *font) code(s String) (code uint32, size int) {
	if t.codes != nil {
		if code, size = t.codes.next(s); size > 0 {
			return code, size
		}
	}
	if len(s) < 2 {
		return 0, 0
	}
	return uint32(s[0])<<8 | uint32(s[1]), 2
}

// composed returns a glyph of a composite font.
func (t *font) composed(code uint32, size int) glyph {
	cid := int(code)
	if t.codes != nil {
		cid = t.codes.cid(code)
	}
	g := glyph{width: t.missing * t.scale, blank: size == 1 && code == ' '}
	if w, ok := t.widths[cid]; ok {
		g.width = w * t.scale
	}
	switch {
	case t.unicode != nil:
		g.text = t.unicode.text(code)
	case t.utf16:
		g.text = string(rune(code))
	default:
		if r := t.glyphs[cid]; r != 0 {
			g.text = string(r)
		}
	}
	return g
}

func (t *font) narrow(code byte) glyph {
	w := t.missing
	if i := int(code) - t.first; i >= 0 && i < len(t.simple) {
		w = t.simple[i]
	} else if t.simple == nil && w == 0 {
		w = 500
	}
	g := glyph{width: w * t.scale, blank: code == ' '}
	if t.unicode != nil {
		g.text = t.unicode.text(uint32(code))
	}
	if g.text == "" || !readable(g.text) {
		if s := t.names[code]; s != "" {
			g.text = s
		}
	}
	return g
}

// readable reports whether a text is one: no control characters, none of a private area.
func readable(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError || r >= 0xe000 && r <= 0xf8ff {
			return false
		}
	}
	return true
}
