package markup

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html/atom"
)

// recorder writes down what a scanner tells.
type recorder struct{ seen, texts strings.Builder }

func (r *recorder) Text(b []byte) { r.seen.Write(b); r.texts.Write(b) }

func (r *recorder) Start(name []byte, attrs []Attr, _ bool) string {
	fmt.Fprintf(&r.seen, "<%s %q>", name, attrs)
	switch a := atomOf(name); a {
	case atom.Script, atom.Style, atom.Iframe, atom.Title, atom.Textarea, atom.Xmp, atom.Plaintext:
		return a.String()
	}
	return ""
}

func (r *recorder) End(name []byte)  { fmt.Fprintf(&r.seen, "</%s>", name) }
func (r *recorder) Comment(b []byte) { r.seen.Write(b) }
func (r *recorder) CommentEnd()      { r.seen.WriteString("|") }
func (r *recorder) Stopped() bool    { return false }

func scanAll(t *testing.T, h Handler, r io.Reader) {
	s := Scanner{br: bufio.NewReaderSize(r, 8<<10), handler: h}
	if err := s.scan(); err != nil {
		t.Fatal(err)
	}
}

// oneByte gives one byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }
