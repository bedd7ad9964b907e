package main_test

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"sluis/internal/testenv"
)

// desk is a person at work: a browser that is signed in to the console of a gateway.
type desk struct {
	*gateway
	at     string // of the console
	tab    context.Context
	secret string // of the codes
}

// sitDown gives a person an account by the command line and a link, as on a first day, and
// signs in by the pages: a password, codes, and a fresh proof.
func (g *gateway) sitDown(at, name, role string, more ...string) *desk {
	g.t.Helper()
	out, errs, code := run(g.t, "", append([]string{"accounts", "invite", name, "--role", role, "--config", g.config()},
		more...)...)
	if code != 0 {
		g.t.Fatalf("invite: %s", errs)
	}
	ctx, cancel := context.WithTimeout(g.t.Context(), 20*time.Minute)
	tab, stop := testenv.Chromium(ctx, g.t.TempDir(), map[string]any{"accept-lang": "nl-NL"})
	g.t.Cleanup(func() { stop(); cancel() })
	d := &desk{gateway: g, at: at, tab: tab}
	d.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(strings.TrimSpace(out)))
	const sentence = "vier eenden op de sluisdeur"
	d.fill("#password", sentence)
	d.fill("#again", sentence)
	d.press("main form button")
	d.open("/account/factor")
	d.secret = strings.ReplaceAll(see[string](d, "document.querySelector('main code').textContent"), " ", "")
	d.fill("#code", d.code(-30*time.Second)) // so that the one of now is not used yet
	d.press("form[action='/account/codes'] button")
	d.open("/proof")
	d.fill("#code", d.code(0))
	d.press("form[action='/proof'] button")
	return d
}

// code is what the telephone of the person shows, or showed.
func (d *desk) code(ago time.Duration) string {
	d.t.Helper()
	code, err := totp.GenerateCode(d.secret, time.Now().Add(ago))
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

func (d *desk) do(steps ...chromedp.Action[chromedp.Void]) {
	d.t.Helper()
	if err := chromedp.Do(d.tab, steps...); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) open(path string) {
	d.t.Helper()
	d.do(chromedp.Navigate("http://" + d.at + path))
}

func (d *desk) fill(at, text string) {
	d.t.Helper()
	d.do(chromedp.SetValue(chromedp.CSS(at), text))
}

// press clicks, and waits until another page has been read.
func (d *desk) press(at string) {
	d.t.Helper()
	d.do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dataset.old = 1; 0"),
		chromedp.Click(chromedp.CSS(at)))
	d.eventually("lead from "+at+" to a page", func() bool {
		fresh, err := chromedp.Run(d.tab, chromedp.Evaluate[bool](
			"document.readyState == 'complete' && !document.documentElement.dataset.old"))
		return err == nil && fresh // between two pages there is nothing to ask
	})
}

// see evaluates an expression in the page.
func see[T any](d *desk, expression string) T {
	d.t.Helper()
	v, err := chromedp.Run(d.tab, chromedp.Evaluate[T](expression))
	if err != nil {
		d.t.Fatalf("%.80s: %v", expression, err)
	}
	return v
}

// text is what the page says.
func (d *desk) text() string {
	d.t.Helper()
	return see[string](d, "document.querySelector('main').innerText")
}
