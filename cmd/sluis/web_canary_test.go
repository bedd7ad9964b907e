package main_test

import (
	"bytes"

	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// What must never happen, 1, on the web: the canary is in each place of a request and of a
// page, for each outcome, and afterwards nowhere but at the site.
func TestTheWebCanaryIsNowhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	w := newWebGateway(t, "  content: {pages: true, quarantine: true}\n")
	reached := ""
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		reached += r.URL.String() + string(b)
		rw.Header().Set("Content-Type", "text/html")
		rw.Header().Set("X-"+canary, canary)
		fmt.Fprintf(rw, "<p>%s</p>", canary)
	}))
	defer site.Close()
	b, err := os.ReadFile(w.config())
	if err != nil {
		t.Fatal(err)
	}
	open := strings.Replace(string(b), "plain-ports: [80, ",
		"plain-ports: [80, "+portOf(site.Listener.Addr().String())+", ", 1)
	if err := os.WriteFile(w.config(), []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.eventually("take the new configuration", func() bool { return strings.Contains(w.log.String(), "reloaded") })
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	f, _ := m.CreateFormFile("file", canary+".txt")
	io.WriteString(f, canary+" "+threat)
	m.WriteField(canary, canary)
	m.Close()
	formFile := filepath.Join(temp, "form")
	if err := os.WriteFile(formFile, form.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	hide := []string{"-H", "Cookie: " + canary + "=" + canary, "-H", "X-" + canary + ": " + canary, "-A", canary, "-e",
		"http://x.example/" + canary}
	replies := ""
	for _, host := range []string{"localhost:" + portOf(site.Listener.Addr().String()), "www.toto.nl",
		"nowhere.invalid", "10.0.0.1", canary + ".invalid"} {
		for _, extra := range [][]string{nil, {"-d", canary + "=" + canary}, {"-d", canary + "=" + threat},
			{"-H", "Content-Type: " + m.FormDataContentType(), "--data-binary", "@" + formFile},
			{"-H", "Content-Encoding: " + canary, "-d", canary}} {
			_, body := w.curl(append(append(hide, extra...), "http://"+host+"/"+canary+"?q="+canary)...)
			if !strings.HasPrefix(host, "localhost") {
				replies += body
			}
		}
		w.curl(append(hide, "https://"+host+"/"+canary)...)
	}
	for _, raw := range []string{"GET " + canary + " HTTP/1.1\r\n\r\n", canary + "\r\n\r\n", "CONNECT " + canary +
		".example:443 HTTP/1.1\r\nHost: " + canary + ".example:443\r\n\r\n\x16\x03\x01" + canary} {
		c, err := net.Dial("tcp", w.proxy)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(testenv.Patience))
		io.WriteString(c, raw)
		c.(*net.TCPConn).CloseWrite() // or the gateway waits for the rest of the hello
		io.Copy(io.Discard, c)
		c.Close()
	}
	os.Remove(formFile)
	if len(sightings([]byte(reached))) == 0 || strings.Contains(reached, threat) {
		t.Fatal("the site got nothing, or what was to be stopped")
	}
	w.eventually("have records", func() bool { return strings.Count(w.exported("journal", "export"), "\n") > 20 })
	held := w.held()
	if len(held) < 2 {
		t.Fatalf("got %d quarantined uploads, want at least 2", len(held))
	}
	w.reviews()
	if _, errs, code := run(t, "", "quarantine", "release", held[0].ID, "--reason", "proef", "--config",
		w.config()); code == 0 || !strings.Contains(errs, "cannot be delivered") {
		t.Errorf("an upload is delivered: %d, %s", code, errs)
	}
	if out := w.exported("quarantine", "show", held[0].ID, "--stage", "text", "--reason",
		"proef"); len(sightings([]byte(out))) == 0 {
		t.Error("not even in what the reviewer opens")
	}
	look := func(where string, b []byte) {
		if s := sightings(b); len(s) > 0 {
			t.Errorf("the canary is in %s, as %v", where, s)
		}
	}
	look("replies", []byte(strings.ReplaceAll(replies, strings.ToLower(canary)+".invalid",
		""))) // the person sees where they went
	look("journal export", []byte(w.exported("journal", "export")))
	look("ledger export", []byte(w.exported("ledger", "export")))
	look("quarantine list", []byte(w.exported("quarantine", "list", "--json")))
	for _, page := range []string{"metrics", "healthz"} {
		look(page, w.page(page))
	}
	lookInFiles(t, w.dir, temp)
	w.stop()
	lookInFiles(t, w.dir, temp)
	look("log", []byte(w.log.String()))
}
