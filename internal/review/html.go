package review

import (
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// harmless keeps the form of a text, and nothing that leads anywhere or can be fetched.
var harmless = bluemonday.NewPolicy().
	AllowElements("p", "div", "span", "br", "hr", "b", "strong", "i", "em", "u", "s", "sub", "sup", "small", "blockquote", "pre", "code", "center",
		"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "a", "font")

// source returns the HTML of a message, empty if there is none.
func source(r io.Reader) (string, error) {
	e, err := message.Read(r)
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return "", nil // malformed: its text can be looked at
	}
	var found strings.Builder
	parts := 0
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if parts++; parts > maxFiles || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return errFull
		}
		kind, _, _ := e.Header.ContentType()
		disposition, _, _ := e.Header.ContentDisposition()
		if kind != "text/html" || disposition == "attachment" {
			return nil
		}
		_, err = io.Copy(&found, io.LimitReader(e.Body, maxHTML+1))
		return errors.Join(errFull, err)
	})
	if err != nil && !errors.Is(err, errFull) {
		return "", nil
	}
	return found.String(), nil
}

// document returns a whole HTML document for a frame.
func document(source string, k *masker) (doc string, cut bool) {
	if strings.TrimSpace(source) == "" {
		return "", false
	}
	if len(source) > maxHTML {
		source, cut = source[:runeAt(source, maxHTML)], true
	}
	root, err := html.Parse(strings.NewReader(harmless.Sanitize(source)))
	if err != nil {
		return "", cut
	}
	for n := range root.Descendants() {
		if n.Type != html.TextNode {
			continue
		}
		var b strings.Builder
		for _, p := range k.pieces(printable([]byte(n.Data))) {
			b.WriteString(p.Text)
		}
		n.Data = b.String()
	}
	var b strings.Builder
	b.WriteString("<!doctype html><meta charset=utf-8><style>body{font:1rem/1.5 sans-serif;margin:1rem;background:#fff;color:#111;overflow-wrap:anywhere}table{border-collapse:collapse}td,th{padding:.15rem .4rem}</style>")
	if err := html.Render(&b, root); err != nil {
		return "", cut
	}
	return b.String(), cut
}
