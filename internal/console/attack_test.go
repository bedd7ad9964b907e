package console

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// count counts what is in the ledger.
func (h *house) count() int {
	h.t.Helper()
	n, err := h.ledger.Count(ledger.Query{})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// whoMay returns a person who may use a route.
func (l lived) whoMay(rt route) *person {
	for _, r := range ledger.Roles {
		if rt.who.may(r) && !rt.who.anybody {
			return l.people[r]
		}
	}
	return l.stranger()
}

// posts calls a function for every route that changes anything, with its path in the house.
func (l lived) posts(f func(rt route, path string, p *person)) {
	l.t.Helper()
	for _, rt := range l.routes {
		if strings.HasPrefix(rt.pattern, http.MethodGet+" ") || rt.pattern == "POST /sign-out" ||
			rt.pattern == "POST /account/sign-out" {
			continue
		}
		with := map[string]string{"/proposals/": "none", "/account/": "none"}
		for k, v := range l.ids {
			with[k] = v
		}
		path, err := fill(rt.pattern, with)
		if err != nil {
			path = strings.NewReplacer("{", "", "}", "").Replace(strings.TrimPrefix(rt.pattern, "POST "))
		}
		f(rt, path, l.whoMay(rt))
	}
}

// TestAFormOfAnotherSiteIsRefused: a request that another site has a browser send changes nothing.
func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	l := newHouse(t).live()
	before := l.count()
	l.posts(func(rt route, path string, p *person) {
		for name, headers := range map[string]map[string]string{
			"from another site":             {"Sec-Fetch-Site": "cross-site"},
			"from a neighbour":              {"Sec-Fetch-Site": "same-site", "Origin": "https://www.school.example"},
			"from an older browser":         {"Origin": "https://www.school.example"},
			"from a page without an origin": {"Origin": "null"},
			"from another port":             {"Origin": "http://127.0.0.1:1"},
		} {
			r := p.request(http.MethodPost, path, url.Values{"reason": {"x"}, "accept": {"yes"}})
			r.Header.Del("Sec-Fetch-Site")
			for k, v := range headers {
				r.Header.Set(k, v)
			}
			p.do(r).check(fmt.Sprintf("%s, %s", rt.pattern, name),
				status(http.StatusForbidden),
				has(l.pages.texts.In("nl").Text("error-cross-origin")))
		}
	})
	if n := l.count(); n != before {
		t.Errorf("%d entries in the ledger, want none", n-before)
	}
}

// TestALargeRequestIsRefused: each form takes the bytes that it needs and no more.
func TestALargeRequestIsRefused(t *testing.T) {
	l := newHouse(t).live()
	l.posts(func(rt route, path string, p *person) {
		limit := max(rt.limit, maxBody)
		for _, kind := range []string{
			"application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b",
		} {
			r := p.request(http.MethodPost, path, nil)
			body := append(
				[]byte("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"),
				bytes.Repeat([]byte("a"), int(limit)+1)...)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL.String(), bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			res, err := p.http.Do(r)
			if err != nil { // it hung up
				continue
			}
			res.Body.Close()
			if res.StatusCode >= 500 ||
				strings.HasPrefix(kind, "application/x-www") && res.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf(
					"%s, %s: status %d, want 413 for a form, and no fault of the gateway",
					rt.pattern,
					kind,
					res.StatusCode,
				)
			}
		}
	})
}

// hostileIDs are no ids, or not one of this house.
var hostileIDs = []string{
	"00000000000000000000000000000000",
	"ffffffffffffffffffffffffffffffff",
	"..",
	"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
	"%00",
	"'%20OR%201=1--",
	"%3Cscript%3E",
	"-1",
	strings.Repeat("9", 4000),
	"%ff%fe",
	"none",
}

func TestUnknownIDsShowAndBreakNothing(t *testing.T) {
	l := newHouse(t).live()
	for _, rt := range l.routes {
		method, _, _ := strings.Cut(rt.pattern, " ")
		for _, id := range hostileIDs {
			_, rest, _ := strings.Cut(rt.pattern, " ")
			if !strings.Contains(rest, "{") || strings.Contains(rest, "{$}") {
				break
			}
			for strings.Contains(rest, "{") {
				before, after, _ := strings.Cut(rest, "{")
				_, after, _ = strings.Cut(after, "}")
				rest = before + id + after
			}
			a := ask(l.whoMay(rt), method, rest)
			if a.status == http.StatusOK || a.status >= 500 {
				t.Errorf("%s with %.30s: status %d, want it refused", rt.pattern, id, a.status)
			}
			a.check(fmt.Sprintf("%s with %.30s", rt.pattern, id),
				lacks("root:"),
				lacks("<script>"))
		}
	}
}

