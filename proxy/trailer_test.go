package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluis/proxy/content"
)

// atEnd is a body whose trailer is known at its end.
type atEnd struct {
	io.Reader
	trailer http.Header
}

// Read implements io.Reader.
func (a *atEnd) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if err == io.EOF {
		a.trailer.Set("X-Sum", "7")
	}
	return n, err
}

// TestTrailersOfARequestOverHTTP2: gRPC and checksums need what comes behind a body, in both directions.
func TestTrailersOfARequestOverHTTP2(t *testing.T) {
	for name, r := range map[string]*rig{
		"not inspected":          newRig(t),
		"inspected":              inspected(t),
		"inspected as it passes": inspected(t, func(o *content.Options) { o.Limits.Buffered = 1 << 10 }),
	} {
		r.decide = inspecting
		s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			n, err := io.Copy(io.Discard, q.Body)
			fmt.Fprint(w, q.Proto, " ", n, " ", err, " ", q.Trailer.Get("X-Sum"))
			w.Header().Set(http.TrailerPrefix+"X-Status", "0")
		}), "site.example")
		for _, length := range []int{0, 1, 20_000} {
			trailer := http.Header{"X-Sum": nil}
			body := &atEnd{strings.NewReader(strings.Repeat("molen ", length)), trailer}
			q, err := http.NewRequest("POST", at(s, "site.example", "/"), body)
			if err != nil {
				t.Fatal(err)
			}
			q.Trailer = trailer
			resp, err := r.browser().Do(q)
			if err != nil {
				t.Fatalf("%s: %d bytes: %v", name, 6*length, err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if want := fmt.Sprintf("HTTP/2.0 %d <nil> 7", 6*length); err != nil || string(b) != want ||
				resp.Trailer.Get("X-Status") != "0" {
				t.Errorf("%s: got %q, %v and %q, want %q", name, b, err, resp.Trailer, want)
			}
		}
	}
}
