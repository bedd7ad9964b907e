package main_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"sluis/internal/peers"
)

// canary is a word that stands nowhere else.
const canary = "KanarievogelZ4q7x"

// forms are the canary as storage formats may write it.
func forms() map[string][]byte {
	all := map[string][]byte{"plain": []byte(canary), "upper": []byte(strings.ToUpper(canary)), "hex": []byte(hex.EncodeToString([]byte(canary)))}
	var wide []byte
	for _, u := range utf16.Encode([]rune(canary)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	all["UTF-16"] = wide
	for shift := range 3 { // base64 depends on where the word starts
		enc := base64.StdEncoding.EncodeToString(append(make([]byte, shift), canary...))
		all[fmt.Sprintf("base64 at %d", shift)] = []byte(enc[4 : len(enc)-4])
	}
	return all
}

// sightings returns the forms in which the canary stands in b.
func sightings(b []byte) []string {
	var seen []string
	for name, f := range forms() {
		if bytes.Contains(b, f) || name == "plain" && bytes.Contains(bytes.ToLower(b), bytes.ToLower(f)) {
			seen = append(seen, name)
		}
	}
	return seen
}

func TestTheSearchFindsACanary(t *testing.T) {
	for name, f := range forms() {
		if len(sightings(append([]byte("x"), f...))) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	for shift := range 3 {
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 30+shift) + canary + "tail"))
		if len(sightings([]byte(enc))) == 0 {
			t.Errorf("base64, %d bytes on, is not found", shift)
		}
	}
	if s := sightings([]byte("kanarie")); len(s) > 0 {
		t.Errorf("found where it is not: %v", s)
	}
}

// zipped is a zip file, in base64 for mail, with the canary as name and content.
func zipped(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(canary + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, canary+" "+secret)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// hideouts are messages with the canary in one place each; %s is where the text of the
// message goes, which decides what becomes of it.
func hideouts(t *testing.T) map[string]string {
	b64 := base64.StdEncoding.EncodeToString([]byte(canary))
	return map[string]string{
		"subject":         "Subject: " + canary + "\n\n%s\n",
		"body":            "Subject: a\n\n" + canary + " %s\n",
		"beside the find": "Subject: a\n\n" + canary + " %s " + canary + "\n",
		"base64 body":     "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--b--\n",
		"HTML":            "Subject: a\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p title=\"" + canary + "\">%s</p><!-- " + canary + " -->\n",
		"attachment name": "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"" + canary + ".pdf.exe\"\n\nMZ\n--b--\n",
		"archive":         "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + zipped(t) + "\n--b--\n",
		"field name":      "X-" + canary + ": a\nSubject: a\n\n%s\n",
		"field value":     "X-Field: " + canary + "\nSubject: a\n\n%s\n",
		"character set":   "Subject: =?" + canary + "?q?a?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=" + canary + "\n\n%s\n",
		"encoding":        "Subject: a\nMIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: " + canary + "\n\n%s\n",
		"media type":      "Subject: a\nMIME-Version: 1.0\nContent-Type: text/" + canary + "\n\n%s\n",
		"display name":    "From: \"" + canary + "\" <juf@school.example>\nTo: " + canary + " <ouder@gezin.example>\n\n%s\n",
		"boundary":        "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" + canary + "\n\n--" + canary + "\n\n%s\n--" + canary + "--\n",
		"broken boundary": "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"" + canary + "\n\n--" + canary + "\n\n%s\n",
		"Message-ID":      "Message-ID: <" + canary + "@school.example>\nReferences: <" + canary + "@school.example>\n\n%s\n",
		"folded field":    "Subject: a\n " + canary + "\n\t" + canary + "\n\n%s\n",
		"broken document": "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\n\nPK\x03\x04" + canary + "\n--b--\n",
		"loop":            strings.Repeat("Received: from "+canary+" by sluis.school.example with SMTP id x; Mon, 23 Nov 2026 08:00:00 +0100\n", 6) + "\n%s\n",
	}
}

// What must never happen, 1 and 3: content where it does not belong. A word that stands in
// every place of a message, for every outcome, is afterwards found at the next hop, in
// what a reviewer opens, and nowhere else.
func TestTheCanaryIsNowhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	sink := startSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), policy: "  actions: {conduct: {out: reject}, security: {out: tag}}", rest: "log: {level: debug}\n"})
	replies := ""
	for where, message := range hideouts(t) {
		for outcome, text := range map[string]string{"pass": harmless, "quarantine": secret, "reject": threat} {
			data := fmt.Sprintf(message, text)
			replies += g.try(teacher, []string{parent}, "X-Token: "+where+" "+outcome+"\n"+data)
			sink.Misbehave(on(peers.OnBody, "451 4.3.0 Straks"))
			replies += g.try(teacher, []string{parent, head}, data)
			sink.Misbehave(nil)
		}
	}
	// The canary in commands, too.
	replies += g.try(canary+"@school.example", []string{canary + "@gezin.example"}, letter(secret))
	replies += g.try("juf+"+canary+"@school.example", []string{parent}, letter(harmless))
	c := dialRaw(t, g)
	c.say("EHLO "+canary+"\r\n", "250")
	c.say(canary+" "+canary+"\r\n", "5")
	c.say("MAIL FROM:<"+canary+" X="+canary+"\r\n", "5")
	g.eventually("write the journal", func() bool { return len(g.exported("journal", "export")) > 0 })

	if n := len(g.held()); n < 5 {
		t.Fatalf("only %d messages were set aside: nothing to find a canary in", n)
	}
	if len(sink.Arrivals()) < 5 {
		t.Fatal("too few messages passed")
	}
	look := func(where string, b []byte) {
		if s := sightings(b); len(s) > 0 {
			t.Errorf("the canary is in %s, as %v", where, s)
		}
	}
	look("replies", []byte(replies))
	for _, page := range []string{"metrics", "healthz"} {
		look(page, g.page(page))
	}
	look("journal export", []byte(g.exported("journal", "export")))
	look("journal tail", []byte(g.exported("journal", "tail", "-n", "1000")))
	look("quarantine list", []byte(g.exported("quarantine", "list", "--json")))
	look("ledger export", []byte(g.exported("ledger", "export")))
	lookInFiles := func() {
		for _, dir := range []string{g.dir, temp} {
			filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				b, err := os.ReadFile(path)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				look(path, append(b, d.Name()...))
				return nil
			})
		}
	}
	lookInFiles()
	// The reviewer, who gives a reason, does see it: the search could have failed.
	seen := false
	for _, e := range g.held() {
		out := g.exported("quarantine", "show", e.ID, "--reason", "proef")
		seen = seen || len(sightings([]byte(out))) > 0
	}
	if !seen {
		t.Error("not even in what the reviewer opens")
	}
	g.stop()
	lookInFiles()
	look("log", []byte(g.log.String()))
}

func (g *gateway) page(name string) []byte {
	g.t.Helper()
	res, err := http.Get("http://" + g.status + "/" + name)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return b
}
