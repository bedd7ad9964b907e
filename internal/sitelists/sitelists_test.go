package sitelists

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// server serves one list, as it is at the moment.
type server struct {
	body    []byte
	status  int
	etag    string
	asked   int
	whole   int
	sumBody string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".sha256") {
		fmt.Fprintln(w, s.sumBody)
		return
	}
	s.asked++
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
		if r.Header.Get("If-None-Match") == s.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	s.whole++
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
	w.Write(s.body)
}

func names(prefix string, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%s%d.example\n", prefix, i)
	}
	return b.Bytes()
}

func zipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

func tarball(files map[string][]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg})
		w.Write(text)
	}
	w.Close()
	return zipped(b.Bytes())
}

// in returns the categories of a host, or of a page of it.
func in(t *testing.T, s *Store, host, path string) []string {
	t.Helper()
	x, err := s.Index()
	if err != nil {
		t.Fatal(err)
	}
	return x.Categories(x.LookupURL(host, path))
}

func TestUpdate(t *testing.T) {
	srv := &server{body: names("casino", 1000), etag: `"1"`}
	web := httptest.NewServer(srv)
	defer web.Close()
	dir := t.TempDir()
	src := Source{Category: "gambling", URL: web.URL + "/list", Every: time.Hour}
	open := func() *Store {
		s, err := Open(dir, []Source{src}, Options{Client: web.Client()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if changed, err := s.Update(t.Context(), monday); err != nil || !changed {
		t.Fatalf("the first time: %v, %v", changed, err)
	}
	if c := in(t, s, "www.casino7.example", "/"); !slices.Equal(c, []string{"gambling"}) {
		t.Errorf("a listed site is in %q", c)
	}
	if c := in(t, s, "www.pornhub.com", "/"); !slices.Equal(c, []string{"pornography"}) {
		t.Errorf("a site of the starter lists is in %q", c)
	}
	if changed, err := s.Update(t.Context(), monday.Add(10*time.Minute)); changed || err != nil || srv.asked != 1 {
		t.Errorf("before it is due: %v, %v, asked %d times", changed, err, srv.asked)
	}
	s = open() // the gateway starts anew
	if changed, err := s.Update(t.Context(), monday.Add(2*time.Hour)); changed || err != nil || srv.asked != 2 ||
		srv.whole != 1 {
		t.Errorf("unchanged: %v, %v, asked %d times, sent %d times", changed, err, srv.asked, srv.whole)
	}
	srv.etag, srv.body = `"2"`, zipped(names("poker", 900))
	if changed, err := s.Update(t.Context(), monday.Add(4*time.Hour)); !changed || err != nil {
		t.Errorf("changed: %v, %v", changed, err)
	}
	if c := in(t, s, "poker7.example", "/"); len(c) != 1 {
		t.Errorf("a new site is in %q", c)
	}
	if c := in(t, s, "casino7.example", "/"); c != nil {
		t.Errorf("a site that is no longer listed is in %q", c)
	}
	if st := s.Status()[0]; st.Names != 900 || st.Error != "" || !st.Changed.Equal(monday.Add(4*time.Hour)) {
		t.Errorf("status %+v", st)
	}
}

// TestLastGood: whatever comes in the place of a list, the last good one holds, and the
// state tells what is wrong.
func TestLastGood(t *testing.T) {
	good := names("casino", 1000)
	for name, tt := range map[string]struct {
		body   []byte
		status int
		want   string
	}{
		"an error page":          {[]byte("<!DOCTYPE html><html>gone</html>"), 0, "web page"},
		"a refusal":              {good, 404, "404"},
		"nothing":                {nil, 0, "no name"},
		"much less":              {good[:len(good)/4], 0, "too much has gone"},
		"something else":         {bytes.Repeat([]byte("this is a line of prose, not a name\n"), 2000), 0, "no list of sites"},
		"a damaged archive":      {zipped(good)[:200], 0, "unexpected EOF"},
		"an endless line":        {bytes.Repeat([]byte("a"), 2<<20), 0, "are not"},
		"another one's checksum": {names("casino", 1001), 0, "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := &server{body: good, sumBody: fmt.Sprintf("%x  list", sha256.Sum256(good))}
			web := httptest.NewServer(srv)
			defer web.Close()
			src := Source{Category: "gambling", URL: web.URL + "/list", Every: time.Hour}
			if strings.Contains(name, "checksum") {
				src.Checksum = web.URL + "/list.sha256"
			}
			s, err := Open(t.TempDir(), []Source{src}, Options{Client: web.Client()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Update(t.Context(), monday); err != nil {
				t.Fatal(err)
			}
			srv.body, srv.status = tt.body, tt.status
			changed, err := s.Update(t.Context(), monday.Add(2*time.Hour))
			if changed || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("changed %v, error %v, want %q", changed, err, tt.want)
			}
			if st := s.Status()[0]; st.Names != 1000 || !strings.Contains(st.Error, tt.want) {
				t.Errorf("status %+v", st)
			}
			if c := in(t, s, "casino7.example", "/"); len(c) != 1 {
				t.Errorf("the last good list no longer holds: %q", c)
			}
			left, _ := filepath.Glob(filepath.Join(s.dir, "new-*"))
			if len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			srv.body, srv.status, srv.sumBody = names(
				"casino",
				1002,
			), 0, fmt.Sprintf(
				"%x",
				sha256.Sum256(names("casino", 1002)),
			)
			if changed, err := s.Update(t.Context(), monday.Add(3*time.Hour)); !changed || err != nil {
				t.Errorf("when it is mended: %v, %v", changed, err)
			}
		})
	}
}

func TestLayouts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ut1/games/domains": "games.example\n", "ut1/games/urls": "mixed.example/games\n", "ut1/README": "not a list",
		"flat/social.txt": "0.0.0.0 social.example\n", "single.hosts": "127.0.0.1 localhost\n0.0.0.0 track.example # x\n||ads.example^\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tgz := filepath.Join(dir, "all.tar.gz")
	if err := os.WriteFile(tgz, tarball(map[string][]byte{"blacklists/press/domains": []byte("press.example\n"),
		"blacklists/press/urls": []byte("mixed.example/press\n"), "blacklists/README": []byte("x")}),
		0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Open(
		filepath.Join(dir, "data"),
		[]Source{{Path: filepath.Join(dir, "ut1")}, {Path: filepath.Join(dir, "flat")},
			{Category: "ads", Path: filepath.Join(dir, "single.hosts")}, {Path: tgz}},
		Options{},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), monday); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]string{
		"games.example/": "games", "mixed.example/games/chess": "games", "mixed.example/press": "press",
		"mixed.example/": "", "social.example/": "social",
		"track.example/": "ads", "ads.example/": "ads", "press.example/": "press", "localhost/": "",
	} {
		host, path, _ := strings.Cut(page, "/")
		if got := strings.Join(in(t, s, host, "/"+path), " "); got != want {
			t.Errorf("%s is in %q, want %q", page, got, want)
		}
	}
}

// TestUnwritable: where nothing can be written the old index holds.
func TestUnwritable(t *testing.T) {
	srv := &server{body: names("casino", 1000)}
	web := httptest.NewServer(srv)
	defer web.Close()
	dir := t.TempDir()
	s, err := Open(dir, []Source{{Category: "gambling", URL: web.URL, Every: time.Hour}}, Options{Client: web.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), monday); err != nil {
		t.Fatal(err)
	}
	x, err := s.Index()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil { // as good as a disk that is gone
		t.Fatal(err)
	}
	srv.body = names("poker", 1000)
	if changed, err := s.Update(t.Context(), monday.Add(2*time.Hour)); changed || err == nil {
		t.Errorf("changed %v, error %v", changed, err)
	}
	if x.Lookup("casino7.example") == 0 {
		t.Error("the index that is in use no longer answers")
	}
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	all := tarball(
		map[string][]byte{
			"blacklists/adult/domains": []byte("adult.example\n"),
			"blacklists/games/urls":    []byte("mixed.example/games\n"),
		},
	)
	web := httptest.NewServer(&server{body: all})
	defer web.Close()
	open := func() *Store {
		s, err := Open(dir, nil, Options{Client: web.Client()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if n, err := open().Import(t.Context(), Source{URL: web.URL + "/blacklists.tar.gz"}, false); err != nil || n.Names != 2 {
		t.Fatalf("an archive: %d names, %v", n.Names, err)
	}
	single := filepath.Join(t.TempDir(), "casinos.txt")
	if err := os.WriteFile(single, []byte("casino.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := open().Import(t.Context(), Source{Category: "gambling", Path: single}, false); err != nil || n.Names != 1 {
		t.Fatalf("a list: %d names, %v", n.Names, err)
	}
	s := open()
	if _, err := s.Update(t.Context(), monday); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]string{"adult.example/": "pornography", "mixed.example/games": "games",
		"casino.example/": "gambling", "www.toto.nl/": "gambling"} {
		host, path, _ := strings.Cut(page, "/")
		if got := strings.Join(in(t, s, host, "/"+path), " "); got != want {
			t.Errorf("%s is in %q, want %q", page, got, want)
		}
	}
	for name, src := range map[string]Source{"no archive": {Path: single}, "a directory": {Category: "x", Path: dir},
		"a name that is a path": {Category: "../x", Path: single}, "nothing": {Category: "x", Path: dir + "/none"}} {
		if _, err := open().Import(t.Context(), src, false); err == nil {
			t.Errorf("%s is imported", name)
		}
	}
}
