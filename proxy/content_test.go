package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sluis/filter"
	"sluis/internal/testenv"
	"sluis/proxy/content"
	"sluis/rules"
)

// inspected is a rig whose content is inspected by the real engine and its rules.
func inspected(t *testing.T, change ...func(*content.Options)) *rig {
	t.Helper()
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	engine, err := filter.Compile(set, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := content.Options{
		Settings: content.Settings{
			Uploads: content.Uploads{Leak: content.Pass},
			Pages:   true,
			Limits:  content.Limits{Buffered: 256 << 10, Head: 32 << 10},
		},
		Engine: engine,
		Dir:    t.TempDir(),
	}
	for _, c := range change {
		c(&o)
	}
	e, err := content.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.decide = inspecting
	r.reload(func(c *Config) { c.Content = e })
	return r
}

const (
	threatening = "ik maak je af, ik weet waar je woont"
	filthy      = "Vieze hoer, kankerhoer. Hete geile sletjes, gratis porno, pornofilms en neukfilmpjes, pijpbeurt, " +
		"blowjobs. Alle moslims moeten dood, vergas ze. "
	ordinary = "<p>Morgen gaan we met groep 7 naar het museum.</p>\n"
)

// caught returns the records of exchanges that were stopped by their content.
func (r *rig) caught(n int) (kinds []string) {
	for _, rec := range r.journal.wait(r.t, n) {
		if rec.Action == filter.Reject {
			kinds = append(kinds, rec.Category.String()+" "+rec.Peer.String())
		}
	}
	return kinds
}

func TestAForbiddenPageIsReplaced(t *testing.T) {
	r := inspected(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		page := strings.Repeat(ordinary, 20)
		if strings.Contains(q.URL.Path, "filth") {
			page += filthy
		}
		if q.Header.Get("Accept-Encoding") != "gzip" {
			io.WriteString(w, page)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, page)
		z.Close()
	}), "www.site.nl")
	c := r.browser()
	for path, status := range map[string]int{"/good": 200, "/filth": 403} {
		for _, coding := range []string{"identity", "dcb, gzip"} { // what cannot be read is not asked for
			q, _ := http.NewRequest("GET", at(s, "www.site.nl", path), nil)
			q.Header.Set("Accept-Encoding", coding)
			resp, err := c.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != status || bytes.Contains(b, []byte("neukfilm")) {
				t.Errorf("%s, %s: got %s, %v, %.60q, want %d", path, coding, resp.Status, err, b, status)
			}
			coded := resp.Header.Get("Content-Encoding") == "gzip"
			if coded != (status == 200 && coding != "identity") {
				t.Errorf("%s, %s: got %v, want the coding of the site", path, coding, resp.Header)
			}
		}
	}
	if got := r.caught(4); len(got) != 2 || got[0] != "pornography site.nl" {
		t.Errorf("records: got %q, want two of pornography at site.nl", got)
	}
}

func TestALongPageIsCutWhereItBecomesForbidden(t *testing.T) {
	r := inspected(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, strings.Repeat(ordinary, 700)+strings.Repeat(filthy, 200)+strings.Repeat(ordinary, 100))
	}), "www.site.example")
	resp, err := r.browser().Get(at(s, "www.site.example", "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil || len(b) == 0 || bytes.Contains(b, []byte("neukfilm")) {
		t.Errorf("got %d bytes, %v, want the connection cut before the forbidden passage", len(b), err)
	}
	if got := r.caught(1); len(got) != 1 {
		t.Errorf("records: got %q, want one", got)
	}
}