// TestNoRedirectLeavesTheSite: the next page is on this site for any address in a form, and no header
// is made of it.
func TestNoRedirectLeavesTheSite(t *testing.T) {
	l := newHouse(t).live()
	own, _ := url.Parse(l.site.URL)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
		"javascript:alert(1)", "/x\r\nSet-Cookie: evil=1", "/\t/evil.example", "http:evil.example",
		"/x\nX-Evil: 1", "///evil.example", "", strings.Repeat("/x", 4000),
	} {
		p := l.people[ledger.ICT]
		for _, a := range []answer{
			p.post("/secrecy", url.Values{"accept": {"yes"}, "next": {next}}),
			p.get("/sign-in?next=" + url.QueryEscape(next)),
			l.stranger().get("/account?" + url.Values{"next": {next}}.Encode()),
		} {
			to, err := own.Parse(a.to)
			if err != nil || to.Host != own.Host || to.Scheme != "http" || a.header.Get("X-Evil") != "" ||
				strings.Contains(fmt.Sprint(a.header["Set-Cookie"]), "evil") {
				t.Errorf("%.30q leads to %.60q, %v; want an address of this site", next, a.to, err)
			}
		}
	}
	p := l.people[ledger.ICT]
	r := p.request(http.MethodPost, "/secrecy", url.Values{"accept": {"yes"}})
	r.Header.Set("Referer", "https://evil.example/x")
	if a := p.do(r); !strings.HasPrefix(a.to, "/") || strings.HasPrefix(a.to, "//") {
		t.Errorf("a referring page leads to %q, want an address of this site", a.to)
	}
}

// TestATokenFromBeforeSigningInIsWorthless: a thief who plants a session, or keeps one from before the
// second factor, gets no page.
func TestATokenFromBeforeSigningInIsWorthless(t *testing.T) {
	h := newHouse(t)
	at, _ := url.Parse(h.site.URL)
	secret, err := h.accounts.Demonstrate(t.Context(), "els", "", ledger.ICT)
	if err != nil {
		t.Fatal(err)
	}
	victim, thief := h.stranger(), h.stranger()
	victim.http.Jar.SetCookies(
		at,
		[]*http.Cookie{
			{Name: "sluis", Value: "chosen-by-the-thief"},
			{Name: "sluis-begin", Value: "chosen-by-the-thief"},
		},
	)
	thief.http.Jar.SetCookies(at, victim.http.Jar.Cookies(at))
	victim.post("/link/"+secret, nil).must("", status(http.StatusSeeOther))
	thief.get("/account").check("with the token that was there before", status(http.StatusSeeOther))
	stolen, _ := cookiejar.New(nil)
	stolen.SetCookies(at, victim.http.Jar.Cookies(at))
	victim.proves("els")
	thief.http.Jar = stolen
	thief.get("/account").check("with the token from before the code", status(http.StatusSeeOther))
	for _, k := range victim.get("/").header["Set-Cookie"] {
		if !strings.Contains(k, "HttpOnly") || !strings.Contains(k, "SameSite=Lax") {
			t.Errorf("the cookie is %s, want HttpOnly and SameSite=Lax", k)
		}
	}
}

