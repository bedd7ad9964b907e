package text

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// maxToken bounds one token of HTML, in bytes. A longer one is shown raw.
const maxToken = 1 << 20

// html shows what a reader sees of HTML, words not cut by tags, and apart from it what
// only a machine sees: comments, alternative texts, invisible text.
func (w *walker) html(part int, r io.Reader) error {
	h := htmlReader{w: w, visible: w.out(part, HTML), hidden: w.out(part, Hidden)}
	defer h.visible.Close()
	defer h.hidden.Close()
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxToken)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if err := h.token(kind, z); err != nil {
			return err
		}
	}
	if err := z.Err(); err != io.EOF {
		if !errors.Is(err, html.ErrBufferExceeded) {
			return err
		}
		w.report.uninspectable(TooLarge)
	}
	h.endLink()
	if err := h.visible.Close(); err != nil {
		return err
	}
	return h.hidden.Close()
}

// htmlReader is the state of one HTML part.
type htmlReader struct {
	w               *walker
	visible, hidden *out

	skip     string // the element whose text is no text: script, style …
	unseen   int    // depth of elements inside an invisible one
	href     string // of the link that is open
	linkText strings.Builder
}

func (h *htmlReader) token(kind html.TokenType, z *html.Tokenizer) error {
	switch kind {
	case html.TextToken:
		return h.text(z.Text())
	case html.CommentToken:
		return write(h.hidden, z.Text())
	case html.StartTagToken, html.SelfClosingTagToken:
		name, more := z.TagName()
		return h.start(string(name), more, kind == html.SelfClosingTagToken, z)
	case html.EndTagToken:
		name, _ := z.TagName()
		return h.end(string(name))
	}
	return nil
}

func (h *htmlReader) text(b []byte) error {
	switch {
	case h.skip != "", h.unseen > 0:
		return write(h.hidden, b)
	}
	if h.href != "" && h.linkText.Len() < 2048 {
		h.linkText.Write(b)
	}
	_, err := h.visible.Write(b)
	return err
}

// write writes b and a space, so that it does not run into what follows.
func write(o *out, b []byte) error {
	if _, err := o.Write(b); err != nil {
		return err
	}
	_, err := o.Write([]byte{' '})
	return err
}

func (h *htmlReader) start(name string, more, selfClosing bool, z *html.Tokenizer) error {
	invisible := false
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "href", "src", "action", "data-href":
			h.target(name, string(k), v)
			if err := write(h.hidden, v); err != nil {
				return err
			}
		case "alt", "title", "value", "placeholder", "content", "aria-label":
			if err := write(h.hidden, v); err != nil {
				return err
			}
		case "style":
			invisible = invisible || invisibleStyle(v)
		case "hidden":
			invisible = true
		}
	}
	if voidElements[name] || selfClosing {
		if breaks[name] {
			return write(h.visible, nil)
		}
		return nil
	}
	switch {
	case name == "script" || name == "style" || name == "template" || name == "noscript":
		h.skip = name
	case h.unseen > 0 || invisible:
		h.unseen++
	}
	if breaks[name] {
		return write(h.visible, nil)
	}
	return nil
}

func (h *htmlReader) end(name string) error {
	if name == h.skip {
		h.skip = ""
	} else if h.unseen > 0 && !voidElements[name] {
		h.unseen--
	}
	if name == "a" {
		h.endLink()
	}
	if breaks[name] {
		return write(h.visible, nil)
	}
	return nil
}

func (h *htmlReader) target(element, attribute string, v []byte) {
	if attribute != "href" || element != "a" && element != "area" {
		return
	}
	h.endLink()
	h.href = string(v[:min(len(v), 2048)])
}

// endLink lists the link that is open.
func (h *htmlReader) endLink() {
	if h.href == "" {
		return
	}
	if len(h.w.report.Links) < maxListed {
		h.w.report.Links = append(h.w.report.Links, Link{Secret(strings.TrimSpace(h.linkText.String())), Secret(h.href)})
	} else {
		h.w.report.Incomplete = true
	}
	h.href = ""
	h.linkText.Reset()
}

func invisibleStyle(v []byte) bool {
	s := bytes.ReplaceAll(bytes.ToLower(v), []byte(" "), nil)
	for _, hide := range []string{"display:none", "visibility:hidden", "font-size:0", "opacity:0;", "mso-hide:all", "max-height:0"} {
		if bytes.Contains(append(s, ';'), []byte(hide)) && !bytes.Contains(s, []byte("font-size:0.")) {
			return true
		}
	}
	return false
}

// voidElements have no end tag.
var voidElements = set("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")

// breaks are the elements that end a word. Between others a word goes on.
var breaks = set("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form",
	"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre", "section",
	"table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "ul")

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}
