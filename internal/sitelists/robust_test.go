package sitelists

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"aead.dev/minisign"
	"golang.org/x/sys/unix"

	"sluis/internal/testenv"
)

// store opens a store in a directory, and updates it once.
func store(t *testing.T, dir string, sources ...Source) *Store {
	t.Helper()
	s, err := Open(dir, sources, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Update(t.Context(), monday); err != nil || !changed {
		t.Fatalf("the first time: %v, %v", changed, err)
	}
	return s
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// TestAllOfUT1 has more categories than an index has room for: what the code forbids is in
// it, though it comes last.
func TestAllOfUT1(t *testing.T) {
	french := strings.Fields(
		`adult agressif ai arjel associations_religieuses astrology audio-video bank bitcoin blog celebrity chat child cleaning
		cooking cryptojacking dangerous_material dating ddos dialer doh download drogue dynamic-dns educational_games examen_pix
		exceptions_liste_bu fakenews filehosting financial forums gambling games hacking jobsearch lingerie liste_blanche liste_bu malware manga
		marketingware mixed_adult mobile-phone phishing press publicite radio reaffected redirector remote-control residential-proxies sect
		sexual_education shopping shortener social_networks sports stalkerware strict_redirector strong_redirector translation tricheur
		tricheur_pix update vpn warez webhosting webmail`,
	)
	dir := t.TempDir()
	for _, c := range french {
		write(t, filepath.Join(dir, "ut1", c, "domains"), []byte(strings.ReplaceAll(c, "_", "-")+".example\n"))
	}
	s := store(t, dir+"/data", Source{Path: dir + "/ut1"})
	for _, c := range french {
		if got := in(t, s, strings.ReplaceAll(c, "_", "-")+".example", "/"); len(got) != 1 {
			t.Errorf("%s is in %q", c, got)
		}
	}
	for host, want := range map[string]string{"adult": "pornography", "agressif": "hate", "warez": "illegal-download",
		"vpn": "bypass", "webmail": "webmail", "strict-redirector": "strict_redirector"} {
		if got := in(t, s, host+".example", "/"); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is in %q", host, got)
		}
	}
	// Some lists have odd lines, and a line can be long.
	write(
		t,
		filepath.Join(dir, "ut1", "doh", "urls"),
		[]byte("/tmp/a.lst\n/tmp/b.lst\nodvr.example/doh\nlong.example/"+strings.Repeat("a", 100_000)+"\n"),
	)
	for i := range 40 {
		write(t, filepath.Join(dir, "ut1", fmt.Sprintf("a%02d", i), "domains"), fmt.Appendf(nil, "a%02d.example\n", i))
	}
	changed, err := s.Update(t.Context(), monday.Add(25*time.Hour))
	if !changed || err == nil || !strings.Contains(err.Error(), "room for 63 categories: together in other are ") {
		t.Errorf("too many categories: changed %v, %v", changed, err)
	}
	if got := in(t, s, "odvr.example", "/doh"); !slices.Equal(got, []string{"bypass"}) {
		t.Errorf("an address of a list with odd lines is in %q", got)
	}
	for host, want := range map[string]string{"warez.example": "illegal-download", "vpn.example": "bypass",
		"a00.example": "a00", "webmail.example": "other", "unknown.example": ""} {
		if got := strings.Join(in(t, s, host, "/"), " "); got != want {
			t.Errorf("%s is in %q, want %q", host, got, want)
		}
	}
}

// TestAFileThatGoesBadDoesNotHold, though another list changes and the index is made anew.
func TestAFileThatGoesBadDoesNotHold(t *testing.T) {
	for name, bad := range map[string][]byte{"a web page": []byte("<html>moved</html>"),
		"shrunk": []byte("casino1.example\n"), "gone": nil} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			casinos, games := dir+"/casinos", dir+"/games"
			write(t, casinos, names("casino", 100))
			write(t, games, names("game", 10))
			s := store(
				t,
				dir+"/data",
				Source{Category: "gambling", Path: casinos},
				Source{Category: "games", Path: games},
			)
			if write(t, casinos, bad); bad == nil {
				os.Remove(casinos)
			}
			write(t, games, names("play", 10))
			changed, err := s.Update(t.Context(), monday.Add(25*time.Hour))
			if !changed || err == nil {
				t.Errorf("changed %v, %v", changed, err)
			}
			if in(t, s, "casino7.example", "/") == nil || in(t, s, "play7.example", "/") == nil ||
				in(t, s, "game7.example", "/") != nil {
				t.Error("the index is not of the last good lists")
			}
		})
	}
}

