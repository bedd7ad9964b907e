package content

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// ErrPart asks for a response without ranges: a part of a page cannot be weighed. A site may answer a request for a
// range with the whole (RFC 9110, section 14.2), so that every client understands it. ErrBeheaded asks for the bytes
// before a part as well: by those a program is known.
var (
	ErrPart     = errors.New("a part of a body that has to be inspected as a whole")
	ErrBeheaded = errors.New("a part of a body that has to be inspected from its beginning")
)

// sniffed reports whether browsers may go by the content of a body of a type and not by the type (WHATWG MIME Sniffing,
// section 7). Not all of them do for texts and files; where one does the page has to be weighed.
func sniffed(typ string) bool {
	switch typ {
	case "", "unknown/unknown", "application/unknown", "*/*", "text/plain", "application/octet-stream":
		return true
	}
	return !strings.Contains(typ, "/") || isXML(typ)
}

func isXML(typ string) bool {
	return typ == "text/xml" || typ == "application/xml" || strings.HasSuffix(typ, "+xml")
}

// sniffLength is how much of a body browsers go by, in bytes.
const sniffLength = 1445

// pageTags begin a page; each is followed by a blank or >.
var pageTags = []string{
	"<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style", "<title",
	"<b", "<body", "<br", "<p", "<meta", "<form", "<img", "<svg", "<center",
}

// beginsPage reports whether a body of a type is a page by its beginning, and whether more of it could change that.
func beginsPage(head []byte, typ string) (page, open bool) {
	full := len(head) >= sniffLength
	if isXML(typ) {
		page = bytes.Contains(head, []byte("http://www.w3.org/1999/xhtml"))
		return page, !page && !full
	}
	b := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\f")
	if len(b) == 0 {
		return false, !full
	}
	if bytes.HasPrefix(b, []byte("<!--")) {
		return true, false
	}
	b = bytes.ToLower(b[:min(len(b), 16)])
	for _, tag := range pageTags {
		if len(b) <= len(tag) {
			open = open || strings.HasPrefix(tag, string(b))
		} else if strings.HasPrefix(string(b), tag) && strings.IndexByte(" >\t\r\n\f/", b[len(tag)]) >= 0 {
			return true, false
		}
	}
	return false, open && !full
}

// shortHead is how much is read of a body that may come piece by piece to know its kind, in bytes: the marks of
// programs and archives are not longer.
const shortHead = 8

// maxHead bounds what is read of a compressed body for its head.
const maxHead = 64 << 10

// beginning is the beginning of a body.
type beginning struct {
	body  io.ReadCloser // all of it
	plain []byte        // without its codings
	short bool          // no more than its first bytes is read for certain
}

// head reads the beginning of a body, as much as its kind needs: of one that comes slowly or piece by piece no more
// than its first bytes, so that nothing waits. An error is left to the one who reads on.
func (e *Inspector) head(resp *http.Response, sniff bool) (beginning, error) {
	typ, codings := mediaType(resp.Header), codingsOf(resp.Header)
	piecemeal := resp.ContentLength < 0
	n := 0
	in := &hasty{body: resp.Body, patience: e.o.Limits.Slow, enough: func() bool { return n >= shortHead }}
	wire := &recorder{src: in}
	r, done, err := decode(codings, wire)
	defer done()
	if err != nil {
		r = wire // noted where it matters
	}
	plain := make([]byte, sniffLength)
	for err = nil; err == nil && n < len(plain); {
		var k int
		k, err = r.Read(plain[n:])
		n += k
		_, open := beginsPage(plain[:n], typ)
		if piecemeal && n >= shortHead && !(sniff && open) {
			break
		}
	}
	slow := in.calm()
	if len(wire.all) == 0 && wire.err != nil && wire.err != io.EOF {
		return beginning{}, cutOff("receive a response", wire.err)
	}
	src := io.MultiReader(bytes.NewReader(wire.all), in)
	if wire.err != nil && wire.err != io.EOF && !slow {
		src = io.MultiReader(bytes.NewReader(wire.all), failed{cutOff("receive a response", wire.err)})
	}
	return beginning{&restOfBody{src, in}, plain[:n], piecemeal || slow}, nil
}

// kindOf returns what a body is by its head. Nothing may depend on what came by chance.
func kindOf(b beginning, name string) text.FileKind {
	length := extract.KindHead
	if b.short {
		length = shortHead
	}
	return extract.KindOf(b.plain[:min(len(b.plain), length)], name)
}

// recorder keeps what is read through it.
type recorder struct {
	src io.Reader
	all []byte
	err error
}

// Read implements io.Reader.
func (r *recorder) Read(b []byte) (int, error) {
	if len(r.all) >= maxHead {
		return 0, io.EOF
	}
	n, err := r.src.Read(b)
	r.all = append(r.all, b[:n]...)
	if err != nil {
		r.err = err
	}
	return n, err
}

// failed is a body that broke off.
type failed struct{ err error }

// Read implements io.Reader.
func (f failed) Read([]byte) (int, error) { return 0, f.err }

// inPart reports whether a response has a part of a body that a client asked for.
func inPart(resp *http.Response) bool {
	return resp.StatusCode == http.StatusPartialContent && resp.Request != nil &&
		resp.Request.Method == http.MethodGet && resp.Request.Header.Get("Range") != ""
}

// beheaded reports whether a part lacks the first bytes of a body, by which programs are known, and not much more.
func beheaded(resp *http.Response) bool {
	starts := strings.Split(strings.TrimPrefix(resp.Request.Header.Get("Range"), "bytes="), ",")
	starts = append(starts, strings.TrimPrefix(resp.Header.Get("Content-Range"), "bytes "))
	for _, s := range starts {
		first, _, _ := strings.Cut(strings.TrimSpace(s), "-")
		if n, err := strconv.ParseUint(strings.TrimSpace(first), 10, 64); err == nil && n > 0 && n < extract.KindHead {
			return true
		}
	}
	return false
}

// partOfPage reports whether a part, which begins with head, belongs to a page.
func partOfPage(f file, head []byte) bool {
	if f.typ == "multipart/byteranges" {
		head = bytes.ToLower(head)
		return bytes.Contains(head, []byte("text/html")) || bytes.Contains(head, []byte("application/xhtml"))
	}
	page, _ := beginsPage(head, f.typ)
	return page || sniffed(f.typ) && f.typ != "application/octet-stream" && f.typ != "text/plain" && !isXML(f.typ) &&
		(f.kind == text.KindText || f.kind == text.KindHTML)
}