// TestUploadsThroughTheProxy: the site gets an upload as it was sent, or not at all, or, if it is larger than the
// buffer, not beyond the finding.
func TestUploadsThroughTheProxy(t *testing.T) {
	r := inspected(t)
	type upload struct {
		body  []byte
		whole bool
	}
	var mu sync.Mutex
	uploads := map[string]upload{} // by path
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, err := io.ReadAll(q.Body)
		mu.Lock()
		defer mu.Unlock()
		uploads[q.URL.Path] = upload{b, err == nil}
	}), "www.site.example")
	c := r.browser()
	long := strings.Repeat(ordinary, 12_000) // 600 KB
	for name, tc := range map[string]struct {
		body   string
		status int
		site   int // bytes that it gets; -1: some
	}{
		"short and harmless":      {"hallo", 200, 5},
		"short and forbidden":     {threatening, 403, 0},
		"long and harmless":       {long, 200, len(long)},
		"long, early":             {threatening + long, 403, 0},
		"long, beyond the buffer": {long[:400<<10] + " " + threatening + " " + long[400<<10:], 403, -1},
	} {
		path := "/" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
		resp, err := c.Post(at(s, "www.site.example", path), "text/plain", strings.NewReader(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		c.CloseIdleConnections()
		if resp.StatusCode != tc.status || tc.status == 403 && string(b) != "blocked www.site.example threat" {
			t.Errorf("%s: got %s, %.80q, want %d", name, resp.Status, b, tc.status)
		}
		mu.Lock()
		got, whole := uploads[path].body, uploads[path].whole
		mu.Unlock()
		if bytes.Contains(got, []byte("maak je af")) || tc.site >= 0 && len(got) != tc.site ||
			tc.status != 200 && whole && len(got) > 0 {
			t.Errorf("%s: the site got %d bytes, all of it %v, want %d", name, len(got), whole, tc.site)
		}
	}
	if caught := r.caught(5); len(caught) != 3 {
		t.Errorf("records: got %q, want three", caught)
	}
}

// TestCurlExpects: a client that asks first whether it may send gets an answer.
func TestCurlExpects(t *testing.T) {
	testenv.Need(t, "curl")
	r := inspected(t)
	size := 0
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		size = len(b)
		io.WriteString(w, "thanks")
	}))
	dir := t.TempDir()
	for name, body := range map[string]string{
		"good.html": strings.Repeat(ordinary, 4000), "bad.txt": strings.Repeat("een regel\n", 4000) + threatening,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		size = 0
		out, err := exec.CommandContext(ctx, "curl", "-s", "-m", "20", "-x", "http://"+r.address,
			"-H", "Expect: 100-continue", "-F", "brief=@"+filepath.Join(dir, name),
			at(s, "www.site.example", "/")).CombinedOutput()
		bad := name == "bad.txt"
		if err != nil || bad != (size == 0) || bad != strings.HasPrefix(string(out), "blocked") {
			t.Errorf("%s: got %v, %q, and %d bytes at the site, want it blocked: %v", name, err, out, size, bad)
		}
	}
}

// TestFindingsAreInNoLog: neither a finding in a body nor a fault of one is in a line of the log (must never 1).
func TestFindingsAreInNoLog(t *testing.T) {
	const canary = "kanarie7391"
	r := inspected(t)
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if q.URL.Path == "/broken" {
			w.Header().Set("Content-Length", "100000")
			io.WriteString(w, canary)
			panic(http.ErrAbortHandler)
		}
		if q.URL.Path == "/coded" {
			w.Header().Set("Content-Encoding", "br")
		}
		io.WriteString(w, canary+filthy)
	}), "www.site.example")
	c := r.browser()
	for _, path := range []string{"/", "/broken", "/coded"} {
		if resp, err := c.Get(at(s, "www.site.example", path)); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		resp, err := c.Post(
			at(s, "www.site.example", path),
			"multipart/form-data; boundary="+canary,
			strings.NewReader("--"+canary+"\r\n"+threatening+canary),
		)
		if err == nil {
			resp.Body.Close()
		}
	}
	r.journal.wait(t, 6)
	r.stop()
	if strings.Contains(r.log.String(), canary) || strings.Contains(r.log.String(), "127.0.0.1") {
		t.Errorf("log: got\n%s\nwant nothing of the content or its place in it", r.log)
	}
}

// patient is a scanner that takes its time.
type patient chan struct{}

func (p patient) Scan(ctx context.Context, content io.Reader) (string, error) {
	select {
	case <-p:
		return "Eicar", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// TestADownloadBeginsBeforeTheScannerAnswers: and its end depends on the answer.
func TestADownloadBeginsBeforeTheScannerAnswers(t *testing.T) {
	scanner := make(patient)
	r := inspected(t, func(o *content.Options) { o.Scanner, o.Limits.Patience = scanner, 1 })
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Length", "100000")
		w.Write(make([]byte, 100_000))
	}), "www.site.nl")
	resp, err := r.browser().Get(at(s, "www.site.nl", "/x.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := resp.Body.Read(make([]byte, 1000)); n == 0 || err != nil || resp.StatusCode != 200 {
		t.Errorf("got %s, %d bytes, %v, want a few bytes already", resp.Status, n, err)
	}
	close(scanner)
	if b, err := io.ReadAll(resp.Body); err == nil || len(b) > 10_000 {
		t.Errorf("got %d bytes more, %v, want the file cut off", len(b), err)
	}
	if got := r.caught(1); len(got) != 1 || got[0] != "malware site.nl" {
		t.Errorf("records: got %q, want one of malware at site.nl", got)
	}
}