// TestAKeptListThatIsDamaged is taken over anew, and the index holds until then.
func TestAKeptListThatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	srv := &server{body: names("casino", 1000), etag: `"1"`}
	web := httptest.NewServer(srv)
	defer web.Close()
	write(t, dir+"/games", names("game", 10))
	src := Source{Category: "gambling", URL: web.URL + "/list"}
	s := store(t, dir+"/data", src, Source{Category: "games", Path: dir + "/games"})
	write(t, s.file(src, ".kept"), []byte("@gambling\nother.example\n"))
	write(t, dir+"/games", names("play", 10))
	srv.status = http.StatusInternalServerError
	for i := 1; i < 3; i++ {
		if changed, err := s.Update(t.Context(), monday.Add(time.Duration(i)*25*time.Hour)); changed || err == nil {
			t.Errorf("changed %v, %v", changed, err)
		}
		if in(t, s, "casino7.example", "/") == nil {
			t.Error("the index no longer holds")
		}
	}
	srv.status = 0
	if changed, err := s.Update(t.Context(), monday.Add(80*time.Hour)); !changed || err != nil {
		t.Errorf("when the server is back: %v, %v", changed, err)
	}
	if in(t, s, "casino7.example", "/") == nil || in(t, s, "play7.example", "/") == nil || s.Status()[0].Error != "" {
		t.Errorf("not mended: %+v", s.Status()[0])
	}
}

// TestADamagedIndexIsMadeAnew.
func TestADamagedIndexIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/games", names("game", 10))
	s := store(t, dir+"/data", Source{Category: "games", Path: dir + "/games"})
	write(t, s.indexFile(), []byte("SLUISDM2 and then nothing"))
	if changed, err := s.UpdateFiles(t.Context(), monday.Add(time.Minute)); !changed || err != nil ||
		in(t, s, "game7.example", "/") == nil {
		t.Errorf("changed %v, %v", changed, err)
	}
}

func TestUpdateFilesWaitsForNoServer(t *testing.T) {
	dir := t.TempDir()
	srv := &server{body: names("casino", 10)}
	web := httptest.NewServer(srv)
	defer web.Close()
	write(t, dir+"/games", names("game", 10))
	s, err := Open(
		dir+"/data",
		[]Source{{Category: "gambling", URL: web.URL}, {Category: "games", Path: dir + "/games"}},
		Options{},
	)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := s.UpdateFiles(t.Context(), monday); !changed || err != nil || srv.asked != 0 {
		t.Errorf("changed %v, %v, asked %d times", changed, err, srv.asked)
	}
	if in(t, s, "game7.example", "/") == nil || !s.Missing() {
		t.Error("the file does not hold, or nothing is said of the other list")
	}
	if changed, err := s.Update(t.Context(), monday); !changed || err != nil || s.Missing() ||
		in(t, s, "casino7.example", "/") == nil {
		t.Errorf("then: changed %v, %v", changed, err)
	}
}

