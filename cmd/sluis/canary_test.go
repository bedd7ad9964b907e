package main_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// canary is the word that must be nowhere.
var canary = testenv.Canary()

// sightings returns the forms in which the canary occurs in b.
func sightings(b []byte) []string { return testenv.Sightings(canary, b) }

func TestTheSearchFindsACanary(t *testing.T) {
	for name, f := range testenv.CanaryForms(canary) {
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
	// In files, in their names, and in databases while they are in use.
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "niets", "b": "x" + canary, canary: ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found := inFiles(t, dir, sightings); len(found) != 2 {
		t.Errorf("found in %v", found)
	}
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(secret))
	g.records(1)
	ruleIn := func(b []byte) []string {
		if bytes.Contains(b, []byte("leak.credentials.secret")) {
			return []string{"rule"}
		}
		return nil
	}
	if found := strings.Join(inFiles(t, g.data(), ruleIn), "\n"); !strings.Contains(found, "/journal/") ||
		!strings.Contains(found, "/quarantine/") {
		t.Errorf("what is kept is not seen: %s", found)
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
		"subject":           "Subject: " + canary + "\n\n%s\n",
		"body":              "Subject: a\n\n" + canary + " %s\n",
		"beside the find":   "Subject: a\n\n" + canary + " %s " + canary + "\n",
		"base64 body":       "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--b--\n",
		"HTML":              "Subject: a\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p title=\"" + canary + "\">%s</p><!-- " + canary + " -->\n",
		"attachment name":   "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"" + canary + ".pdf.exe\"\n\nMZ\n--b--\n",
		"archive":           "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + zipped(t) + "\n--b--\n",
		"field name":        "X-" + canary + ": a\nSubject: a\n\n%s\n",
		"field value":       "X-Field: " + canary + "\nSubject: a\n\n%s\n",
		"character set":     "Subject: =?" + canary + "?q?a?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=" + canary + "\n\n%s\n",
		"encoding":          "Subject: a\nMIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: " + canary + "\n\n%s\n",
		"media type":        "Subject: a\nMIME-Version: 1.0\nContent-Type: text/" + canary + "\n\n%s\n",
		"display name":      "From: \"" + canary + "\" <juf@school.example>\nTo: " + canary + " <ouder@gezin.example>\n\n%s\n",
		"boundary":          "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" + canary + "\n\n--" + canary + "\n\n%s\n--" + canary + "--\n",
		"broken boundary":   "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"" + canary + "\n\n--" + canary + "\n\n%s\n",
		"Message-ID":        "Message-ID: <" + canary + "@school.example>\nReferences: <" + canary + "@school.example>\n\n%s\n",
		"folded field":      "Subject: a\n " + canary + "\n\t" + canary + "\n\n%s\n",
		"broken document":   "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\n\nPK\x03\x04" + canary + "\n--b--\n",
		"file in a message": "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: message/rfc822\n\nSubject: " + canary + "\nFrom: " + canary + " <x@y.example>\n\n" + canary + "\n--b--\n",
		"encoded name": "Subject: =?utf-8?b?" + b64 +
			"?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n" +
			"--b\nContent-Type: text/csv; name*0*=utf-8''" + canary[:4] + "; name*1=" + canary[4:] + ".csv\n\n" + canary + ";1\n--b--\n",
		"quoted-printable": "Subject: a\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + canary + "=\n " + canary + "=zz %s\n",
		"UTF-16":           "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(testenv.UTF16(canary)) + "\n--b--\n",
		"lying link":       "Subject: a\nMIME-Version: 1.0\nContent-Type: text/html\n\n%s <a href=\"http://" + canary + ".example/" + canary + "\">https://www.bank.example/</a>\n",
		"large":            "Subject: a\n\n%s\n" + strings.Repeat(canary+" en nog een regel\n", 5000),
		"broken header":    "Subject: a\n" + canary + "\n" + canary + " : " + canary + "\n\n%s\n",
		"loop":             strings.Repeat("Received: from "+canary+" by sluis.school.example with SMTP id x; Mon, 23 Nov 2026 08:00:00 +0100\n", 6) + "\n%s\n",
	}
}

