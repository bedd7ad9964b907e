package proxy

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// message is one direction of a parcel, as a raw peer sends it.
type message struct {
	fields string // each with its end of line, without those of the framing
	framed framing
	body   string
}

// parcel is a request with its response.
type parcel struct {
	name    string
	method  string
	asked   message
	interim string // responses before the final one
	status  string // line of the response
	back    message
	whole   bool // where pages are weighed the whole is asked for
	old     bool // the client speaks HTTP/1.0
}

// ordinarily returns a parcel in which all goes well.
func ordinarily(name, method string, asked, back message) parcel {
	return parcel{name: name, method: method, asked: asked, status: "HTTP/1.1 200 OK", back: back}
}

// framing is the way in which a body is delimited (RFC 9112, section 6): the fields that say so, and the body as it is
// sent.
type framing func(body string) (fields, raw string)

func byLength(body string) (string, string) {
	return fmt.Sprintf("Content-Length: %d\r\n", len(body)), body
}

func untilClose(body string) (string, string) { return "Connection: close\r\n", body }

func bare(body string) (string, string) { return "", body }

func inOneChunk(body string) (string, string) {
	return "Transfer-Encoding: chunked\r\n", chunked([]string{body}, "") + "0\r\n\r\n"
}

func inPieces(body string) (string, string) {
	return "Transfer-Encoding: chunked\r\n", chunked(pieces(body), `;a=b;c="d;e"`) + "0;last\r\n\r\n"
}

func withTrailer(body string) (string, string) {
	return "Transfer-Encoding: chunked\r\nTrailer: X-Sum, X-End\r\n",
		chunked(pieces(body), "") + "0\r\nX-Sum: " + sumOf(body) + "\r\nX-End: a, b\r\n\r\n"
}

// sumOf is what a trailer says of a body.
func sumOf(body string) string { return fmt.Sprint("sum ", len(body)) }

// trailer is what is to arrive behind a message.
func (m message) trailer() http.Header {
	if fields, _ := m.framed(""); !strings.Contains(fields, "Trailer") {
		return nil
	}
	return http.Header{"X-Sum": {sumOf(m.body)}, "X-End": {"a, b"}}
}

func chunked(pieces []string, extension string) string {
	var b strings.Builder
	for _, p := range pieces {
		if p != "" {
			fmt.Fprintf(&b, "%x%s\r\n%s\r\n", len(p), extension, p)
		}
	}
	return b.String()
}

// pieces cuts a body at places that nobody expects.
func pieces(body string) (all []string) {
	for n := 1; body != ""; n = n*5 + 2 {
		cut := min(n, len(body))
		all, body = append(all, body[:cut]), body[cut:]
	}
	return all
}

// bodies are of each kind of content, n bytes long.
func bodies(n int) map[string]string {
	noise := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(noise)
	fill := func(s string) string { return strings.Repeat(s, n/len(s)+1)[:n] }
	return map[string]string{
		"application/octet-stream":          string(noise),
		"text/plain; charset=utf-8":         fill("Morgen gaan we met groep 7 naar het museum.\r\n\x00\t\r\n"),
		"text/html":                         fill(ordinary),
		"application/x-www-form-urlencoded": fill("naam=Sanne+de+Boer&q=%C3%A9%zz%&leeg=&"),
		"multipart/form-data; boundary=X": fill("--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhallo\r\n" +
			"--X\r\nContent-Disposition: form-data; name=b; filename=c.bin\r\n\r\n\x00\xff\r\n"),
	}
}

// codings are bodies by the value of Content-Encoding that they have.
func codings() map[string]string {
	plain := strings.Repeat(ordinary, 1500)
	pack := func(body string, by func(io.Writer) io.WriteCloser) string {
		var b bytes.Buffer
		w := by(&b)
		io.WriteString(w, body) // to memory
		w.Close()
		return b.String()
	}
	gzipped := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	brotlied := func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
	zlibbed := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	deflated := func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }
	zstandard := func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }
	return map[string]string{
		"gzip":                           pack(plain, gzipped),
		"x-gzip":                         pack("", gzipped),
		"GZip":                           pack("x", gzipped),
		"br":                             pack(plain, brotlied),
		"deflate":                        pack(plain, zlibbed),
		"Deflate":                        pack(plain, deflated),
		"zstd":                           pack(plain, zstandard),
		"identity":                       plain,
		"x-molen":                        plain,
		"gzip, br":                       pack(pack(plain, gzipped), brotlied),
		"gzip\r\nContent-Encoding: gzip": pack(pack(plain, gzipped), gzipped),
	}
}

