package content

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPagesThatTeachPass: a page may speak of the categories that no site may show (C2.8a). Each file is
// judged as it is, and within a long page that is about something else.
func TestPagesThatTeachPass(t *testing.T) {
	e := inspector(t)
	for kind, want := range map[string]bool{"harmless": false, "forbidden": true} {
		files, err := filepath.Glob(filepath.Join("testdata", "pages", kind, "*.html"))
		if err != nil || len(files) < 3 {
			t.Fatalf("got %d files, %v, want 3 at least", len(files), err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			x := exchange()
			x.Grounds.Purposes |= conduct
			blocked, err := e.Response(t.Context(), x, respond("text/html; charset=utf-8", "", string(b)))
			if err != nil || blocked != want {
				t.Errorf("%s: got blocked %v, %v, %+v, want %v", f, blocked, err, x.Found().Verdict, want)
			}
		}
	}
}

// TestAllThatTeachesTogetherPasses: a site that shows every such lesson on one page.
func TestAllThatTeachesTogetherPasses(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "pages", "harmless", "*.html"))
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	x := exchange()
	x.Grounds.Purposes |= conduct
	r := respond("text/html; charset=utf-8", "", all.String())
	blocked, err := inspector(t).Response(t.Context(), x, r)
	if err != nil || blocked {
		t.Fatalf("got blocked %v, %v, %+v, want it to pass", blocked, err, x.Found().Verdict)
	}
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != all.String() {
		t.Errorf("got %d bytes, %v, want all %d", len(b), err, all.Len())
	}
}
