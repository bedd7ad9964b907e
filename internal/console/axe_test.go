package console

import (
	"context"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
	"sluis/internal/testenv"
)

// noPages are routes of GET that are no page to look at.
var noPages = []string{
	"GET /static/{file}",
	"GET /sign-in/with/{provider}",
	"GET /sign-in/with/{provider}/back",
	"GET /sign-in/code",
	"GET /quarantine/{id}/frame/{opening}",
}

// maxFirst is how many bytes a page may cost with all that it needs, when nothing is kept
// yet.
const maxFirst = 100 << 10

// lived is a house in which there is something on every page.
type lived struct {
	*house
	people map[ledger.Role]*person
	ids    map[string]string // what stands after a part of a path
}

func (h *house) live() lived {
	h.t.Helper()
	l := lived{h, map[ledger.Role]*person{}, map[string]string{}}
	for _, r := range ledger.Roles {
		l.people[r] = h.as(r).proves(string(r))
		l.people[r].post("/secrecy", map[string][]string{"accept": {"yes"}})
	}
	els, waits, err := h.accounts.Make(
		h.t.Context(),
		ledger.Actor{Name: string(ledger.Admin), Role: ledger.Admin},
		"els",
		"els@school.example",
		[]ledger.Role{ledger.Employee},
	)
	if err != nil || waits != nil {
		h.t.Fatalf("make an account: %v, waits for %+v; want it made", err, waits)
	}
	jo, recover := ledger.Actor{Name: "jo", Role: ledger.Admin}, accounts.Change{Kind: accounts.Recover}
	if _, err := h.accounts.Propose(h.t.Context(), jo, els.ID, recover); err != nil {
		h.t.Fatal(err)
	}
	l.ids["/link/"], l.ids["/accounts/"] = h.mail.secret("els@school.example"), els.ID
	_, l.ids["/confidential/"] = h.sealConfidential()
	id := h.seal(hostile).ID.String()
	l.ids["/quarantine/"] = id
	h.seal(hostile)
	_, frame, _ := strings.Cut(
		l.people[ledger.ICT].post(
			"/quarantine/"+id+"/open",
			map[string][]string{"stage": {"html"}, "reason": {"melding 12"}},
		).body,
		"/frame/",
	)
	l.ids["/quarantine/{id}/frame/"], _, _ = strings.Cut(frame, `"`)
	h.traffic("employee@school.example", 3)
	h.adopt()
	l.people[ledger.Board].post("/roll", rollForm())
	l.ids["/roll/"] = path.Base(h.links["gmr@ouders.example"])
	l.ids["/orders/"] = path.Base(l.people[ledger.Board].post("/orders", request()).to)
	l.ids["/rules/"] = "leak.identity.bsn"
	l.ids["/breaches/"] = path.Base(
		l.people[ledger.Privacy].post("/breaches", map[string][]string{"text": {"Een lijst lag op straat."}}).to,
	)
	complaint, err := h.services.Imagery.Complain(
		h.t.Context(),
		ledger.Actor{},
		"https://www.school.example/sportdag",
		"Mijn dochter staat erop.",
	)
	if err != nil {
		h.t.Fatal(err)
	}
	l.ids["/cases/"] = complaint.ID
	l.ids["/totals/"] = h.freeze(4)[0]
	return l
}

// path is where a page of the house is.
func (l lived) path(rt route) (string, error) { return fill(rt.pattern, l.ids) }

// looks are the views of each page: both languages, schemes and widths are among them.
var looks = []view{{"nl", "light", 1280}, {"en", "dark", 390}}

// TestPagesAreForEverybody: axe-core finds nothing on a page that keeps people out (WCAG 2.2 AA), in
// each role that has it; nothing runs off the side on a phone or at 200 %, keys reach everything and
// show the focus, and the page asks other hosts for nothing. With SLUIS_SCREENSHOTS it leaves pictures
// in that directory.
func TestPagesAreForEverybody(t *testing.T) {
	testenv.Need(t, "chromium", "npm")
	axe, err := testenv.Axe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	l := h.live()
	b := h.browse()
	visitor := &onlooker{b, axe, os.Getenv("SLUIS_SCREENSHOTS")}
	for _, rt := range h.routes {
		if !strings.HasPrefix(rt.pattern, http.MethodGet+" ") || slices.Contains(noPages, rt.pattern) {
			continue
		}
		path, err := l.path(rt)
		if err != nil {
			t.Errorf("%s: %v, want an address of it", rt.pattern, err)
			continue
		}
		first := true
		for i, role := range ledger.Roles {
			p := l.people[role]
			if rt.who.anybody {
				p = h.stranger()
				if !first {
					break
				}
			} else if !rt.who.may(role) {
				continue
			}
			b.be(p)
			if !first { // the page is the same one but for its menu
				visitor.look(path, string(role), looks[i%len(looks)])
				continue
			}
			first = false
			if a := p.get(path); !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Logf("%s is a file, and no page", rt.pattern)
				break
			}
			if n := b.weight(p, path); n > maxFirst {
				t.Errorf("%s: a first visit costs %d bytes, want at most %d", rt.pattern, n, maxFirst)
			}
			for _, w := range looks {
				visitor.look(path, string(role), w)
			}
			if rt.pattern != "GET /reports/accountability" { // to read and to print: there is nothing to press
				visitor.keys(path)
			}
			visitor.picture(rt, path)
		}
	}
}