// oddTypes are values of Content-Type that sites send.
var oddTypes = []string{
	"", "text", ";", "text/html; charset", "text/html;charset=\"", "TEXT/HTML; Charset=Windows-1252", "*/*",
	"text/html, text/plain", "application/json;;", "none", "text/plain; charset=\xe9", "multipart/form-data",
	"multipart/mixed; boundary=\"\"", "application/vnd.molen+xml", "unknown/unknown",
}

// corpus returns requests and responses of all the kinds that are to arrive as they were sent.
func corpus() []parcel {
	all := slices.Concat(framedParcels(), codedParcels(), statusParcels(), partParcels())
	ok := message{"Content-Type: text/css\r\n", byLength, "p {}"}
	for _, typ := range oddTypes {
		odd := message{"Content-Type: " + typ + "\r\n", byLength, strings.Repeat(ordinary, 30)}
		all = append(all, ordinarily("type "+typ, "POST", odd, odd))
	}
	none := message{"X-A: 1\r\n", inOneChunk, "a=1&b=%"}
	all = append(all, ordinarily("no type", "POST", none, none))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "REPORT", "GET"} {
		all = append(all, ordinarily("a body to "+method, method, message{"", byLength, "abc"}, ok))
	}
	for _, n := range []int{1, 1 << 20} {
		waits := message{"Expect: 100-continue\r\n", byLength, strings.Repeat("x", n)}
		all = append(all, ordinarily("expected", "PUT", waits, ok))
	}
	for _, framed := range []framing{byLength, inPieces, withTrailer, untilClose} {
		back := message{"Etag: \"a\"\r\n", framed, bodies(5000)["text/html"]}
		p := ordinarily("to HTTP/1.0", "POST", message{"", byLength, "abc"}, back)
		p.old = true
		all = append(all, p)
	}
	return all
}

// framedParcels have bodies of each length and kind, in each framing.
func framedParcels() (all []parcel) {
	asking := []framing{byLength, inOneChunk, inPieces, withTrailer}
	answering := []framing{byLength, inOneChunk, inPieces, withTrailer, untilClose}
	for _, n := range []int{0, 1, 1023, 1024, 1025, 64 << 10, 1 << 20} {
		for typ, body := range bodies(n) {
			for i := range answering {
				if n == 1<<20 && i%2 == 1 { // they take their time
					continue
				}
				all = append(all, ordinarily(fmt.Sprintf("%d bytes of %s, %d", n, typ, i), "POST",
					message{"Content-Type: " + typ + "\r\n", asking[i%len(asking)], body},
					message{"Content-Type: " + typ + "\r\nEtag: \"a\"\r\n", answering[i], body}))
			}
		}
	}
	return all
}

// codedParcels have bodies in content codings.
func codedParcels() (all []parcel) {
	for coding, body := range codings() {
		for _, typ := range []string{"text/html", "application/json", "application/octet-stream", "text/plain"} {
			for _, framed := range []framing{byLength, inPieces} {
				m := message{"Content-Type: " + typ + "\r\nContent-Encoding: " + coding + "\r\n", framed, body}
				all = append(all, ordinarily(coding+" of "+typ, "POST", m, m))
			}
		}
	}
	return all
}

