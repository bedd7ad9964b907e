package mail

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// attachSpotter finds the files in the lines of a calendar (RFC 5545 section 3.8.1.1), however short they are,
// and lists those that are programs by their name or their type. It sees lines without their folds.
type attachSpotter struct {
	io.Writer
	w    *walk.Walker
	line []byte // the beginning of a line
}

// maxProperty bounds what is kept of a line. Its name and parameters come first.
const maxProperty = 1 << 10

// Write implements io.Writer.
func (s *attachSpotter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		s.line = append(s.line, line[:min(len(line), maxProperty-len(s.line))]...)
		if rest = after; ended {
			s.end()
		}
	}
	return s.Writer.Write(p)
}

var (
	attachLine = regexp.MustCompile(`(?i)^\s*ATTACH;((?:"[^"]*"|[^":])*):(data:)?`)
	parameter  = regexp.MustCompile(`([^;="]+)=((?:"[^"]*"|[^";])*)`)
)

// end judges a line.
func (s *attachSpotter) end() {
	defer func() { s.line = s.line[:0] }()
	m := attachLine.FindSubmatch(s.line)
	if m == nil {
		return
	}
	var names []string
	inline, program := len(m[2]) > 0, false
	for _, p := range parameter.FindAllSubmatch(m[1], -1) {
		key, value := strings.ToUpper(string(p[1])), strings.ReplaceAll(string(p[2]), `"`, "")
		switch {
		case key == "ENCODING", key == "VALUE" && strings.EqualFold(value, "BINARY"):
			inline = true
		case key == "FMTTYPE":
			program = programTypes[strings.ToLower(strings.TrimSpace(value))]
		case strings.HasSuffix(strings.TrimSuffix(key, "*"), "NAME"):
			names = append(names, value, unpercent(value))
		}
	}
	if !inline {
		return // a link, or a part of the message, which is judged by itself
	}
	name := ""
	for _, n := range names {
		if name == "" || text.NamesProgram(n) {
			name = n
		}
	}
	if program || text.NamesProgram(name) {
		a := text.Attachment{Name: text.Secret(walk.ShortName(name)), Kind: text.KindUnknown, Executable: program}
		s.w.List(a, nil)
	}
}

// programTypes are the media types of what a computer runs.
var programTypes = map[string]bool{
	"application/bat":                               true,
	"application/hta":                               true,
	"application/java-archive":                      true,
	"application/javascript":                        true,
	"application/vnd.microsoft.portable-executable": true,
	"application/x-bat":                             true,
	"application/x-dosexec":                         true,
	"application/x-executable":                      true,
	"application/x-javascript":                      true,
	"application/x-java-jnlp-file":                  true,
	"application/x-ms-installer":                    true,
	"application/x-ms-shortcut":                     true,
	"application/x-msdos-program":                   true,
	"application/x-msdownload":                      true,
	"application/x-msi":                             true,
	"application/x-powershell":                      true,
	"application/x-sh":                              true,
	"application/x-vbs":                             true,
	"text/javascript":                               true,
	"text/vbs":                                      true,
	"text/vbscript":                                 true,
}