// TestStatusDoesNotWait while a slow server is asked, and a stop is not the server's fault.
func TestStatusDoesNotWait(t *testing.T) {
	asked := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer web.Close()
	s, err := Open(t.TempDir(), []Source{{Category: "gambling", URL: web.URL}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { _, err := s.Update(ctx, monday); ended <- err }()
	<-asked
	if st := s.Status(); len(st) != 1 {
		t.Errorf("status %+v", st)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if st := s.Status()[0]; st.Error != "" || !st.Checked.IsZero() {
		t.Errorf("status %+v", st)
	}
}

// TestTheKeyOfAListStaysSecret: some lists are opened by a key in their address.
func TestTheKeyOfAListStaysSecret(t *testing.T) {
	web := httptest.NewServer(&server{})
	address := strings.Replace(web.URL, "http://", "http://someone:canary1@", 1) + "/list?key=canary2"
	web.Close() // nobody answers
	for _, src := range []Source{{Category: "gambling", URL: address}, {Category: "gambling", URL: "http://bad host/?canary3"}} {
		s, err := Open(t.TempDir(), []Source{src}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Update(t.Context(), monday)
		if err == nil {
			t.Fatal("no error")
		}
		if all := fmt.Sprint(err, s.Status()); strings.Contains(all, "canary") {
			t.Errorf("told: %s", all)
		}
	}
}

func TestAListIsNotFetchedInPlainAfterAll(t *testing.T) {
	plain := &server{body: names("casino", 10)}
	web := httptest.NewServer(plain)
	defer web.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(web.URL, http.StatusFound))
	defer secure.Close()
	s, err := Open(t.TempDir(), []Source{{Category: "gambling", URL: secure.URL}}, Options{Client: secure.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), monday); err == nil || !strings.Contains(err.Error(), "from https to http") ||
		plain.asked > 0 {
		t.Errorf("%v, asked %d times", err, plain.asked)
	}
}

// TestACutList is not taken over, though what came of it is names, and more than half.
func TestACutList(t *testing.T) {
	body, cut := names("casino", 1000), false
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
		switch {
		case cut:
			w.Write(body[:len(body)*3/4])
		case r.Header.Get("If-Modified-Since") != "":
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Write(body)
		}
	}))
	defer web.Close()
	s := store(t, t.TempDir(), Source{Category: "gambling", URL: web.URL})
	cut = true
	if changed, err := s.Update(t.Context(), monday.Add(25*time.Hour)); changed || err == nil ||
		!strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("cut: changed %v, %v", changed, err)
	}
	cut = false
	if changed, err := s.Update(t.Context(), monday.Add(50*time.Hour)); changed || err != nil {
		t.Errorf("not modified: changed %v, %v", changed, err)
	}
}

// TestASignedList is taken over if who signed it is who it is expected of.
func TestASignedList(t *testing.T) {
	public, private, err1 := minisign.GenerateKey(nil)
	_, other, err2 := minisign.GenerateKey(nil)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	sign := func(key minisign.PrivateKey, list []byte) []byte {
		r := minisign.NewReader(bytes.NewReader(list))
		io.Copy(io.Discard, r)
		return r.Sign(key)
	}
	good, more := names("casino", 100), names("casino", 101)
	body, signature := good, sign(private, good)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/list":
			w.Write(body)
		case signature == nil:
			http.NotFound(w, r)
		default:
			w.Write(signature)
		}
	}))
	defer web.Close()
	src := Source{
		Category:  "gambling",
		URL:       web.URL + "/list",
		Signature: web.URL + "/list.minisig",
		Key:       public.String(),
	}
	s := store(t, t.TempDir(), src)
	body = more
	for i, tt := range []struct {
		signature []byte
		want      string
	}{
		{signature, "not signed"}, {sign(other, more), "not signed"}, {[]byte("<html>"), "not signed"}, {nil, "404"},
		{sign(private, more), ""},
	} {
		signature = tt.signature
		changed, err := s.Update(t.Context(), monday.Add(time.Duration(i+1)*25*time.Hour))
		if changed != (tt.want == "") || (err == nil) != (tt.want == "") ||
			err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d: changed %v, %v, want %q", i, changed, err, tt.want)
		}
	}
	for i, wrong := range []Source{{URL: web.URL, Signature: web.URL}, {URL: web.URL, Key: public.String()},
		{URL: web.URL, Signature: web.URL, Key: "RWQ"}} {
		if _, err := Open(t.TempDir(), []Source{wrong}, Options{}); err == nil {
			t.Errorf("%d: no error", i)
		}
	}
}