// TestOpenedStagesAreForEverybody: the same of a message in each stage.
func TestOpenedStagesAreForEverybody(t *testing.T) { // C3.3e
	testenv.Need(t, "chromium", "npm")
	axe, err := testenv.Axe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	l := h.live()
	o := &onlooker{h.browse(), axe, os.Getenv("SLUIS_SCREENSHOTS")}
	o.be(l.people[ledger.ICT])
	for i, stage := range []string{"findings", "headers", "text", "html"} {
		w := looks[i%len(looks)]
		o.at("/quarantine/"+l.ids["/quarantine/"], w)
		o.fill("open-reason", "melding 12")
		o.press(`button[name=stage][value=`+stage+`]`, "/quarantine/"+l.ids["/quarantine/"]+"/open")
		o.inspect("opened, "+stage+" "+w.String(), w)
		o.keep("opened-"+stage, w)
	}
}

// onlooker looks at pages.
type onlooker struct {
	*browser
	axe string
	dir string // where pictures go; empty: nowhere
}

func (o *onlooker) look(path, who string, w view) {
	o.t.Helper()
	o.at(path, w)
	o.inspect(path+" "+who+" "+w.String(), w)
}

// inspect looks at the page that is there.
func (o *onlooker) inspect(label string, w view) {
	o.t.Helper()
	o.do(chromedp.Evaluate[chromedp.Void](o.axe + ";0"))
	const violations = `axe.run(document,
		{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")))`
	for _, v := range of[[]string](o.browser, violations) {
		o.t.Errorf("%s: axe-core finds %.600s, want nothing", label, v)
	}
	if lang := of[string](o.browser, "document.documentElement.lang"); lang != w.lang {
		o.t.Errorf("%s: the page is in %s, want %s", label, lang, w.lang)
	}
	for _, width := range []int64{w.width, w.width / 2} { // as it is, and at 200 %
		if width < 320 {
			width = 320 // WCAG 2.2, 1.4.10
		}
		o.do(chromedp.EmulateViewport(width, 800))
		const overflow = "document.documentElement.scrollWidth-document.documentElement.clientWidth"
		if off := of[int](o.browser, overflow); off > 0 {
			o.t.Errorf("%s: %d pixels run off the side of %d, want none", label, off, width)
		}
	}
	for _, p := range o.takeProblems() {
		o.t.Errorf("%s: the browser has a problem, want none: %s", label, p)
	}
}

// reached notes what the keyboard is at, and whether one sees it. Within a date Chromium shows
// that itself, part by part.
const reached = `(() => {
  const e = document.activeElement, s = getComputedStyle(e);
  if (e === document.body) return "";
  e.dataset.reached = "yes";
  const outlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
		return e.type === "date" || outlined || s.boxShadow !== "none" ? "seen" : e.outerHTML.slice(0, 200);
})()`

// keys goes through a page with the Tab key alone.
func (o *onlooker) keys(path string) {
	o.t.Helper()
	o.at(path, looks[0])
	n := of[int](
		o.browser,
		`document.querySelectorAll(
			"a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex='0']").length +
			4*document.querySelectorAll("[type=date]").length`,
	)
	for i := range n + 5 {
		o.tab()
		seen := of[string](o.browser, reached)
		if seen == "" {
			break
		}
		if seen != "seen" {
			o.t.Errorf("%s: the focus at %s is not visible, want it to be", path, seen)
		}
		if i == 0 &&
			!of[bool](
				o.browser,
				`document.activeElement.matches("a.skip") && document.activeElement.getBoundingClientRect().top >= 0`,
			) {
			o.t.Errorf("%s: the first Tab is not at the link to the text, want it there", path)
		}
	}
	const unreached = `[...document.querySelectorAll(
			"a[href],button,input:not([type=hidden]):not([type=radio]),select,textarea,summary")]
		.filter(e => !e.disabled && e.checkVisibility() && !e.closest("iframe") && !e.dataset.reached)
		.map(e => e.outerHTML.slice(0, 200))`
	for _, missed := range of[[]string](o.browser, unreached) {
		o.t.Errorf("%s: the keyboard does not reach %s, want it to", path, missed)
	}
}

func (o *onlooker) tab() {
	o.call(func(ctx context.Context, c *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{
			input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp,
		} {
			tab := input.DispatchKeyEventParams{Type: kind, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9}
			if _, err := cdp.Call(ctx, c, input.DispatchKeyEvent, tab); err != nil {
				return err
			}
		}
		return nil
	})
}

// picture leaves pictures of a page: desktop and phone, light and dark.
func (o *onlooker) picture(rt route, path string) {
	o.t.Helper()
	if o.dir == "" {
		return
	}
	name := strings.Trim(
		strings.NewReplacer("GET /", "", "{$}", "home", "/", "-", "{", "", "}", "").Replace(rt.pattern),
		"-",
	)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			w := view{"nl", scheme, width}
			o.at(path, w)
			o.keep(name, w)
		}
	}
}

// keep leaves a picture of the page that is there.
func (o *onlooker) keep(name string, w view) {
	o.t.Helper()
	if o.dir == "" {
		return
	}
	png, err := chromedp.Run(o.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(o.dir, name+"-"+w.String()+".png"), png, 0o644)
	}
	if err != nil {
		o.t.Error(err)
	}
}