// What must never happen, 1 and 3: content where it does not belong. A word that stands in
// every place of a message, for every outcome, is afterwards found at the next hop, in
// what a reviewer opens, and nowhere else.
func TestTheCanaryIsNowhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // of the commands, too
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), policy: "  actions: {conduct: {out: reject}, security: {out: tag}}", rest: "log: {level: debug}\n"})
	replies := ""
	for where, message := range hideouts(t) {
		for outcome, text := range map[string]string{"pass": harmless, "quarantine": secret, "reject": threat} {
			data := fmt.Sprintf(message, text)
			replies += g.try(teacher, []string{parent}, "X-Token: "+where+" "+outcome+"\n"+data)
			sink.Misbehave(on(testenv.OnBody, "451 4.3.0 Straks"))
			replies += g.try(teacher, []string{parent, head}, data)
			sink.Misbehave(nil)
		}
	}
	// Faults are logged: sealing fails, and looking at a message does.
	sealed := filepath.Join(g.data(), "quarantine", "sealed")
	hungry := newGateway(t, settings{nextHop: sink.Addr(), mail: "  limits: {inspection-time: 1ns}", rest: "log: {level: debug}\n"})
	if err := os.Rename(sealed, sealed+"-gone"); err != nil {
		t.Fatal(err)
	}
	for _, message := range hideouts(t) {
		replies += g.try(teacher, []string{parent, canary + "@school.example"}, fmt.Sprintf(message, secret))
		replies += hungry.try(canary+"@school.example", []string{canary + "@gezin.example"}, fmt.Sprintf(message, secret))
	}
	if err := os.Rename(sealed+"-gone", sealed); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.log.String(), "sealing failed") ||
		!strings.Contains(hungry.log.String(), "inspection failed") {
		t.Fatal("no fault was logged")
	}
	// The canary in commands, too.
	replies += g.try(canary+"@school.example", []string{canary + "@gezin.example"}, letter(secret))
	replies += g.try("juf+"+canary+"@school.example", []string{parent}, letter(harmless))
	c := dialRaw(t, g)
	c.say("EHLO "+canary+"\r\n", "250")
	c.say(canary+" "+canary+"\r\n", "5")
	c.say("MAIL FROM:<"+canary+" X="+canary+"\r\n", "5")
	replies += brokenCanaries(t, g)
	g.eventually("write the journal", func() bool { return len(g.exported("journal", "export")) > 0 })

	if n := len(g.held()); n < 5 {
		t.Fatalf("only %d messages were quarantined: nothing to find a canary in", n)
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
	lookInFiles(t, g.dir, temp)
	// The reviewer, who gives a reason, does see it: the search could have failed.
	seen := false
	for _, e := range g.held() {
		out := g.exported("quarantine", "show", e.ID, "--stage", "text", "--reason", "proef")
		seen = seen || len(sightings([]byte(out))) > 0
	}
	if !seen {
		t.Error("not even in what the reviewer opens")
	}
	g.stop()
	lookInFiles(t, g.dir, temp)
	hungry.stop()
	lookInFiles(t, hungry.dir)
	look("log", []byte(g.log.String()+hungry.log.String()))
}

// brokenCanaries sends what is no proper message, no proper session, or not even SMTP, and
// returns what was said to that.
func brokenCanaries(t *testing.T, g *gateway) string {
	t.Helper()
	replies := ""
	for _, body := range []string{canary + "\rX\r\n", canary + "\x00\r\n", canary + "\n.\n" + canary + "\r\n",
		strings.Repeat("Received: from "+canary+" by x\r\n", 60)} {
		c := dialRaw(t, g)
		c.say("EHLO c\r\n", "250")
		c.say(fmt.Sprintf("MAIL FROM:<%s> ENVID=%s\r\nRCPT TO:<%s> ORCPT=rfc822;%s@x.example\r\nDATA\r\n", teacher,
			canary, parent, canary), "250", "250", "354")
		replies += c.say(body+"\r\n.\r\n", "554")
	}
	// Half a large message, of which the other half never comes.
	c := dialRaw(t, g)
	c.say("EHLO c\r\n", "250")
	c.say(fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nBDAT 300000\r\n", teacher, parent), "250", "250")
	c.say(strings.Repeat(canary+"\r\n", 200_000/(len(canary)+2)))
	g.eventually("spool to a file that has no name", func() bool {
		open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", g.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range open {
			if name, _ := os.Readlink(fd); strings.HasPrefix(name, g.data()) && strings.HasSuffix(name, " (deleted)") {
				return true
			}
		}
		return false
	})
	lookInFiles(t, g.dir) // while it is there
	c.Close()
	for _, hello := range []string{"\x16\x03\x01" + canary + "\r\n", "GET /" + canary + " HTTP/1.1\r\nHost: " + canary +
		"\r\n\r\n", strings.Repeat(canary, 300) + "\r\n"} {
		c := dialRaw(t, g)
		replies += c.say(hello, "5")
		c.Close()
	}
	return replies
}

// lookInFiles reports where the canary is below some directories.
func lookInFiles(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		for _, s := range inFiles(t, dir, sightings) {
			t.Errorf("the canary is in %s", s)
		}
	}
}

// inFiles searches all files below a directory, and their names.
func inFiles(t *testing.T, dir string, search func([]byte) []string) []string {
	t.Helper()
	found, err := testenv.SearchFiles(dir, search)
	if err != nil {
		t.Error(err)
	}
	return found
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
