package disclose

import (
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// harmless keeps the form of a text, without addresses: nothing leads to a site or is fetched.
var harmless = bluemonday.NewPolicy().
	AllowElements("p", "div", "span", "br", "hr", "blockquote", "pre", "code", "center", "a", "font").
	AllowElements("b", "strong", "i", "em", "u", "s", "sub", "sup", "small").
	AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd").
	AllowElements("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption")

// source returns the HTML of a message, empty if there is none.
func source(r io.Reader) (string, error) {
	e, err := message.Read(r)
	if isMalformed(err) {
		return "", nil // the stage of the text shows it
	}
	var found strings.Builder
	parts := 0
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if parts++; parts > maxFiles || isMalformed(err) {
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

func isMalformed(err error) bool {
	return err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)
}

// frameStyle begins a document for a frame.
const frameStyle = "<!doctype html><meta charset=utf-8><style>" +
	"body{font:1rem/1.5 sans-serif;margin:1rem;background:#fff;color:#111;overflow-wrap:anywhere}" +
	"table{border-collapse:collapse}td,th{padding:.15rem .4rem}</style>"

// document returns a whole HTML document for a frame.
func document(source string) (doc string, cut bool) {
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
	maskNodes(root)
	var b strings.Builder
	b.WriteString(frameStyle)
	if err := html.Render(&b, root); err != nil {
		return "", cut
	}
	return b.String(), cut
}

// inline are elements within which a word goes on.
var inline = map[string]bool{
	"a": true, "b": true, "strong": true, "i": true, "em": true, "u": true, "s": true,
	"sub": true, "sup": true, "small": true, "code": true, "span": true, "font": true,
}

// maskNodes masks identifiers, also across elements: a text goes on until an element begins or ends
// that starts a line of its own.
func maskNodes(root *html.Node) {
	var text strings.Builder
	var nodes []*html.Node
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			n.Data = printable([]byte(n.Data))
			nodes = append(nodes, n)
			text.WriteString(n.Data)
			return
		}
		line := n.Type == html.ElementNode && !inline[n.Data]
		if line {
			maskText(nodes, text.String())
			nodes, text = nil, strings.Builder{}
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if line {
			maskText(nodes, text.String())
			nodes, text = nil, strings.Builder{}
		}
	}
	walk(root)
	maskText(nodes, text.String())
}

// maskText masks the identifiers of the text of some nodes. The first node of an identifier gets the
// dots, the others lose their part of it.
func maskText(nodes []*html.Node, text string) {
	whole := &masker{revealed: func(int) bool { return true }} // so that pieces have their own length
	pieces := whole.pieces(text)
	begin, at := 0, 0 // of the node, and of the next piece
	for _, n := range nodes {
		end := begin + len(n.Data)
		var b strings.Builder
		for from := at; len(pieces) > 0 && from < end; {
			p := pieces[0]
			to := from + len(p.Text)
			if p.Mask == "" {
				b.WriteString(text[max(from, begin):min(to, end)])
			} else if from >= begin {
				b.WriteString(covered)
			}
			if to > end { // it goes on in the next node
				break
			}
			from, at, pieces = to, to, pieces[1:]
		}
		n.Data, begin = b.String(), end
	}
}