// TestADiskThatIsFull runs itself again in a process that cannot write large files.
func TestADiskThatIsFull(t *testing.T) {
	dir := os.Getenv("SLUIS_TEST_CHILD")
	if dir == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestADiskThatIsFull$")
		child.Env = append(os.Environ(), "SLUIS_TEST_CHILD="+t.TempDir())
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	write(t, dir+"/games", names("game", 1000))
	s := store(t, dir+"/data", Source{Category: "games", Path: dir + "/games"})
	write(t, dir+"/games", names("play", 1000))
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(size uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}); err != nil {
			testenv.Lack(t, "this system does not limit the size of files")
		}
	}
	// for nothing, for the state only, for the list and not the index
	for i, size := range []uint64{100, 5_000, 20_000} {
		limit(size)
		changed, err := s.Update(t.Context(), monday.Add(time.Duration(25+i)*time.Hour))
		limit(unix.RLIM_INFINITY)
		if changed || !errors.Is(err, syscall.EFBIG) {
			t.Errorf("%d bytes are left: changed %v, %v", size, changed, err)
		}
		if in(t, s, "game7.example", "/") == nil {
			t.Errorf("%d bytes are left: the last good list no longer holds", size)
		}
		if left, _ := filepath.Glob(filepath.Join(s.dir, temporary+"*")); len(left) > 0 {
			t.Errorf("%d bytes are left: left behind: %q", size, left)
		}
	}
	if changed, err := s.Update(t.Context(), monday.Add(50*time.Hour)); !changed || err != nil ||
		in(t, s, "play7.example", "/") == nil {
		t.Errorf("when there is room: changed %v, %v", changed, err)
	}
}

// TestTwoProcesses: what is imported by hand holds in a gateway that runs, and its next
// look does not undo it.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/games", names("game", 10))
	write(t, dir+"/casinos", names("casino", 10))
	gateway := store(t, dir+"/data", Source{Category: "games", Path: dir + "/games"})
	hand, err := Open(dir+"/data", nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hand.Import(t.Context(), Source{Category: "gambling", Path: dir + "/casinos"}, false); err != nil {
		t.Fatal(err)
	}
	if changed, err := gateway.Update(t.Context(), monday.Add(time.Minute)); !changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	if in(t, gateway, "casino7.example", "/") == nil || in(t, gateway, "game7.example", "/") == nil {
		t.Error("not both lists hold")
	}
	if changed, err := gateway.Update(t.Context(), monday.Add(2*time.Minute)); changed || err != nil {
		t.Errorf("again: changed %v, %v", changed, err)
	}
	write(t, dir+"/casinos", names("poker", 2)) // who imports knows that it is much smaller
	if _, err := hand.Import(t.Context(), Source{Category: "gambling", Path: dir + "/casinos"}, false); err != nil {
		t.Fatal(err)
	}
	if changed, err := gateway.Update(t.Context(), monday.Add(3*time.Minute)); !changed || err != nil ||
		in(t, gateway, "poker1.example", "/") == nil {
		t.Errorf("a smaller one: changed %v, %v", changed, err)
	}
}

func TestWhatAProcessLeftBehindIsTidiedUp(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/"+temporary+"old", nil)
	write(t, dir+"/"+temporary+"young", nil)
	ago := time.Now().Add(-3 * fetchTime)
	if err := os.Chtimes(dir+"/"+temporary+"old", ago, ago); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, nil, Options{}); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(dir + "/" + temporary + "*"); len(left) != 1 || !strings.HasSuffix(left[0], "young") {
		t.Errorf("left: %q", left)
	}
}