// TestChangesOfAnAccountEndItsSessions: other roles, a closed account, a recovery, and signing out
// everywhere.
func TestChangesOfAnAccountEndItsSessions(t *testing.T) {
	h := newHouse(t)
	for name, end := range map[string]func(id string) error{
		"roles": func(id string) error {
			change := accounts.Change{Kind: accounts.SetRoles, Roles: []ledger.Role{ledger.Employee}}
			_, err := h.accounts.Propose(t.Context(), ledger.CommandLine, id, change)
			return err
		},
		"closed": func(id string) error {
			_, err := h.accounts.Propose(t.Context(), ledger.CommandLine, id, accounts.Change{Kind: accounts.Disable})
			return err
		},
		"anew": func(id string) error {
			_, err := h.accounts.Propose(t.Context(), ledger.CommandLine, id, accounts.Change{Kind: accounts.Recover})
			return err
		},
		"everywhere": func(id string) error { return h.accounts.SignOut(t.Context(), id) },
	} {
		p := h.named(name, ledger.Legal)
		p.get("/account").must(name, status(http.StatusOK))
		a, err := h.accounts.Named(t.Context(), name)
		if err == nil {
			err = end(a.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.get("/account").check(fmt.Sprintf("%s: the session goes on", name),
			status(http.StatusSeeOther),
			toward("/sign-in"))
	}
}

// TestGuessingIsThrottled: guesses at passwords and codes are held off long before a right one, which
// then does not count either; links are not worth guessing, and a client that goes on waits.
func TestGuessingIsThrottled(t *testing.T) {
	h := newHouse(t)
	secret := h.local(t.Context(), "els", phrase, ledger.ICT)
	held := func(p *person, path string, form func(i int) url.Values) bool {
		for i := range 60 {
			if a := p.post(path, form(i)); a.status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	p := h.stranger()
	p.post("/sign-in", url.Values{"name": {"els"}, "password": {phrase}}).must("", to("/sign-in/code"))
	if !held(p, "/sign-in/code", func(i int) url.Values { return url.Values{"code": {fmt.Sprintf("%06d", i)}} }) {
		t.Error("codes are guessed without end, want them held off")
	}
	p.post("/sign-in/code", url.Values{"code": {codeAt(t, secret, false)}}).check("the right code after all guesses",
		not(http.StatusSeeOther))
	if !held(
		h.stranger(),
		"/sign-in",
		func(i int) url.Values { return url.Values{"name": {"els"}, "password": {fmt.Sprint("guess ", i)}} },
	) {
		t.Error("passwords are guessed without end, want them held off")
	}
	for i := range 20 {
		h.stranger().post(fmt.Sprintf("/link/AAAAAAAAAAAAAAAAAAAAAAAA%02d", i), nil).check("a link that nobody gave",
			status(http.StatusGone))
	}
	h.pace = perSecond
	h.rates.Purge()
	waits := false
	for range 2 * burst {
		if a := h.stranger().get("/sign-in"); a.status == http.StatusTooManyRequests {
			waits = a.header.Get("Retry-After") != ""
			break
		}
	}
	if !waits {
		t.Error("a client asks without end, want it to wait")
	}
}

// TestTextOfPeopleIsNoMarkup: names, reasons and the content of messages are text on every page, and
// no page can be framed in another.
func TestTextOfPeopleIsNoMarkup(t *testing.T) {
	const evil = `"><script>alert(9)</script><img src=x onerror=alert(9)>{{.Account}}`
	l := newHouse(t, func(o *setup) { o.Organisation = "School " + evil }).live()
	l.people[ledger.Board].post("/orders", request("reason", evil))
	if _, _, err := l.accounts.Make(t.Context(), ledger.CommandLine, evil, "", nil); err == nil {
		t.Error("an account with markup in its name was made, want it refused")
	}
	seen := 0
	for _, rt := range l.routes {
		path, err := l.path(rt)
		if err != nil || !strings.HasPrefix(rt.pattern, http.MethodGet+" ") ||
			strings.HasPrefix(rt.pattern, "GET /static") {
			continue
		}
		visitors := []*person{l.stranger(), l.people[ledger.ICT], l.people[ledger.Board], l.people[ledger.Admin]}
		for _, p := range visitors {
			a := p.get(path)
			a.check(rt.pattern, lacks("<script>"), lacks("<img"), lacks("alert(9)>"))
			seen += strings.Count(a.body, "alert(9)")
			csp := a.header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "frame-ancestors 'none'") && !strings.Contains(rt.pattern, "/frame/") ||
				strings.Contains(csp, "unsafe") &&
					!slices.Contains(
						[]string{"GET /quarantine/{id}/frame/{opening}", "GET /reports/accountability"},
						rt.pattern,
					) ||
				a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: policy %q, want no frame around it and nothing unsafe", rt.pattern, csp)
			}
		}
	}
	if seen == 0 {
		t.Error("the text was on no page, want it on some")
	}
}

// TestAnotherHostNameIsRefused: a site whose name was made to lead to this machine gets nothing (DNS
// rebinding).
func TestAnotherHostNameIsRefused(t *testing.T) {
	h := newHouse(t)
	p := h.as(ledger.ICT)
	r := p.request(http.MethodGet, "/", nil)
	r.Host = "evil.example"
	p.do(r).check("", status(http.StatusMisdirectedRequest))
}
