package content

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/extract"
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
		return stops(e.doubt(x, Found{Uninspectable: true})), nil
	}
	if !scans && !attached && isPage(f.typ) {
		return e.page(ctx, x, resp, resp.Body)
	}
	if !scans && (attached || f.typ != "") {
		return false, nil
	}
	// The content of a file counts for more than its name.
	wire, plain, err := e.head(resp)
	if err != nil {
		return false, err
	}
	src := io.MultiReader(bytes.NewReader(wire), resp.Body)
	f.kind = extract.KindOf(plain, f.name)
	if scans {
		if e.refused(x, f) {
			return true, nil
		}
		if by := e.largest(x, f); by != nil && f.size < 0 {
			src = &limited{src: src, left: int64(by.Larger), over: func() { e.refuse(x, by) }}
		}
	}
	switch {
	case !attached && (isPage(f.typ) || f.typ == "" && f.kind == text.KindHTML):
		if weighs {
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
		!strings.HasSuffix(f.typ, "json") && !strings.HasSuffix(f.typ, "xml")
}

// shortHead is how much is read of a body that may come piece by piece to know its kind, in bytes: the marks of
// programs and archives are not longer.
const shortHead = 8

// head reads the first bytes of a body: as many as its kind needs.
func (e *Inspector) head(resp *http.Response) (wire, plain []byte, err error) {
	codings := codingsOf(resp.Header)
	wire = make([]byte, extract.KindHead)
	least := len(wire)
	switch mediaType(resp.Header) {
	case "application/json", "application/x-ndjson", "text/plain", "text/javascript", "application/javascript":
		if len(codings) == 0 {
			least = shortHead
		}
	}
	n, err := readAtLeast(resp.Body, wire, least)
	if wire = wire[:n]; err != nil && err != io.EOF {
		return nil, nil, cutOff("receive a response", err)
	}
	if len(codings) == 0 {
		return wire, wire[:min(n, least)], nil // nothing may depend on what came by chance
	}
	r, done, err := decode(codings, bytes.NewReader(wire))
	defer done()
	if err != nil {
		return wire, wire, nil // noted where it matters
	}
	plain = make([]byte, extract.KindHead)
	n, _ = io.ReadFull(r, plain) // it is cut off
	return wire, plain[:n], nil
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
