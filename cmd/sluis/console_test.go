package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"sluis/internal/testenv"
)

// TestTheFirstAccount: there is no way to sign in before the first account is made on the machine
// itself; its link works once.
func TestTheFirstAccount(t *testing.T) {
	t.Parallel()
	at := testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), console: at})
	g.eventually("say how to begin", func() bool { return strings.Contains(g.log.String(), "there is no account yet") })
	out, errs, code := run(t, "", "accounts", "invite", "beheer", "--role", "admin", "--config", g.config())
	link := strings.TrimSpace(out)
	if code != 0 || !strings.HasPrefix(link, "http://"+at+"/link/") {
		t.Fatalf("%s%s", out, errs)
	}
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	post := func(form url.Values) (int, string) {
		res, err := browser.PostForm(link, form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	const sentence = "vier eenden op de sluisdeur"
	if status, body := post(url.Values{"password": {"beheer"}, "again": {"beheer"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a weak password: %d\n%s", status, body)
	}
	if status, body := post(url.Values{"password": {sentence}, "again": {sentence}}); status != http.StatusOK ||
		!strings.Contains(body, "/account/codes") {
		t.Errorf("%d\n%s", status, body)
	}
	if status, _ := post(url.Values{"password": {sentence}, "again": {sentence}}); status != http.StatusGone {
		t.Errorf("the link works again: %d", status)
	}
	if list, _, _ := run(t, "", "accounts", "list", "--config", g.config()); !strings.Contains(list, "beheer  admin") {
		t.Errorf("%s", list)
	}
	if _, errs, code := run(t, "", "accounts", "invite", "beheer", "--config", g.config()); code != 1 ||
		!strings.Contains(errs, "accounts recover") {
		t.Errorf("invited again: %s", errs)
	}
	if out, errs, code := run(t, "", "accounts", "recover", "beheer", "--config", g.config()); code != 0 ||
		!strings.Contains(out, "/link/") {
		t.Errorf("%s%s", out, errs)
	}
	if exported := g.exported("ledger", "export"); !strings.Contains(exported, `"account-made"`) ||
		strings.Contains(exported, sentence) || strings.Contains(exported, "/link/") {
		t.Error("the ledger is not as it should be")
	}
	if strings.Contains(g.log.String(), strings.TrimPrefix(link, "http://"+at)) {
		t.Error("the link is in the log")
	}
}

func TestTheConsoleStopsAndStartsWithTheGateway(t *testing.T) {
	t.Parallel()
	at := testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), console: at})
	for range 2 {
		g.eventually("show the console", func() bool {
			res, err := http.Get("http://" + at + "/sign-in")
			if err != nil {
				return false
			}
			res.Body.Close()
			return res.StatusCode == http.StatusOK
		})
		g.stop()
		if _, err := http.Get("http://" + at + "/sign-in"); err == nil {
			t.Error("it is still there")
		}
		g.start()
	}
	g.replace("sluis.yaml", "listen: "+at, "listen: "+testenv.FreeAddr(t))
	g.cmd.Process.Signal(syscall.SIGHUP)
	g.eventually("refuse another address", func() bool {
		return strings.Contains(g.log.String(),
			"console cannot change")
	})
}