// statusParcels have responses of which the status or the method decides what follows.
func statusParcels() (all []parcel) {
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
	html := "Content-Type: text/html\r\n"
	page := strings.Repeat(ordinary, 100)
	none := message{"", bare, ""}
	for _, tt := range []struct {
		method, interim, status string
		back                    message
	}{
		{"GET", "", "HTTP/1.1 204 No Content", message{"Etag: \"a\"\r\n", bare, ""}},
		{"POST", "", "HTTP/1.1 204 No Content", none},
		{"GET", "", "HTTP/1.1 304 Not Modified", message{"Etag: \"a\"\r\nCache-Control: max-age=1\r\n", bare, ""}},
		{"GET", "", "HTTP/1.1 205 Reset Content", message{"", byLength, ""}},
		{"POST", "", "HTTP/1.1 205 Reset Content", message{"", inOneChunk, ""}},
		{"HEAD", "", "HTTP/1.1 200 OK", message{html + "Content-Length: 12345\r\n", bare, ""}},
		{"HEAD", "", "HTTP/1.1 200 OK", message{html + "Content-Length: 0\r\n", bare, ""}},
		{"HEAD", "", "HTTP/1.1 200 OK", message{"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", bare, ""}},
		{"HEAD", "", "HTTP/1.1 404 Not Found", message{"Content-Length: 3\r\n", bare, ""}},
		{"HEAD", "", "HTTP/1.1 206 Partial Content", message{"Content-Length: 9\r\n", bare, ""}},
		{"OPTIONS", "", "HTTP/1.1 200 OK", message{"Allow: GET, HEAD\r\n", byLength, ""}},
		{"GET", hints, "HTTP/1.1 200 OK", message{html, byLength, page}},
		{"GET", hints + hints, "HTTP/1.1 200 OK", message{html, inPieces, page}},
		{"POST", "HTTP/1.1 102 Processing\r\n\r\n" + hints, "HTTP/1.1 404 Not Found", message{html, byLength, page}},
		{"GET", hints, "HTTP/1.1 204 No Content", none},
		{"GET", "HTTP/1.1 199 Anders\r\nX-B: 1\r\n\r\n", "HTTP/1.1 200 OK", message{html, withTrailer, page}},
		{"GET", "", "HTTP/1.1 200", message{html, byLength, page}},
		{"GET", "", "HTTP/1.1 299 Geen naam", message{"", byLength, "\x00\xff"}},
		{"GET", "", "HTTP/1.1 301 Moved Permanently", message{"Location: /%zz?a=[1]\r\n" + html, byLength, page}},
		{"GET", "", "HTTP/1.1 500 Internal Server Error", message{html, inOneChunk, page}},
		{"GET", "", "HTTP/1.1 600 Vreemd", message{"", byLength, page}},
		{"GET", "", "HTTP/1.0 200 OK", message{html, byLength, page}},
		{"GET", "", "HTTP/1.0 200 OK", message{html, bare, page}},
		{"GET", "", "HTTP/1.0 200 OK", message{"", bare, "\x00\xff\r\n\r\n"}},
		{"GET", "", "HTTP/1.0 200 OK", message{"", bare, ""}},
		{"GET", "", "HTTP/1.1 200 OK", message{"", untilClose, page + "\r\n0\r\n\r\n"}},
		{"GET", "", "HTTP/1.1 200 OK", message{"Set-Cookie: a=1\r\nSet-Cookie: b=\xe9\r\nX-A:\r\n", byLength, page}},
		{"GET", "", "HTTP/1.1 200 OK", message{"Vary: a\r\nVary: b, c\r\nLink: <x>; a=\"b,c\"\r\n", untilClose, page}},
	} {
		p := ordinarily(tt.method+", "+tt.status, tt.method, none, tt.back)
		p.interim, p.status = tt.interim, tt.status
		all = append(all, p)
	}
	return all
}

// partParcels have parts of bodies (RFC 9110, section 14).
func partParcels() (all []parcel) {
	noise := bodies(5000)["application/octet-stream"]
	part := "--b\r\nContent-Type: video/mp4\r\nContent-Range: bytes %s/9999\r\n\r\n%s\r\n"
	several := fmt.Sprintf(part, "0-1999", noise[:2000]) + fmt.Sprintf(part, "5000-7999", noise[2000:]) + "--b--\r\n"
	for _, tt := range []struct {
		asked, status, given, typ, body string
		whole                           bool
	}{
		{"0-4999", "206 Partial Content", "bytes 0-4999/9999", "application/octet-stream", noise, false},
		{"5000-9999", "206 Partial Content", "bytes 5000-9999/99999", "video/mp4", noise, false},
		{"-5000", "206 Partial Content", "bytes 94999-99999/99999", "image/png", noise, false},
		{"20000-", "206 Partial Content", "bytes 20000-24999/*", "application/zip", noise, false},
		{"20000-", "206 Partial Content", "bytes 20000-24999/25000", "application/pdf", noise, false},
		{"0-1999, 5000-7999", "206 Partial Content", "", "multipart/byteranges; boundary=b", several, false},
		{"99999-", "416 Range Not Satisfiable", "bytes */9999", "text/plain", "te ver", false},
		{"0-9", "200 OK", "", "text/html", ordinary, false},
		{"10-49", "206 Partial Content", "bytes 10-49/99", "text/html", ordinary[10:], true},
		{"20000-20039", "206 Partial Content", "bytes 20000-20039/*", "text/css", ordinary[10:], false},
	} {
		for _, framed := range []framing{byLength, inPieces, untilClose} {
			p := ordinarily(tt.status+" of "+tt.typ, "GET",
				message{"Range: bytes=" + tt.asked + "\r\nIf-Range: \"a\"\r\n", bare, ""},
				message{"Content-Type: " + tt.typ + "\r\nEtag: \"a\"\r\n", framed, tt.body})
			p.status, p.whole = "HTTP/1.1 "+tt.status, tt.whole
			if tt.given != "" {
				p.back.fields += "Content-Range: " + tt.given + "\r\n"
			}
			all = append(all, p)
		}
	}
	return all
}
