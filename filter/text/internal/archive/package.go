package archive

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// packageMarks are the files that a package has, by its extension, if it may hold scripts that only the program which
// opens the package runs. A .zip is one if it is a lesson: it has the manifest of IMS, as SCORM has.
var packageMarks = map[string][]string{
	".ggb":      {"geogebra.xml"},
	".ggt":      {"geogebra_macro.xml", "geogebra.xml"},
	".ggs":      {"structure.json"},
	".h5p":      {"h5p.json"},
	".epub":     {"META-INF/container.xml"},
	".imscc":    {"imsmanifest.xml"},
	".notebook": {"imsmanifest.xml"},
	".zip":      {"imsmanifest.xml"},
}

// pack is a package that may hold scripts; nil if a zip is none.
type pack struct {
	words []byte // of a lesson: what its manifest and its pages say, in lower case; else nil: its own program opens it
}

// packageOf returns what package a zip is, by the name that is listed and its mark.
func packageOf(w *walk.Walker, at int, z *zip.Reader) *pack {
	if at < 0 {
		return nil
	}
	ext := text.Extension(w.Report.Attachments[at].Name.Reveal())
	marks := packageMarks[ext]
	marked := func(f *zip.File) bool { return slices.Contains(marks, f.Name) }
	if len(marks) == 0 || !slices.ContainsFunc(z.File, marked) {
		return nil
	}
	if ext == ".zip" {
		return lesson(w, z)
	}
	return &pack{}
}

// Bounds of what is read of a lesson to know its scripts, in bytes.
const (
	maxManifest = 1 << 20
	maxLesson   = 4 << 20
)

// lesson returns the package of a lesson, which Windows opens as a folder: nil unless its manifest is one, and names a
// page that is there. Its scripts are those that stand in a folder, or that the manifest or a page beside it names.
func lesson(w *walk.Walker, z *zip.Reader) *pack {
	var p pack
	page := false
	for _, f := range z.File {
		switch ext := text.Extension(f.Name); {
		case f.Name == "imsmanifest.xml":
			b := lowered(w, f, maxManifest)
			if !bytes.Contains(b, []byte("<manifest")) || !bytes.Contains(b, []byte("<resource")) {
				return nil
			}
			p.words = append(p.words, b...)
		case ext == ".html" || ext == ".htm" || ext == ".xhtml":
			page = true
			fallthrough
		case ext == ".js" || ext == ".mjs" || ext == ".json":
			if !strings.ContainsAny(f.Name, `/\`) && len(p.words) < maxLesson {
				p.words = append(p.words, lowered(w, f, maxManifest)...)
			}
		}
	}
	if !page {
		return nil
	}
	return &p
}

// lowered returns the beginning of a file, in lower case.
func lowered(w *walk.Walker, f *zip.File, most int64) []byte {
	packed, err := f.Open()
	if err != nil {
		return nil // shows again
	}
	defer packed.Close()
	b, _ := io.ReadAll(io.LimitReader(w.Inflating(packed), most)) // as above
	return bytes.ToLower(b)
}

// holds reports whether a file is a script of the package, which nothing but the program that opens it runs.
func (p *pack) holds(w *walk.Walker, f *zip.File) bool {
	if p == nil || f.Flags&1 != 0 || !packagedScript(f.Name) {
		return false
	}
	if p.words == nil {
		return true
	}
	named := strings.ContainsAny(f.Name, `/\`) || bytes.Contains(p.words, []byte(strings.ToLower(f.Name)))
	return named && !asksWindows(w, f)
}

// windowsWords are what a script of Windows asks its host for, without quotes and blanks.
var windowsWords = []string{"wscript", "shell.application", "scripting.filesystemobject", "adodb.stream",
	"getobject(winmgmts", "getobject(script:", "getobject(new:", "activexobject(shell", "winhttp.winhttprequest"}

// asksWindows reports whether a script is one that Windows runs: one of a page has nothing to ask of its host.
func asksWindows(w *walk.Walker, f *zip.File) bool {
	packed, err := f.Open()
	if err != nil {
		return true
	}
	defer packed.Close()
	r := w.Inflating(packed)
	const overlap = 256
	buf := make([]byte, 64<<10)
	for kept := 0; ; {
		n, err := r.Read(buf[kept:])
		b := plainScript(buf[:kept+n])
		if slices.ContainsFunc(windowsWords, func(word string) bool { return bytes.Contains(b, []byte(word)) }) {
			return true
		}
		if err != nil {
			return w.Stop != nil
		}
		end := kept + n
		kept = copy(buf, buf[max(end-overlap, 0):end])
	}
}

// plainScript returns a script in lower case, without what stands between the pieces of a word, and with escapes
// decoded.
func plainScript(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			digits := map[byte]int{'x': 2, 'u': 4}[b[i+1]]
			v, err := strconv.ParseUint(string(b[i+2:min(i+2+digits, len(b))]), 16, 16)
			if err == nil && v < 128 {
				c, i = byte(v), i+1+digits
			}
		}
		switch {
		case c <= ' ' || c == '"' || c == '\'' || c == '`' || c == '+':
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		default:
			out = append(out, c)
		}
	}
	return out
}

// packagedScript reports whether a file of a package is a script by its name, and by no other reading of it.
func packagedScript(name string) bool {
	switch text.Extension(name) {
	case ".js", ".mjs":
		return !strings.ContainsAny(name, "\x00:")
	}
	return false
}

// packageMember shows a script of a package.
func packageMember(w *walk.Walker, part int, f *zip.File, depth int) error {
	packed, err := f.Open()
	if err != nil {
		return walk.First(w.Damage(err), w.Unread(part, f.Name, depth))
	}
	defer packed.Close()
	return w.Damage(w.Script(f.Name, w.Inflating(packed), depth))
}
