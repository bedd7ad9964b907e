package content

import (
	"io"
	"net/http"
	"testing"
	"time"

	"sluis/internal/roster"
	"sluis/rules"
)

// TestSlowHeadsAreShown: of a body of known length no more is waited for than its first bytes, once it comes slowly;
// programs are stopped however slowly they come.
func TestSlowHeadsAreShown(t *testing.T) {
	pupils, _ := roster.ParseGroup("leerlingen")
	e := inspector(t, func(o *Options) {
		o.Limits.Slow = time.Millisecond
		o.Downloads = []DownloadRule{{Groups: []roster.Group{pupils}, Executable: true}}
	})
	for _, tt := range []struct {
		kind, first, second string
		blocked             bool
	}{
		{"text/plain", "12:00 de eerste regel\n", "12:01 de tweede\n", false},
		{"application/json", `{"gebeurtenis": 1}`, `{"gebeurtenis": 2}`, false},
		{"text/css", "body { color: black", " }", false},
		{"", "12:00 de eerste regel\n", "12:01 de tweede\n", false},
		{"text/html", "<!doctype html><p>Rij 1</p>", "<p>Rij 2</p>", false},
		{"image/png", "\x89PNG\r\n\x1a\n\x00\x00", "\x00\x0dIHDR", false},
		{"text/plain", "MZ\x90\x00\x03\x00\x00\x00", "\x04\x00", true},
		{"image/png", "\x7fELF\x02\x01\x01\x00\x00", "\x00", true},
	} {
		for _, coding := range []string{"", "gzip"} {
			src, site := io.Pipe()
			x, r := exchange(rules.Conduct), as(tt.kind, coding, "")
			x.Group, r.Body, r.ContentLength = pupils, src, 5000
			first := zipped(coding, tt.first)
			go io.WriteString(site, first)
			blocked, err := e.Response(t.Context(), x, r)
			if blocked != tt.blocked || err != nil {
				t.Errorf("%s, %q of %q: got blocked %v, %v, want %v",
					tt.kind, coding, tt.first, blocked, err, tt.blocked)
			}
			if !blocked && (coding == "" || tt.kind != "text/html") { // the second piece is not coded
				seesFirst(t, r, first, tt.kind)
				go func() {
					io.WriteString(site, tt.second)
					site.Close()
				}()
				if rest, err := io.ReadAll(r.Body); string(rest) != tt.second || err != nil && coding == "" {
					t.Errorf("%s, %q: then got %q, %v, want the rest", tt.kind, coding, rest, err)
				}
			}
			r.Body.Close()
		}
	}
	nothingWaits(t, e)
}

// seesFirst reads what a browser has of a body.
func seesFirst(t *testing.T, r *http.Response, want, kind string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v, want what has come", kind, got, err)
	}
}
