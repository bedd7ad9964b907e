package text

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

func (r *recorder) text(b []byte) { r.seen.Write(b); r.texts.Write(b) }

func (r *recorder) start(name []byte, attrs []htmlAttr, _ bool) string {
	fmt.Fprintf(&r.seen, "<%s %q>", name, attrs)
	switch a := atomOf(name); a {
	case atom.Script, atom.Style, atom.Iframe, atom.Title, atom.Textarea, atom.Xmp, atom.Plaintext:
		return a.String()
	}
	return ""
}

func (r *recorder) end(name []byte)  { fmt.Fprintf(&r.seen, "</%s>", name) }
func (r *recorder) comment(b []byte) { r.seen.Write(b) }
func (r *recorder) commentEnd()      { r.seen.WriteString("|") }
func (r *recorder) stopped() bool    { return false }

func scanAll(t *testing.T, h htmlHandler, r io.Reader) {
	s := htmlScanner{br: bufio.NewReaderSize(r, 8<<10), handler: h}
	if err := s.scan(); err != nil {
		t.Fatal(err)
	}
}

// oneByte gives one byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }
