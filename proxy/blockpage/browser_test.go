package blockpage

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
	"sluis/rules"
)

// TestPagesAreAccessible opens every page in a browser: in both languages, light and dark, on
// a desk and on a phone. axe-core finds nothing that keeps people out, nothing runs off the
// side, and the page works without JavaScript. With SLUIS_SCREENSHOTS it leaves pictures.
func TestPagesAreAccessible(t *testing.T) {
	testenv.Need(t, "chromium", "npm")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	axe, err := testenv.Axe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pages(t, func(o *Options) { o.Authority = &x509.Certificate{Raw: []byte("certificate")} })
	shown := map[string]http.HandlerFunc{
		"blocked": func(w http.ResponseWriter, r *http.Request) {
			p.Block(w, r, blocked(t, rules.Gambling, "C2.8c", "web.gambling"))
		},
		"phishing": func(w http.ResponseWriter, r *http.Request) {
			p.Block(w, r, blocked(t, rules.Phishing, "C2.9a", "web.phishing"))
		},
		"upload": func(w http.ResponseWriter, r *http.Request) {
			b := blocked(t, rules.Threat, "C2.8d", "conduct.threat")
			b.Content, b.Upload = true, true
			p.Block(w, r, b)
		},
		"unreachable": func(w http.ResponseWriter, r *http.Request) { p.Error(w, r, 502) },
		"setup":       func(w http.ResponseWriter, r *http.Request) { r.URL.Path = "/setup"; p.ServeHTTP(w, r) },
		"about":       func(w http.ResponseWriter, r *http.Request) { r.URL.Path = "/"; p.ServeHTTP(w, r) },
		"acknowledge": p.Acknowledge,
		"thanks":      p.Thank,
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := shown[strings.TrimPrefix(r.URL.Path, "/")]; h != nil {
			h(w, r)
		}
	}))
	defer site.Close()
	tab, stop := testenv.Chromium(ctx, t.TempDir(), nil)
	defer stop()
	for name := range shown {
		for _, lang := range p.texts.Languages() {
			for _, scheme := range []string{"light", "dark"} {
				for device, width := range map[string]int64{"desk": 1280, "phone": 360} {
					label := name + "-" + lang + "-" + scheme + "-" + device
					look(t, tab, site.URL+"/"+name, label, lang, scheme, width, axe)
				}
			}
		}
	}
}

func look(t *testing.T, tab context.Context, url, label, lang, scheme string, width int64, axe string) {
	t.Helper()
	if err := chromedp.Do(tab,
		chromedp.Func(func(ctx context.Context, c *chromedp.Target) error {
			header := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}
			if _, err := cdp.Call(ctx, c, network.SetExtraHTTPHeaders, header); err != nil {
				return err
			}
			_, err := cdp.Call(ctx, c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		}),
		chromedp.EmulateViewport(width, 800),
		chromedp.Navigate(url),
		chromedp.Evaluate[chromedp.Void](axe+";0"),
	); err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	violations, err := chromedp.Run(tab, chromedp.Evaluate[[]string](
		`axe.run(document,{runOnly:["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]})`+
			`.then(r=>r.violations.map(v=>v.id+": "+v.nodes.map(n=>n.html).join(" | ")))`,
		chromedp.EvalAwaitPromise,
	))
	if err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	for _, v := range violations {
		t.Errorf("%s: axe-core: got %s, want no fault", label, v)
	}
	overflow, err := chromedp.Run(
		tab,
		chromedp.Evaluate[int](`document.documentElement.scrollWidth-document.documentElement.clientWidth`),
	)
	if err != nil || overflow > 0 {
		t.Errorf("%s: got %d pixels off the side, %v, want none", label, overflow, err)
	}
	dir := os.Getenv("SLUIS_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, label+".png"), picture, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestABrowserSendsAnAppeal: a browser sends the form, and says that it is the page's own; what
// another site sends in its name is refused.
func TestABrowserSendsAnAppeal(t *testing.T) {
	testenv.Need(t, "chromium")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	p, a := pages(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, Prefix) {
			p.ServeHTTP(w, r)
			return
		}
		p.Block(w, r, blocked(t, rules.Gambling, "C2.8c", "web.gambling"))
	}))
	defer site.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(
			w,
			`<form method=post action="`+site.URL+Prefix+`/appeal"><input name=host value=a.example>`+
				`<input name=category value=gambling><input name=rule value=web.gambling>`+
				`<input name=group value=leerlingen><input name=need value=lesson><button>x</button></form>`,
		)
	}))
	defer other.Close()
	tab, stop := testenv.Chromium(ctx, t.TempDir(), nil)
	defer stop()
	for i, url := range []string{site.URL + "/", other.URL + "/"} {
		click := chromedp.Evaluate[chromedp.Void](`document.querySelector("button").click()`)
		if err := chromedp.Do(tab, chromedp.Navigate(url), click); err != nil {
			t.Fatal(err)
		}
		where := chromedp.Evaluate[string]("location.pathname")
		for path := ""; path != Prefix+"/appeal"; path, _ = chromedp.Run(tab, where) {
			if ctx.Err() != nil { // between two pages there is nothing to ask
				t.Fatalf("form %d: got %q, want the page of the appeal", i, path)
			}
		}
		if len(a.all) != 1 {
			t.Errorf("form %d: got appeals %q, want the one of the own page", i, a.all)
		}
	}
}
