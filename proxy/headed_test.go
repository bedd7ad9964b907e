package proxy

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// TestLinesThatAreNoField: a line in the header of a response that is no field is left out, as browsers do; one that
// could say where the body ends makes the response none.
func TestLinesThatAreNoField(t *testing.T) {
	head := ""
	r := newRig(t)
	for _, w := range r.ways(func(string, int) string {
		return "HTTP/1.1 200 OK\r\n" + head + "X-Kept: ja\r\nConnection: close\r\n\r\nok"
	}) {
		for _, tt := range []struct {
			head   string
			status int
			name   string // of a field that arrives
			want   string
		}{
			{"dit is geen veld\r\n", 200, "", ""},
			{"<!-- cache: miss -->\r\n", 200, "", ""},
			{"PHP Warning:  iets in regel 3\r\n", 200, "", ""},
			{"HTTP/1.1 200 OK\r\n", 200, "", ""},
			{"Status 200\r\n", 200, "", ""},
			{": zonder naam\r\n", 200, "", ""},
			{"X[1]: a\r\n", 200, "", ""},
			{"X\x00Y: a\r\n", 200, "", ""},
			{"caf\xc3\xa9: a\r\n", 200, "", ""},
			{" begint met een spatie\r\n", 200, "", ""},
			{"\tX-Tab: a\r\n", 200, "", ""},
			{"geen veld\r\n dat doorgaat\r\n", 200, "", ""},
			{"X-A : b\r\n", 200, "X-A", "b"},
			{"X-A\t : b\r\n", 200, "X-A", "b"},
			{"X-A: b\rc\r\n", 200, "X-A", "b c"},
			{"X-A: b\x01c\x7f\r\n", 200, "X-A", "b c"},
			{"X-A: b\x00c\r\n", 200, "X-A", "b c"},
			{"X-A: b\r\n c\r\n", 200, "X-A", "b c"},
			{"X-A: b\n", 200, "X-A", "b"},
			{"X-A: b\r\r\n", 200, "X-A", "b"},
			{"X-A: caf\xe9\r\n", 200, "X-A", "caf\xe9"},
			{"Transfer-Encoding: identity\r\n", 200, "", ""},
			{"Content-Length : 2\r\n", 200, "Content-Length", "2"},
			{"X-Content-Length 3\r\n", 200, "", ""},

			{"Content-Length 2\r\n", 502, "", ""},
			{"Content Length: 2\r\n", 502, "", ""},
			{"Content-Length\x00: 2\r\n", 502, "", ""},
			{"Content-Length: \x0b2\r\n", 502, "", ""},
			{"Content-Length: 2\r3\r\n", 502, "", ""},
			{"Content-Length:\r\n 2\r\n", 502, "", ""},
			{"Transfer-Encoding chunked\r\n", 502, "", ""},
			{"Transfer\x00-Encoding: chunked\r\n", 502, "", ""},
			{"Transfer-Encoding: identity\r\n chunked\r\n", 502, "", ""},
			{"Transfer-Encoding: \x0bchunked\r\n", 502, "", ""},
			{"Transfer-Encoding: identity, chunked\r\n", 502, "", ""},
		} {
			head = tt.head
			resp, body := w.ask(t, "GET "+w.before+"/a HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != tt.status {
				t.Errorf("%s: %q: got %d, want %d", w.name, tt.head, resp.StatusCode, tt.status)
				continue
			}
			if tt.status == 200 && (body != "ok" || resp.Header.Get("X-Kept") != "ja" ||
				tt.name != "" && resp.Header.Get(tt.name) != tt.want) {
				t.Errorf("%s: %q: got %q and %q, want the page, and %s: %q",
					w.name, tt.head, body, resp.Header, tt.name, tt.want)
			}
		}
	}
}

// TestHeadersArriveInAnyPieces: however the bytes of a response come, they are read in the same way.
func TestHeadersArriveInAnyPieces(t *testing.T) {
	sent := "HTTP/1.1 103 Early\r\nLink: a\r\ngeen veld\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nX : a\r\nook geen\r\nConnection: close, X\r\n\r\nBody: a\r\nnog wat\r\n"
	want := "HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nX: a\r\nConnection: close, X\r\n\r\nBody: a\r\nnog wat\r\n"
	for name, in := range map[string]io.Reader{
		"whole": strings.NewReader(sent), "byte by byte": iotest.OneByteReader(strings.NewReader(sent)),
		"halves": iotest.HalfReader(strings.NewReader(sent)), "with the end": iotest.DataErrReader(strings.NewReader(sent)),
	} {
		h := &headed{Conn: &readConn{r: in}, max: 1 << 10}
		h.expect()
		if got, err := io.ReadAll(h); string(got) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
		if got := h.fieldsOfHop(); len(got) != 2 || got[1] != "X" {
			t.Errorf("%s: got %q, want the fields that Connection names", name, got)
		}
	}
	endless := "HTTP/1.1 200 OK\r\n" + strings.Repeat("geen veld\r\n", 1000)
	h := &headed{Conn: &readConn{r: strings.NewReader(endless)}, max: 100}
	h.expect()
	if got, _ := io.ReadAll(h); len(got) < 10_000 {
		t.Errorf("got %d bytes of an endless header, want what came after the bound as it came", len(got))
	}
}

// readConn is a connection of which only reading matters.
type readConn struct {
	net.Conn
	r io.Reader
}

func (c *readConn) Read(b []byte) (int, error) { return c.r.Read(b) }

func FuzzHeaded(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nX : a\r\ngeen veld\r\n b\r\nContent-Length: 2\r\n\r\nok", 3)
	f.Add("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1)
	f.Fuzz(func(t *testing.T, sent string, size int) {
		read := func(in io.Reader) string {
			h := &headed{Conn: &readConn{r: in}, max: 1 << 10}
			h.expect()
			got, _ := io.ReadAll(h)
			return string(got)
		}
		whole, bits := read(strings.NewReader(sent)), read(iotest.OneByteReader(strings.NewReader(sent)))
		if whole != bits {
			t.Errorf("%q: got %q at once and %q byte by byte, want the same", sent, whole, bits)
		}
	})
}
