package pdf

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// maxPages bounds the nodes of the tree of pages.
const maxPages = 20_000

// mark says that an object has been shown.
func (f *File) mark(v any) {
	if ref, is := v.(Ref); is {
		if o := f.objects[ref.Num]; o != nil {
			f.shown[o] = true
		}
	}
}

// Pages shows every page of the file, with its notes and fields as they look.
func (t *Text) Pages() {
	w := pageWalk{Text: t, left: maxPages}
	w.node(t.f.Root()["Pages"], nil, 0)
}

type pageWalk struct {
	*Text
	left int
}

// node shows the pages below a node of the tree, with the resources that it inherits.
func (w *pageWalk) node(v any, inherited Dict, depth int) {
	d := w.f.Dict(v)
	if d == nil {
		return
	}
	if w.left--; w.left < 0 || depth > maxDeep || w.stop() {
		w.f.Cut = true
		return
	}
	if r := w.f.Dict(d["Resources"]); r != nil {
		inherited = r
	}
	if kids := w.f.Array(d["Kids"]); kids != nil {
		for _, k := range kids {
			if w.left < 0 {
				return
			}
			w.node(k, inherited, depth+1)
		}
		return
	}
	w.page(d, inherited)
}

func (w *pageWalk) page(d, resources Dict) {
	w.Shown++
	var streams []*Stream
	add := func(v any) {
		if s, ok := w.f.Resolve(v).(*Stream); ok {
			w.f.mark(v)
			streams = append(streams, s)
		}
	}
	if parts := w.f.Array(d["Contents"]); parts != nil {
		for _, v := range parts {
			add(v)
		}
	} else {
		add(d["Contents"])
	}
	if len(streams) > 0 {
		w.Streams(streams, resources, unit)
	}
	for _, v := range w.f.Array(d["Annots"]) {
		w.annotation(w.f.Dict(v))
	}
}

// annotation shows how a note, a field or a link looks.
func (w *pageWalk) annotation(d Dict) {
	normal := w.f.Resolve(w.f.Dict(d["AP"])["N"])
	states, isStates := normal.(Dict)
	if isStates {
		normal = w.f.Resolve(states[w.f.Name(d["AS"])])
	}
	if s, ok := normal.(*Stream); ok {
		w.f.mark(w.f.Dict(d["AP"])["N"])
		w.Streams([]*Stream{s}, w.f.Dict(s.Dict["Resources"]), unit)
	}
}

// Unplaced shows the streams that no page uses, which may be those of an earlier state of the file, or of a page that
// the tree of pages does not name.
func (t *Text) Unplaced() {
	for _, o := range t.f.all {
		s, ok := o.value.(*Stream)
		if !ok || t.f.shown[o] || t.stop() {
			continue
		}
		if drawn(s.Dict) {
			t.Streams([]*Stream{s}, t.f.Dict(s.Dict["Resources"]), unit)
		}
	}
}

// drawn reports whether a stream may be one of a page or a form: what it is for is not said, or is that.
func drawn(d Dict) bool {
	if t, ok := d["Type"].(Name); ok && t != "XObject" {
		return false
	}
	if t, ok := d["Subtype"].(Name); ok && t != "Form" {
		return false
	}
	for _, key := range []Name{"Length1", "FunctionType", "PatternType", "ShadingType", "N", "CMapName", "Width"} {
		if d[key] != nil {
			return false
		}
	}
	return true
}

// spoken are the keys of what a person wrote about a document, in a note or in a field.
var spoken = []Name{"Title", "Author", "Subject", "Keywords", "Contents", "RC", "V", "DV", "T", "TU", "URI", "Alt",
	"ActualText", "Opt", "Desc", "UF", "F", "E", "CA"}

// Spoken shows, each once, the texts of the objects of the file that stand on no page.
func (f *File) Spoken(show func(string)) {
	seen := map[string]bool{}
	var value func(v any, depth int)
	value = func(v any, depth int) {
		switch v := v.(type) {
		case String:
			if s := TextString(v); s != "" && !seen[s] {
				seen[s] = true
				show(s)
			}
		case Array:
			for _, item := range v[:min(len(v), 1000)] {
				if depth < 4 {
					value(item, depth+1)
				}
			}
		}
	}
	info := map[int]bool{}
	for _, t := range f.trailers {
		if ref, ok := t["Info"].(Ref); ok {
			info[ref.Num] = true
		}
	}
	f.each(func(o *object, d Dict) {
		if f.Locked {
			return
		}
		if info[o.number.Num] {
			for _, k := range sortedKeys(d) {
				switch k {
				case "CreationDate", "ModDate", "Creator", "Producer", "PTEX.Fullbanner", doubled: // of programs
				default:
					value(d[k], 0)
				}
			}
			return
		}
		for _, k := range spoken {
			if d[k] != nil {
				value(d[k], 0)
			}
		}
	})
}

func sortedKeys(d Dict) []Name {
	keys := make([]Name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// each visits every dictionary of every object, those within others too.
func (f *File) each(visit func(*object, Dict)) {
	var walk func(o *object, v any, depth int)
	walk = func(o *object, v any, depth int) {
		if depth > maxNesting+2 {
			return
		}
		switch v := v.(type) {
		case Dict:
			visit(o, v)
			for _, k := range sortedKeys(v) {
				walk(o, v[k], depth+1)
			}
		case Array:
			for _, item := range v {
				walk(o, item, depth+1)
			}
		case *Stream:
			walk(o, v.Dict, depth+1)
		}
	}
	for _, o := range f.all {
		walk(o, o.value, 0)
	}
	for _, t := range f.trailers {
		walk(&object{}, t, 0)
	}
}

// TextString decodes a text of the file (ISO 32000-2, 7.9.2.2): UTF-16 or UTF-8 if it says so, else nearly Latin-1.
func TextString(s String) string {
	if text, is := wideText(s); is {
		return text
	}
	if len(s) >= 3 && s[:3] == "\xef\xbb\xbf" && utf8.ValidString(string(s[3:])) {
		return string(s[3:])
	}
	b := make([]rune, 0, len(s))
	for _, c := range []byte(s) {
		switch {
		case c >= ' ' && c < 0x80 || c == '\n' || c == '\t' || c == '\r':
			b = append(b, rune(c))
		case winEncoding[c] != "":
			b = append(b, []rune(winEncoding[c])...)
		}
	}
	return string(b)
}

// wideText decodes UTF-16 with its mark.
func wideText(s String) (string, bool) {
	if len(s) < 2 || s[:2] != "\xfe\xff" && s[:2] != "\xff\xfe" {
		return "", false
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 2; i+1 < len(s); i += 2 {
		u := uint16(s[i])<<8 | uint16(s[i+1])
		if s[0] == 0xff {
			u = u<<8 | u>>8
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units)), true
}
