package content

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"testing"

	"sluis/internal/roster"
	"sluis/rules"
)

// as returns a response of a type, whose body is coded as it says or not.
func as(typ, coding, body string) *http.Response {
	r := respond(typ, "", body)
	if typ == "" {
		delete(r.Header, "Content-Type")
	}
	if coding != "" {
		r.Header.Set("Content-Encoding", coding)
	}
	return r
}

// deflated returns a body in one of the forms that go by the name.
func deflated(s string, bare bool) string {
	var b bytes.Buffer
	var w io.WriteCloser = zlib.NewWriter(&b)
	if bare {
		w, _ = flate.NewWriter(&b, 6)
	}
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// TestPagesUnderAnotherLabel: what a browser could show as a page is weighed, whatever it is said to be, or not shown.
func TestPagesUnderAnotherLabel(t *testing.T) {
	e := inspector(t)
	page, fine := htmlPage(vile, 4), htmlPage("", 4)
	long := zip("gzip", page)
	longName := long[:3] + "\x08" + long[4:10] + string(bytes.Repeat([]byte("a"), 600)) + "\x00" + long[10:]
	for name, tt := range map[string]struct {
		typ, coding string
		code        func(string) string
	}{
		"deflate":               {"text/html", "deflate", func(s string) string { return deflated(s, false) }},
		"deflate without zlib":  {"text/html", "deflate", func(s string) string { return deflated(s, true) }},
		"x-gzip":                {"text/html", "x-gzip", func(s string) string { return zip("gzip", s) }},
		"gzip that is plain":    {"text/html", "gzip", nil},
		"an unknown coding":     {"text/html", "exi", nil},
		"unknown, and gzip":     {"text/html", "foo, gzip", func(s string) string { return zip("gzip", s) }},
		"bytes behind gzip":     {"text/html", "gzip", func(s string) string { return zip("gzip", s) + "\n\n" }},
		"gzip in two":           {"text/html", "gzip", func(s string) string { return zip("gzip", s[:900]) + zip("gzip", s[900:]) }},
		"coded three times":     {"text/html", "gzip, br, zstd", func(s string) string { return zip("zstd", zip("br", zip("gzip", s))) }},
		"no type":               {"", "", nil},
		"no type, coded":        {"", "br", func(s string) string { return zip("br", s) }},
		"a type that is none":   {"html", "", nil},
		"an unknown type":       {"unknown/unknown", "", nil},
		"text":                  {"text/plain", "", nil},
		"text, after blanks":    {"text/plain; charset=utf-8", "", func(s string) string { return "\n \n\n" + s }},
		"a file":                {"application/octet-stream", "", nil},
		"XML that is XHTML":     {"application/xml", "", func(s string) string { return `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + s }},
		"another case":          {"Text/HTML", "", nil},
		"a comment comes first": {"", "", func(s string) string { return "<!-- x -->" + s }},
	} {
		if tt.code == nil {
			tt.code = func(s string) string { return s }
		}
		for body, want := range map[string]bool{page: true, fine: false} {
			for _, size := range []int64{0, -1} {
				x, r := exchange(rules.Conduct), as(tt.typ, tt.coding, tt.code(body))
				r.ContentLength += size * (r.ContentLength + 1)
				blocked, err := e.Response(t.Context(), x, r)
				if blocked != want || err != nil {
					t.Errorf("%s, of length %d: got blocked %v, %v, %+v, want %v", name, r.ContentLength, blocked, err,
						x.Found(), want)
				}
				if !blocked && err == nil {
					if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.code(body) {
						t.Errorf("%s: got %d bytes, %v, want those that were sent", name, len(b), err)
					}
				}
				r.Body.Close()
			}
		}
	}
	for name, tt := range map[string]struct{ coding, body string }{
		"br that is plain":       {"br", fine},
		"zstd that is plain":     {"zstd", fine},
		"gzip with a long name":  {"gzip", longName},
		"damaged at its start":   {"gzip", long[:12] + "\xff\xff\xff\xff" + long[16:]},
		"coded more than is fit": {"gzip, gzip, gzip, gzip, gzip, gzip", zip("gzip", "x")},
	} {
		x, r := exchange(rules.Conduct), as("text/html", tt.coding, tt.body)
		if blocked, err := e.Response(t.Context(), x, r); !blocked || err != nil || !x.Found().Uninspectable {
			t.Errorf("%s: got blocked %v, %v, %+v, want it not shown", name, blocked, err, x.Found())
		}
	}
	for name, r := range map[string]*http.Response{ // ordinary, and about such things
		"text": as("text/plain", "", vile[3:]), "a feed": as("application/rss+xml", "", `<?xml version="1.0"?><rss>`+vile),
		"a script": as("text/javascript", "", "'"+vile), "data": as("application/json", "", `{"a":"`+vile),
	} {
		if blocked, err := e.Response(t.Context(), exchange(rules.Conduct), r); blocked || err != nil {
			t.Errorf("%s: got blocked %v, %v, want it to pass: it is no page", name, blocked, err)
		}
	}
}

// TestParts: only pages, and programs that lack their first bytes, are asked for as a whole.
func TestParts(t *testing.T) {
	pages := inspector(t)
	pupils, _ := roster.ParseGroup("leerlingen")
	programs := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{{Groups: []roster.Group{pupils}, Executable: true}}
	})
	multi := "\r\n--b\r\nContent-Type: %s\r\nContent-Range: bytes 0-9/100\r\n\r\nxxxxxxxxxx\r\n--b--\r\n"
	for name, tt := range map[string]struct {
		e                        *Inspector
		typ, asked, given, body  string
		whole, blocked, attached bool
	}{
		"a page":              {e: pages, typ: "text/html", asked: "bytes=18-400", given: "bytes 18-400/9000", body: "x", whole: true},
		"a page that is kept": {e: pages, typ: "text/html", asked: "bytes=18-", given: "bytes 18-400/9000", body: "x", attached: true},
		"an update":           {e: pages, typ: "application/octet-stream", asked: "bytes=0-99", given: "bytes 0-99/900", body: "MSCF\x00\x00"},
		"of no type, a text":  {e: pages, asked: "bytes=100-", given: "bytes 100-400/9000", body: "zomaar wat tekst", whole: true},
		"of no type, bytes":   {e: pages, asked: "bytes=100-", given: "bytes 100-400/9000", body: "\x00\x01\x02\xff\xfe\x00"},
		"a log":               {e: pages, typ: "text/plain", asked: "bytes=100-", given: "bytes 100-400/9000", body: "12:00 een regel"},
		"several of a page":   {e: pages, typ: "multipart/byteranges; boundary=b", asked: "bytes=0-9,20-29", body: replace(multi, "Text/html"), whole: true},
		"several of a PDF":    {e: pages, typ: "multipart/byteranges; boundary=b", asked: "bytes=0-9,20-29", body: replace(multi, "application/pdf")},
		"unasked":             {e: pages, typ: "text/html", given: "bytes 0-4000/4000", body: htmlPage(vile, 4), blocked: true},
		"a program":           {e: programs, typ: "application/zip", asked: "bytes=0-99", given: "bytes 0-99/900", body: "MZ\x90\x00\x03\x00\x00\x00", blocked: true},
		"without its mark":    {e: programs, typ: "application/zip", asked: "bytes=1-", given: "bytes 1-899/900", body: "Z\x90\x00\x03", whole: true},
		"by its end":          {e: programs, typ: "application/zip", asked: "bytes=-899", given: "bytes 1-899/900", body: "Z\x90\x00\x03", whole: true},
		"among others":        {e: programs, typ: "multipart/byteranges; boundary=b", asked: "bytes=5000-, 1-4999", body: replace(multi, "x/y"), whole: true},
		"a film goes on":      {e: programs, typ: "video/mp4", asked: "bytes=1048576-", given: "bytes 1048576-2097151/9000000", body: "\x00\x01"},
		"a film begins":       {e: programs, typ: "video/mp4", asked: "bytes=0-1", given: "bytes 0-1/9000000", body: "\x00\x00"},
	} {
		x, r := exchange(rules.Conduct), as(tt.typ, "", tt.body)
		x.Group, r.StatusCode = pupils, http.StatusPartialContent
		if tt.asked != "" {
			r.Request.Header.Set("Range", tt.asked)
		}
		if r.Header.Set("Content-Range", tt.given); tt.attached {
			r.Header.Set("Content-Disposition", "attachment")
		}
		blocked, err := tt.e.Response(t.Context(), x, r)
		more := errors.Is(err, ErrPart) || errors.Is(err, ErrBeheaded)
		if blocked != tt.blocked || more != tt.whole || err != nil && !tt.whole {
			t.Errorf("%s: got blocked %v, %v, want %v, asked for more: %v", name, blocked, err, tt.blocked, tt.whole)
		}
		if err == nil && !blocked {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body {
				t.Errorf("%s: got %q, %v, want %q", name, b, err, tt.body)
			}
		}
	}
}

func replace(form, typ string) string {
	return string(bytes.Replace([]byte(form), []byte("%s"), []byte(typ), 1))
}
