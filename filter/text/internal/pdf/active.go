package pdf

import (
	"io"
	"strings"
)

// Attached is a file that a PDF carries.
type Attached struct {
	Name    string
	Content *Stream
}

// Active is what a PDF does beside showing its pages.
type Active struct {
	Macros bool // it runs a script, a program or a player, or fetches from a share of files
	Files  []Attached
}

// maxAttached bounds the files of a PDF.
const maxAttached = 2000

// Active judges the actions of every object of the file, whether anything leads to it or not (ISO 32000-2, 12.6).
func (f *File) Active() Active {
	a := activeWalk{f: f, seen: map[*Stream]bool{}}
	f.each(a.visit)
	for _, o := range f.all {
		if s, ok := o.value.(*Stream); ok && s.Dict["Type"] == Name("EmbeddedFile") {
			a.attach("", s)
		}
	}
	a.Macros = a.Macros || !harmless(a.scripts)
	return a.Active
}

type activeWalk struct {
	Active
	f       *File
	seen    map[*Stream]bool
	scripts []string
}

func (a *activeWalk) visit(_ *object, d Dict) {
	f := a.f
	kind := f.Name(d["S"])
	if js, has := d["JS"]; has || kind == "JavaScript" {
		a.script(js)
	}
	switch {
	case kind == "Launch" && d["Type"] != Name("StructElem"), f.Name(d["Subtype"]) == "RichMedia":
		a.Macros = true
	case kind == "SubmitForm", kind == "ImportData", kind == "GoToR", kind == "GoToE", kind == "Thread", kind == "URI":
		uri := strings.ToLower(strings.TrimSpace(TextString(f.String(d["URI"]))))
		isFile := strings.HasPrefix(uri, "file:") || strings.HasPrefix(uri, `\\`)
		a.Macros = a.Macros || f.onShare(d["F"], 0) || isFile && f.onShare(d["URI"], 0)
	}
	if d["OnInstantiate"] != nil { // the script of a scene
		a.script(d["OnInstantiate"])
	}
	for _, key := range []Name{"OpenAction", "O", "C", "WC", "DP", "WP"} { // which run by themselves
		a.Macros = a.Macros || f.Name(f.Dict(d[key])["S"]) == "SubmitForm"
	}
	if xfa := d["XFA"]; xfa != nil {
		a.form(xfa)
	}
	a.file(d)
}

// maxScript bounds a script that is judged, in bytes; a longer one is active.
const maxScript = 256 << 10

// script takes a script to be judged with the others. One that cannot be read is active.
func (a *activeWalk) script(v any) {
	switch v := a.f.Resolve(v).(type) {
	case String:
		a.Macros = a.Macros || a.f.Locked
		a.scripts = append(a.scripts, TextString(v))
	case *Stream:
		a.seen[v] = true
		r, err := a.f.Reader(v)
		if err != nil {
			a.Macros = true
			return
		}
		b, _ := io.ReadAll(io.LimitReader(r, maxScript+1)) // what is before a fault is judged
		a.Macros = a.Macros || len(b) > maxScript
		a.scripts = append(a.scripts, TextString(String(b)))
	case nil:
		a.Macros = a.Macros || a.f.Locked
	default:
		a.Macros = true
	}
}

// onShare reports whether a file or an address is one of a share, which readers sign in to.
func (f *File) onShare(v any, depth int) bool {
	switch v := f.Resolve(v).(type) {
	case String:
		s := strings.ToLower(strings.TrimSpace(TextString(v)))
		s = strings.TrimPrefix(strings.ReplaceAll(s, "/", `\`), "file:")
		host := strings.TrimLeft(s, `\`) // of two strokes, or of five: "file://///host"
		return host != "" && (len(s)-len(host) == 2 || len(s)-len(host) > 3)
	case Dict:
		if depth > 2 || v["EF"] != nil {
			return false
		}
		return f.onShare(v["F"], depth+1) || f.onShare(v["UF"], depth+1)
	}
	return false
}

// form takes the scripts of a form of XFA.
func (a *activeWalk) form(v any) {
	parts := Array{v}
	if list := a.f.Array(v); list != nil {
		parts = list
	}
	for _, part := range parts {
		s, ok := a.f.Resolve(part).(*Stream)
		if !ok {
			continue
		}
		r, err := a.f.Reader(s)
		if err != nil {
			a.Macros = true
			continue
		}
		b, _ := io.ReadAll(io.LimitReader(r, maxObjectStream)) // what is before a fault is judged
		a.scripts = append(a.scripts, formScripts(string(b))...)
	}
}

// file takes the file that a specification carries (ISO 32000-2, 7.11.4).
func (a *activeWalk) file(d Dict) {
	streams := a.f.Dict(d["EF"])
	if streams == nil {
		return
	}
	name := ""
	for _, key := range []Name{"UF", "F", "Unix", "DOS", "Mac", "Desc"} {
		if name == "" {
			name = TextString(a.f.String(d[key]))
		}
	}
	for _, key := range sortedKeys(streams) {
		if s, ok := a.f.Resolve(streams[key]).(*Stream); ok {
			a.attach(name, s)
		}
	}
}

func (a *activeWalk) attach(name string, s *Stream) {
	if a.seen[s] {
		return
	}
	a.seen[s] = true
	if len(a.Files) >= maxAttached {
		a.f.Cut = true
		return
	}
	a.Files = append(a.Files, Attached{Name: name, Content: s})
}
