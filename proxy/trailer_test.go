package proxy

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"sluis/internal/sitepolicy"
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

// TestTrailersHoldNoHeader: what only a header may hold does not get to a site behind the body.
func TestTrailersHoldNoHeader(t *testing.T) {
	for name, r := range map[string]*rig{"not inspected": newRig(t), "inspected": inspected(t)} {
		ways := r.ways(fine)
		r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
			d := inspecting(q)
			d.Header = []sitepolicy.Field{{Name: "Youtube-Restrict", Value: "Strict"}}
			return d
		}
		for _, w := range ways {
			resp, _ := w.ask(t, "POST "+w.before+"/ HTTP/1.1\r\nHost: "+w.host+"\r\n"+
				"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\n"+
				"X-Sum: 7\r\nX-Other: 1\r\nContent-Length: 9\r\nHost: a.example\r\nTransfer-Encoding: x\r\n"+
				"Upgrade: h2c\r\nAuthorization: b\r\nyoutube-restrict: None\r\n\r\n")
			want := http.Header{"X-Sum": {"7"}, "X-Other": {"1"}}
			at := w.site.last.Load()
			if resp.StatusCode != 200 || at == nil {
				t.Errorf("%s, %s: got %s, want 200 from the site", name, w.name, resp.Status)
			} else if !reflect.DeepEqual(at.trailer, want) || at.body != "abc" {
				t.Errorf("%s, %s: got %q and the trailer %q, want abc and %q", name, w.name, at.body, at.trailer, want)
			}
		}
	}
}
