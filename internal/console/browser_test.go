package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
)

// browser is Chromium, looking at a house.
type browser struct {
	*house
	ctx      context.Context // of its tab
	mu       sync.Mutex
	problems []string // errors of scripts, violations of the policy, requests to other hosts
}

// browse starts one. It reaches the console by the name that passkeys need.
func (h *house) browse() *browser {
	h.t.Helper()
	testenv.Need(h.t, "chromium")
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Minute)
	h.t.Cleanup(cancel)
	tab, stop := testenv.Chromium(ctx, h.t.TempDir(), nil)
	h.t.Cleanup(stop)
	b := &browser{house: h, ctx: tab}
	own, err := url.Parse(h.config.Address)
	if err == nil {
		err = chromedp.Listen(tab, func(ev any) { b.hear(ev, own.Host) })
	}
	if err != nil {
		h.t.Fatal(err)
	}
	b.call(func(ctx context.Context, c *chromedp.Target) error {
		if _, err := cdp.Call(ctx, c, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, c, network.Enable, network.EnableParams{})
		return err
	})
	return b
}

// hear notes what should not happen.
func (b *browser) hear(ev any, own string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "a script failed: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.problems = append(b.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host != own && u.Scheme != "about" && u.Scheme != "data" {
			b.problems = append(b.problems, "a request to another host: "+e.Request.URL)
		}
	}
}

// takeProblems returns the problems since the last time.
func (b *browser) takeProblems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.problems
	b.problems = nil
	return all
}

func (b *browser) call(f func(context.Context, *chromedp.Target) error) { b.do(chromedp.Func(f)) }

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// be gives the browser the sessions of a person; a stranger has none.
func (b *browser) be(p *person) {
	b.t.Helper()
	at, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.call(func(ctx context.Context, c *chromedp.Target) error {
		if _, err := cdp.Call(ctx, c, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			return err
		}
		for _, k := range p.http.Jar.Cookies(at) {
			cookie := network.SetCookieParams{Name: k.Name, Value: k.Value, URL: b.config.Address}
			if _, err := cdp.Call(ctx, c, network.SetCookie, cookie); err != nil {
				return err
			}
		}
		return nil
	})
}

// view is a way to see pages.
type view struct {
	lang, scheme string
	width        int64
}

func (w view) String() string {
	device := "desktop"
	if w.width < 600 {
		device = "phone"
	}
	return w.lang + "-" + w.scheme + "-" + device
}

// at opens a page in a view.
func (b *browser) at(path string, w view) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, c *chromedp.Target) error {
		lang := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": w.lang}}
		if _, err := cdp.Call(ctx, c, network.SetExtraHTTPHeaders, lang); err != nil {
			return err
		}
		_, err := cdp.Call(
			ctx,
			c,
			emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: w.scheme}},
			},
		)
		return err
	}), chromedp.EmulateViewport(w.width, 800), chromedp.Navigate(b.config.Address+path))
}

// of evaluates an expression on the page.
func of[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.60s: %v", expression, err)
	}
	return v
}

// fill types into the field of that id.
func (b *browser) fill(id, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys("#"+id, text))
}

// insert puts a text into the field of that id at once, as one pastes it: typing is three calls for each character.
func (b *browser) insert(id, text string) {
	b.t.Helper()
	b.do(chromedp.Focus("#"+id), chromedp.Func(func(ctx context.Context, c *chromedp.Target) error {
		_, err := cdp.Call(ctx, c, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// press uses the button that is found by a selector, and waits for the page that follows, of
// a path.
func (b *browser) press(selector, path string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void]("window.pressed=true;0"), chromedp.Click(selector))
	b.arrive(path)
}

// arrive waits until a page of a path has been read.
func (b *browser) arrive(path string) {
	b.t.Helper()
	testenv.Eventually(b.t, "the browser is at "+path, func() bool {
		// Between two pages there is nothing to ask.
		at, _ := chromedp.Run(
			b.ctx,
			chromedp.Evaluate[string](`document.readyState=="complete"&&!window.pressed?location.pathname:""`),
		)
		return at == path
	}, b)
}

// String returns where the browser is, and the text of the page.
func (b *browser) String() string {
	at, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname + '\\n' + document.body.innerText"))
	return at
}

// shows reports whether the page has a text.
func (b *browser) shows(text string) bool {
	b.t.Helper()
	return strings.Contains(of[string](b, "document.body.innerText"), text)
}

// weight returns how many bytes a first look at a page costs: itself, and its files.
func (b *browser) weight(p *person, path string) (n int) {
	b.t.Helper()
	a := p.get(path)
	a.check(path, status(http.StatusOK))
	n = len(a.body)
	for name, f := range b.pages.files {
		if strings.Contains(a.body, "/static/"+name) {
			n += len(f.data)
		}
	}
	return n
}

// fill puts what a house has in the places of a pattern. With has it by all that stands
// before: /orders/{id}/file/ is of the file.
func fill(pattern string, with map[string]string) (string, error) {
	_, rest, _ := strings.Cut(strings.ReplaceAll(pattern, "{$}", ""), " ")
	var path, key string
	for {
		before, after, ok := strings.Cut(rest, "{")
		if !ok {
			return path + rest, nil
		}
		name, after, _ := strings.Cut(after, "}")
		key += before
		value, ok := with[key]
		if !ok {
			return "", fmt.Errorf("the house that is lived in has nothing for {%s} after %s", name, key)
		}
		path, key, rest = path+before+value, key+"{"+name+"}", after
	}
}
