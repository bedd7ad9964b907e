package content

import (
	"context"
	"io"
	"net/http"
	"strings"

	"sluis/filter/text"
	"sluis/rules"
)

// scans reports whether downloads of an exchange are inspected for security.
func (e *Inspector) scans(x *Exchange) bool {
	return (e.o.Scanner != nil || len(e.o.Downloads) > 0) && x.Grounds.Purposes.Has(rules.Security)
}

// weighs reports whether pages of an exchange are weighed (C2.8a).
func (e *Inspector) weighs(x *Exchange) bool {
	return e.o.Pages && x.Score && x.Grounds.Purposes.Has(rules.Conduct)
}

// Response inspects what a site sends. It may replace the body; its findings are noted in the exchange. If something is
// caught after it has returned the body ends in ErrBlocked.
func (e *Inspector) Response(ctx context.Context, x *Exchange, resp *http.Response) (blocked bool, err error) {
	scans, weighs := e.scans(x), e.weighs(x)
	if !scans && !weighs || !hasBody(resp) {
		return false, nil
	}
	f, attached := fileOf(resp)
	if scans && e.refused(x, f) {
		return true, nil
	}
	if streams(f.typ) {
		if stops(e.doubt(x, Found{Uninspectable: true})) {
			return true, nil
		}
		return len(e.o.Downloads) > 0 && scans && e.begin(x, resp, f), nil
	}
	part := inPart(resp)
	switch {
	case part && weighs && !attached && isPage(f.typ):
		return false, ErrPart
	case part && scans && e.goesByContent(x) && beheaded(resp):
		return false, ErrBeheaded
	}
	sniff := weighs && !attached && (sniffed(f.typ) || part && f.typ == "multipart/byteranges")
	if !scans && !sniff {
		if weighs && !attached && isPage(f.typ) {
			return e.page(ctx, x, resp, resp.Body)
		}
		return false, nil
	}
	// The content of a file counts for more than its name.
	head, err := e.head(resp, sniff)
	if err != nil {
		return false, err
	}
	resp.Body, f.kind = head.body, kindOf(head, f.name)
	if sniff && part && partOfPage(f, head.plain) {
		return false, ErrPart
	}
	return e.known(ctx, x, resp, f, sniff && isPageByContent(f, head.plain))
}

func isPageByContent(f file, head []byte) bool {
	page, _ := beginsPage(head, f.typ)
	return page || f.typ == "" && f.kind == text.KindHTML
}

// known inspects a body of a kind that is known.
func (e *Inspector) known(
	ctx context.Context, x *Exchange, resp *http.Response, f file, page bool,
) (blocked bool, err error) {
	var src io.Reader = resp.Body
	_, attached := fileName(resp.Header, "")
	scans := e.scans(x)
	if scans {
		if e.refused(x, f) {
			return true, nil
		}
		if by := e.largest(x, f); by != nil && f.size < 0 {
			src = &limited{src: src, left: int64(by.Larger), over: func() { e.refuse(x, by) }}
		}
		if resp.StatusCode == http.StatusPartialContent {
			x.Note(Found{Incomplete: true})
		}
	}
	switch {
	case !attached && (isPage(f.typ) || page):
		if e.weighs(x) {
			return e.page(ctx, x, resp, src)
		}
	case scans && e.o.Scanner != nil && (attached || carries(f)):
		return e.download(ctx, x, resp, src)
	}
	resp.Body = &restOfBody{src, resp.Body}
	return false, nil
}

// hasBody reports whether a response has a body to inspect (RFC 9110, section 6.4.1).
func hasBody(resp *http.Response) bool {
	return resp.Body != nil && resp.Body != http.NoBody && resp.ContentLength != 0 &&
		(resp.Request == nil || resp.Request.Method != http.MethodHead) &&
		resp.StatusCode >= 200 && resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusNotModified
}

func isPage(typ string) bool { return typ == "text/html" || typ == "application/xhtml+xml" }

// carries reports whether malware could come in a file: in any but those that browsers show or run within a page,
// unless its content is of another kind.
func carries(f file) bool {
	switch f.kind {
	case text.KindText, text.KindHTML, text.KindMedia, text.KindUnknown:
	default:
		return true
	}
	switch f.typ {
	case "application/javascript", "application/ecmascript", "application/wasm", "application/x-ndjson":
		return false
	}
	return !shown(f.typ) && !strings.HasPrefix(f.typ, "text/") &&
		!strings.Contains(f.typ, "json") && !strings.HasSuffix(f.typ, "xml")
}

// restOfBody is a body whose beginning was read before.
type restOfBody struct {
	io.Reader
	io.Closer
}

// limited ends a body that becomes too large.
type limited struct {
	src  io.Reader
	left int64
	over func()
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.src.Read(p)
	if l.left -= int64(n); l.left < 0 {
		l.over()
		return 0, ErrBlocked
	}
	return n, err
}
