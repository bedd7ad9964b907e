package proxy

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestWhatIsNoRequest: on each way requests that are malformed are answered with a status that says so, end the
// connection, and reach no site (RFC 9110 and 9112; the sections are those of 9112 where no other is named).
func TestWhatIsNoRequest(t *testing.T) {
	for _, w := range newRig(t).ways(fine) {
		get := "GET " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n"
		post := "POST " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n"
		for _, tt := range []struct{ section, name, sent, want string }{
			{"2.2", "bare line feeds", strings.ReplaceAll(get+"\r\n", "\r\n", "\n"), "400"},
			{"2.2", "a bare line feed in a field", get + "X: a\nY: b\r\n\r\n", "400"},
			{"2.2", "a bare carriage return", get + "X: a\rb\r\n\r\n", "400"},
			{"2.2", "a space before the first field", "GET " + w.before + "/a HTTP/1.1\r\n Host: " + w.host + "\r\n\r\n", "400"},
			{"2.3", "HTTP/2.0", strings.Replace(get, "HTTP/1.1", "HTTP/2.0", 1) + "\r\n", "400"},
			{"2.3", "HTTP/1.2", strings.Replace(get, "HTTP/1.1", "HTTP/1.2", 1) + "\r\n", "400"},
			{"2.3", "HTTP/1.10", strings.Replace(get, "HTTP/1.1", "HTTP/1.10", 1) + "\r\n", "400"},
			{"2.3", "http in small letters", strings.Replace(get, "HTTP/1.1", "http/1.1", 1) + "\r\n", "400"},
			{"2.3", "no version", strings.Replace(get, " HTTP/1.1", "", 1) + "\r\n", "400"},
			{"3", "two spaces", strings.Replace(get, "GET ", "GET  ", 1) + "\r\n", "400"},
			{"3", "a tab for a space", strings.Replace(get, "GET ", "GET\t", 1) + "\r\n", "400"},
			{"3", "a space at the end", strings.Replace(get, "HTTP/1.1", "HTTP/1.1 ", 1) + "\r\n", "400"},
			{"3", "a space at the beginning", " " + get + "\r\n", "400"},
			{"3", "a method that is no token", strings.Replace(get, "GET", "G(T", 1) + "\r\n", "400"},
			{"3.2", "a space in the target", strings.Replace(get, "/a", "/a b", 1) + "\r\n", "400"},
			{"3.2", "a zero byte in the target", strings.Replace(get, "/a", "/a\x00b", 1) + "\r\n", "400"},
			{"3.2", "two Hosts", get + "Host: ander.example\r\n\r\n", "400"},
			{"3.2", "two equal Hosts", get + "Host: " + w.host + "\r\n\r\n", "400"},
			{"3.2", "no Host", "GET " + w.before + "/a HTTP/1.1\r\n\r\n", "400"},
			{"3.2", "a Host with a space", "GET " + w.before + "/a HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
			{"3.2.3", "an authority for GET", "GET " + w.host + " HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n", "400"},
			{"3.2.4", "an asterisk for GET", "GET * HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n", "400"},
			{"5", "no colon", get + "abc\r\n\r\n", "400"},
			{"5", "no name", get + ": a\r\n\r\n", "400"},
			{"5.1", "a space before the colon", get + "X : a\r\n\r\n", "400"},
			{"5.1", "a tab before the colon", get + "X\t: a\r\n\r\n", "400"},
			{"9110, 5.1", "a name that is no token", get + "X[]: a\r\n\r\n", "400"},
			{"9110, 5.5", "a zero byte in a field", get + "X: a\x00b\r\n\r\n", "400"},
			{"9110, 5.5", "a control character in a field", get + "X: a\x01b\r\n\r\n", "400"},
			{"5.2", "a folded line", get + "X: a\r\n b\r\n\r\n", "400"},
			{"5.2", "a folded line by a tab", get + "X: a\r\n\tb\r\n\r\n", "400"},
			{"5.4", "a header that is too large", get + "X: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", "431"},
			{"5.4", "too many fields", get + strings.Repeat("X: a\r\n", 20_000) + "\r\n", "431"},
			{"3", "a target that is too long", strings.Replace(get, "/a", "/"+strings.Repeat("a", 80<<10), 1) + "\r\n", "431"},
			{"6.1", "a length and chunks", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "chunks and a length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "chunks in HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "an unknown coding", post + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "chunked not last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "two codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "an empty coding", post + "Transfer-Encoding:\r\n\r\n0\r\n\r\n", "400"},
			{"6.1", "identity", post + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", "400"},
			{"6.3", "two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400"},
			{"6.3", "two equal lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
			{"6.3", "a list of lengths", post + "Content-Length: 3, 3\r\n\r\nabc", "400"},
			{"6.3", "a negative length", post + "Content-Length: -3\r\n\r\nabc", "400"},
			{"6.3", "a signed length", post + "Content-Length: +3\r\n\r\nabc", "400"},
			{"6.3", "an empty length", post + "Content-Length:\r\n\r\nabc", "400"},
			{"6.3", "a length in words", post + "Content-Length: three\r\n\r\nabc", "400"},
			{"6.3", "a length with a point", post + "Content-Length: 3.0\r\n\r\nabc", "400"},
			{"6.3", "an endless length", post + "Content-Length: 99999999999999999999\r\n\r\nabc", "400"},
			{"7.1", "a size that is none", post + "Transfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n", "400"},
			{"7.1", "a negative size", post + "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", "400"},
			{"7.1", "a size with 0x", post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", "400"},
			{"7.1", "an endless size", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n", "400"},
			{"7.1", "more than the size", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "400"},
			{"7.1", "a chunk without its end", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n", "400"},
			{"7.1", "a bare line feed after a size", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", "400"},
			{"7.1", "a space before a size", post + "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", "400"},
			{"7.1", "no size", post + "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", "400"},
			{"7.1.1", "a bare CR in an extension", post + "Transfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n0\r\n\r\n", "400"},
			{"9110, 9.3.8", "TRACE", "TRACE " + w.before + "/a HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n", "403"},
			{"9110, 10.1.1", "an expectation that is unknown", get + "Expect: 200-ok\r\n\r\n", "417"},
			{"", "a ClientHello", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n", "400"},
		} {
			if got := w.answer(t, tt.sent); got != tt.want {
				t.Errorf("%s: %s (%s): got %s, want %s", w.name, tt.name, tt.section, got, tt.want)
			}
			if head := ""; len(w.site.seen) > 0 {
				head = <-w.site.seen
				t.Errorf("%s: %s (%s): the site got %q, want nothing", w.name, tt.name, tt.section, head)
			}
		}
	}
}

// TestWhatIsARequest: what is right, if unusual, passes.
func TestWhatIsARequest(t *testing.T) {
	for _, w := range newRig(t).ways(fine) {
		line, host := w.before+"/a HTTP/1.1\r\n", "Host: "+w.host+"\r\n"
		for name, sent := range map[string]string{
			"an empty line before":       "\r\nGET " + line + host + "\r\n",
			"HTTP/1.0":                   "GET " + w.before + "/a HTTP/1.0\r\n" + host + "\r\n",
			"a method of its own":        "PURGE " + line + host + "\r\n",
			"a method in small letters":  "get " + line + host + "\r\n",
			"capitals in names":          "GET " + line + "hOsT: " + w.host + "\r\nX-a: b\r\n\r\n",
			"no space after the colon":   "GET " + line + "Host:" + w.host + "\r\n\r\n",
			"space around a value":       "GET " + line + "Host: \t" + w.host + " \t\r\n\r\n",
			"an empty value":             "GET " + line + host + "X:\r\n\r\n",
			"bytes beyond ASCII":         "GET " + line + host + "X: caf\xc3\xa9 \xff\r\n\r\n",
			"a tab within a value":       "GET " + line + host + "X: a\tb\r\n\r\n",
			"the same field twice":       "GET " + line + host + "X: a\r\nX: b\r\n\r\n",
			"a body of GET":              "GET " + line + host + "Content-Length: 3\r\n\r\nabc",
			"a length with zeros before": "POST " + line + host + "Content-Length: 0003\r\n\r\nabc",
			"chunks":                     "POST " + line + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			"Chunked":                    "POST " + line + host + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			"a chunk extension":          "POST " + line + host + "Transfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\n\r\n",
			"a size in capitals":         "POST " + line + host + "Transfer-Encoding: chunked\r\n\r\n00A\r\n0123456789\r\n0\r\n\r\n",
			"a trailer":                  "POST " + line + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: a\r\n\r\n",
			"an empty Connection":        "GET " + line + host + "Connection:\r\n\r\n",
			"Upgrade to what is unknown": "GET " + line + host + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
			"a large header":             "GET " + line + host + "X: " + strings.Repeat("a", 50<<10) + "\r\n\r\n",
			"a long target":              "GET " + w.before + "/?" + strings.Repeat("%41", 15<<10) + " HTTP/1.1\r\n" + host + "\r\n",
		} {
			if got := w.answer(t, sent); got != "200" {
				t.Errorf("%s: %s: got %s, want 200", w.name, name, got)
			}
			w.site.forget()
		}
	}
}

// answer sends bytes and returns the status of what comes back; - if nothing does.
func (w way) answer(t *testing.T, sent string) string {
	t.Helper()
	c := w.dial()
	defer c.Close()
	go io.WriteString(c, sent)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "-"
	}
	io.Copy(io.Discard, resp.Body)
	return resp.Status[:3]
}
