// Package strictyaml decodes YAML files that people write. An unknown key or a value of the wrong
// kind is an error that names the file, line and column, shows the lines around it, and says what
// to write instead.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// File is the text of a file, with the name that errors use.
type File struct {
	Name string
	Text []byte
}

// Decode decodes the file into v. An empty file leaves v as it is. A time.Duration is written
// as 90s, 5m, 12h or 30d.
func (f File) Decode(v any) (err error) {
	defer func() {
		if recover() != nil { // the library's own fault, in files that are no YAML
			err = f.at(nil, "this is not understood: it is no proper YAML")
		}
	}()
	if second := f.second(); second != nil {
		return f.at(second, "a second document begins here: everything belongs in one")
	}
	err = yaml.NewDecoder(bytes.NewReader(f.Text), yaml.Strict(), yaml.CustomUnmarshaler(duration)).Decode(v)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		return f.at(positioned.GetToken(), positioned.GetMessage())
	}
	return f.at(f.find(err.Error()), err.Error())
}

// second returns where a second document begins, which a decoder would pass over.
func (f File) second() *token.Token {
	file, err := parser.ParseBytes(f.Text, 0)
	if err != nil || len(file.Docs) < 2 {
		return nil
	}
	for _, d := range file.Docs[1:] {
		if d.Body != nil && d.Start != nil {
			return d.Start
		}
	}
	return nil
}

// find returns the first value that a message quotes: the library does not say where
// a value stands that its type refuses.
func (f File) find(message string) *token.Token {
	file, err := parser.ParseBytes(f.Text, 0)
	if err != nil {
		return nil
	}
	finder := &valueFinder{message: message}
	for _, doc := range file.Docs {
		ast.Walk(finder, doc)
	}
	return finder.found
}

type valueFinder struct {
	message string
	found   *token.Token
}

// Visit implements ast.Visitor.
func (v *valueFinder) Visit(n ast.Node) ast.Visitor {
	if s, ok := n.(ast.ScalarNode); ok && v.found == nil {
		if t := s.GetToken(); t != nil && strings.Contains(v.message, strconv.Quote(t.Value)) {
			v.found = t
		}
	}
	return v
}

// Errorf makes an error about the value at a path, such as $.mail.routes[0].hosts. If
// there is none the error is about the nearest one around it that is there.
func (f File) Errorf(path, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	for p := path; p != "$"; {
		if node := f.node(p); node != nil {
			return f.at(node.GetToken(), message)
		}
		p = p[:max(1, strings.LastIndexAny(p, ".["))]
	}
	return f.at(nil, message)
}

// Line returns the line that the value at a path begins on; 0 if there is none.
func (f File) Line(path string) int {
	if n := f.node(path); n != nil {
		return n.GetToken().Position.Line
	}
	return 0
}

func (f File) node(path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.ReadNode(bytes.NewReader(f.Text))
	if err != nil {
		return nil
	}
	return n
}

// at words an error for a person.
func (f File) at(t *token.Token, message string) error {
	if t == nil {
		return fmt.Errorf("%s: %s", f.Name, message)
	}
	return fmt.Errorf(
		"%s:%d:%d: %s\n%s",
		f.Name,
		t.Position.Line,
		t.Position.Column,
		plain(message),
		f.snippet(t.Position.Line, t.Position.Column),
	)
}

// snippet shows a line with the one before and the one after it, and a mark.
func (f File) snippet(line, column int) string {
	lines := strings.Split(strings.TrimSuffix(string(f.Text), "\n"), "\n")
	var b strings.Builder
	for n := max(1, line-1); n <= min(line+1, len(lines)); n++ {
		mark := "  "
		if n == line {
			mark = "> "
		}
		fmt.Fprintf(&b, "%s%4d | %s\n", mark, n, strings.TrimRight(lines[n-1], "\r"))
		if n == line {
			fmt.Fprintf(&b, "       | %s^\n", strings.Repeat(" ", max(0, column-1)))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain rewords what the library says in terms of Go.
func plain(message string) string {
	if rest, ok := strings.CutPrefix(message, "unknown field "); ok {
		return "unknown key " + rest + ": see the example for the keys that exist"
	}
	if rest, ok := strings.CutPrefix(message, "cannot unmarshal "); ok {
		have, want, found := strings.Cut(rest, " into Go ")
		if i := strings.LastIndex(want, "of type "); found && i >= 0 {
			return "expected " + goTypes(want[i+len("of type "):]) + " here, not " + goTypes(have)
		}
		if found {
			return "expected something else here than " + goTypes(have)
		}
	}
	if have, want, ok := strings.Cut(message, " was used where "); ok {
		return "expected " + nodeTypes[strings.TrimSuffix(want, " is expected")] + " here, not " + nodeTypes[have]
	}
	return message
}

// nodeTypes are the library's names of what stands in a file.
var nodeTypes = map[string]string{
	"mapping": "a group of keys", "sequence": "a list", "string": "a text", "integer": "a number",
	"float": "a number", "boolean": "true or false", "null": "nothing",
}

func goTypes(t string) string {
	switch {
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"), strings.HasPrefix(t, "float"):
		return "a number"
	case t == "bool":
		return "true or false"
	case t == "string":
		return "a text"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	}
	return "a group of keys"
}
