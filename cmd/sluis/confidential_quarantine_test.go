package main_test

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluis/internal/store"
	"sluis/internal/testenv"
)

// backdate makes what is in the quarantine an hour older, while no gateway runs.
func (g *gateway) backdate() {
	g.t.Helper()
	db, err := store.OpenSQLite(filepath.Join(g.data(), "quarantine", "index.db"), "")
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE entries SET time = time - ?", time.Hour.Milliseconds()); err != nil {
		g.t.Fatal(err)
	}
}

// A dangerous message to the counsellor: it is marked, the ICT service opens its findings and no more, and the
// counsellor, who is mailed a link, has it delivered; also over a restart (C3.2g, C3.3e).
func TestTheCounsellorDecidesOnAQuarantinedMessage(t *testing.T) {
	t.Parallel()
	const canary = "ik word gepest door mijn leidinggevende"
	box := startMailbox(t)
	g := newGateway(t, settings{
		nextHop: box.Addr(),
		console: testenv.FreeAddr(t),
		rest:    "notices: {from: sluis@school.example, language: nl}\n",
	})
	message := "X-Token: t\n" + strings.Replace(executable, "Factuur", canary, 1)
	message = strings.Replace(message, "Zie bijlage.", canary, 1)
	if reply := g.try("", []string{counsellor}, "From: "+teacher+"\n"+message); !strings.HasPrefix(reply, "250") {
		t.Fatal(reply)
	}
	list := g.exported("quarantine", "list", "--json")
	if !strings.Contains(list, `"confidential":true`) {
		t.Errorf("the list does not mark it: %s", list)
	}
	id := g.held()[0].ID
	seen := g.exported("quarantine", "show", id, "--reason", "melding 12")
	if !strings.Contains(seen, "security.attachment.executable") {
		t.Errorf("the findings are %s", seen)
	}
	for _, stage := range []string{"headers", "text", "html"} {
		refused := g.refusal("quarantine", "show", id, "--stage", stage, "--reason", "melding 12")
		if seen += refused; !strings.Contains(refused, "confidential") {
			t.Errorf("%s: %s", stage, refused)
		}
	}
	for _, act := range []string{"release", "delete"} {
		seen += g.refusal("quarantine", act, id, "--reason", "melding 12")
	}
	g.kill()
	g.backdate()
	g.start()
	g.eventually("tell the counsellor", func() bool { return len(texts(t, box, counsellor)) == 1 })
	told := texts(t, box, counsellor)[0]
	link := regexp.MustCompile(`http://\S+/confidential/\S+`).FindString(told)
	page := fetch(t, http.MethodGet, link)
	for what, text := range map[string]string{"the ICT service": seen, "the mail": told, "the page": page} {
		for _, word := range []string{"gepest", "factuur", teacher} {
			if strings.Contains(text, word) {
				t.Errorf("%s shows %q", what, word)
			}
		}
	}
	if n := box.Arrivals()["t"].Times; n != 0 {
		t.Fatalf("the message arrived %d times before anybody decided", n)
	}
	fetch(t, http.MethodPost, link)
	g.eventually("deliver the message", func() bool { return box.Arrivals()["t"].Times == 1 })
	ledger := g.exported("ledger", "export")
	if !strings.Contains(ledger, "person concerned") || strings.Contains(ledger, "gepest") ||
		strings.Contains(ledger, counsellor) {
		t.Error("the ledger has to say that the person concerned decided, and neither who nor about what")
	}
}

// fetch asks for a page as a browser of the same site does.
func fetch(t *testing.T, method, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d, %v\n%s", method, address, res.StatusCode, err, b)
	}
	return string(b)
}
