package text

import (
	_ "embed"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed programs.txt
var programList string

// programs are the extensions of programs.txt. The value says whether a name of a site could end so.
var programs = parsePrograms(programList)

func parsePrograms(list string) map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(list) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); strings.HasPrefix(line, ".") && len(fields) == 3 {
			m[fields[0]] = strings.HasSuffix(fields[1], " site")
		}
	}
	return m
}

// shellSuffix ends the extensions of Windows' shell, such as .library-ms.
const shellSuffix = "-ms"

// NamesProgram reports whether a computer of a school runs a file of this name, in any form that a program may take.
func NamesProgram(name string) bool {
	return isProgram(Extension(name)) || inBundle(name) || slices.ContainsFunc(cut(name), func(part string) bool {
		return isProgram(Extension(part))
	})
}

// bundle is where a program of macOS, which is a folder, has what it runs.
const bundle = ".app/contents/macos/"

func inBundle(name string) bool {
	return len(name) > len(bundle) && strings.Contains(strings.ReplaceAll(strings.ToLower(name), `\`, "/"), bundle)
}

// NamesSite reports whether a name that ends as that of a program ends as that of a site as well: "bestelling bol.com".
// What the file holds decides.
func NamesSite(name string) bool {
	return programs[Extension(name)] && len(cut(name)) == 0
}

func isProgram(ext string) bool {
	_, listed := programs[ext]
	return listed || len(ext) > len(shellSuffix)+1 && strings.HasSuffix(ext, shellSuffix)
}

// Extension returns the last extension of a name, with its dot and in lower case, as Windows takes it.
func Extension(name string) string { return strings.ToLower(path.Ext(PlainName(name))) }

// PlainName returns a name as Windows takes it: without the characters that nobody sees, the dots and spaces at its
// end, and the name of its stream ("::$DATA").
func PlainName(name string) string {
	if strings.IndexFunc(name, unseen) >= 0 {
		name = strings.Map(func(r rune) rune {
			if unseen(r) {
				return -1
			}
			return r
		}, name)
	}
	name = strings.TrimRightFunc(name, ends)
	if at := len(name) - len(stream); at > 0 && strings.EqualFold(name[at:], stream) {
		return strings.TrimRightFunc(name[:at], ends)
	}
	return name
}

// stream is the one that holds the content of each file of Windows.
const stream = ":$data"

// ends reports whether Windows drops a character at the end of a name, or of what stands before a stream.
func ends(r rune) bool { return r == '.' || r == '"' || r == ':' || unicode.IsSpace(r) }

// cut returns what stands before and after each NUL of a name, nothing if there is none: a name in C ends there.
func cut(name string) []string {
	if strings.IndexByte(name, 0) < 0 {
		return nil
	}
	return strings.Split(name, "\x00")
}

// unseen reports whether a character has no width: those of control, and of format, which turn the direction around.
func unseen(r rune) bool {
	return r < ' ' && r != '\t' || r == 0x7f || r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r)
}

// TurnsAround reports whether part of a name is shown from right to left, so that it seems to end otherwise.
func TurnsAround(name string) bool {
	return strings.ContainsAny(name, "\u202d\u202e\u2066\u2067\u2068")
}
