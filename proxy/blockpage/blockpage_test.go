package blockpage

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/lang/langtest"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/rules"
)

// appealLog remembers appeals.
type appealLog struct {
	all []string
	err error
}

func (a *appealLog) Add(
	host string,
	c rules.Category,
	rule rules.ID,
	g roster.Group,
	need appeals.Need,
	_ time.Time,
) error {
	a.all = append(a.all, strings.Join([]string{host, c.String(), rule.String(), g.String(), string(need)}, " "))
	return a.err
}

func pages(t testing.TB, change ...func(*Options)) (*Pages, *appealLog) {
	t.Helper()
	a := &appealLog{}
	o := Options{
		Name:         "sluis.school.example",
		Proxies:      []Proxy{{Address: "sluis.school.example:3128"}},
		Organisation: "Basisschool De Sluis",
		CodeURL:      "https://www.school.example/gedragscode",
		Direct:       []string{"school.example", `quo"te.example`},
		Appeals:      a,
	}
	pupils, err := roster.ParseGroup("leerlingen")
	if err != nil {
		t.Fatal(err)
	}
	o.Groups = []roster.Group{pupils}
	for _, c := range change {
		c(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p, a
}

func blocked(t testing.TB, c rules.Category, clause, rule string) Blocked {
	t.Helper()
	b := Blocked{ID: filter.NewID(), Host: "www.casino.example"}
	b.Category = c
	var err error
	if b.Clause, err = rules.ParseClause(clause); err != nil {
		t.Fatal(err)
	}
	if b.Rule, err = rules.ParseID(rule); err != nil {
		t.Fatal(err)
	}
	if b.Group, err = roster.ParseGroup("leerlingen"); err != nil {
		t.Fatal(err)
	}
	return b
}

func ask(accept string) *http.Request {
	r := httptest.NewRequest("GET", "http://www.casino.example/secret-path?q=secret", nil)
	r.Header.Set("Accept-Language", accept)
	return r
}

func TestBlock(t *testing.T) {
	p, _ := pages(t)
	ownReason := Reason{Own: "art. 4 <b>"}
	ownReason.Category, ownReason.Rule = rules.OwnCode, blocked(t, 0, "C2.8e", "web.own-code").Rule
	for _, tt := range []struct {
		name, accept, lang string
		b                  Blocked
		want, not          []string
	}{
		{"Dutch", "nl-NL,nl;q=0.9,en;q=0.8", "nl", blocked(t, rules.Gambling, "C2.8c", "web.gambling"),
			[]string{
				"Deze site is hier niet toegankelijk", "Kansspelen", "Geen kansspelen. (C2.8c)", "Verzoek om herziening",
				"www.casino.example", "https://www.school.example/gedragscode",
			}, []string{"Zo herken je het"}},
		{"English", "en-GB,en;q=0.9", "en", blocked(t, rules.Gambling, "C2.8c", "web.gambling"), []string{"This site is not available here", "Gambling", "No gambling.", "Appeal"}, nil},
		{"a language that there is not is Dutch", "fr", "nl", blocked(t, rules.Gambling, "C2.8c", "web.gambling"), []string{"Kansspelen"}, nil},
		{"no language is Dutch", "", "nl", blocked(t, rules.Gambling, "C2.8c", "web.gambling"), []string{"Kansspelen"}, nil},
		{"nonsense is Dutch", strings.Repeat("x-;q=,", 1000), "nl", blocked(t, rules.Gambling, "C2.8c", "web.gambling"), []string{"Kansspelen"}, nil},
		{"phishing teaches", "en", "en", blocked(t, rules.Phishing, "C2.9a", "web.phishing"), []string{"How to recognise it", "usually misled"}, nil},
		{"an own clause", "nl", "nl", Blocked{Host: "a.example", Reason: ownReason},
			[]string{"art. 4 &lt;b&gt;", "Afspraak van deze organisatie"}, []string{"<b>"}},
		{"an upload", "nl", "nl", Blocked{
			Host:   "a.example",
			Reason: Reason{Verdict: filter.Verdict{Category: rules.Threat}, Content: true, Upload: true},
		}, []string{"Wat je wilde versturen, is tegengehouden", "Bedreiging"}, nil},
		{"a host that is none", "nl", "nl", Blocked{Host: `"><script>alert(1)</script>`, Reason: Reason{Verdict: filter.Verdict{Category: rules.Threat}}}, nil, []string{"<script"}},
	} {
		w := httptest.NewRecorder()
		p.Block(w, ask(tt.accept), tt.b)
		body := w.Body.String()
		if w.Code != 403 || w.Header().Get("Content-Language") != tt.lang ||
			!strings.Contains(body, `<html lang="`+tt.lang+`">`) ||
			w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d, %v, want 403 in %s, not stored", tt.name, w.Code, w.Header(), tt.lang)
		}
		for _, s := range tt.want {
			if !strings.Contains(body, s) {
				t.Errorf("%s: got\n%s\nwant %q in it", tt.name, body, s)
			}
		}
		for _, s := range append(tt.not, "secret", "<script", "http://", "javascript:") {
			if strings.Contains(body, s) {
				t.Errorf("%s: got %q in the page, want it not there", tt.name, s)
			}
		}
		if len(body) > 15_000 {
			t.Errorf("%s: got %d bytes, want 15,000 at most", tt.name, len(body))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") ||
			strings.Contains(csp, "unsafe") {
			t.Errorf("%s: got policy %q, want the default none and nothing unsafe", tt.name, csp)
		}
	}
}

func TestErrors(t *testing.T) {
	p, _ := pages(t)
	for _, status := range errorPages {
		w := httptest.NewRecorder()
		p.Error(w, ask("en"), status)
		if w.Code != status ||
			!strings.Contains(w.Body.String(), p.texts.In("en").Text("error-"+strconv.Itoa(status))) {
			t.Errorf("got %d, %s, want %d with its text", w.Code, w.Body, status)
		}
	}
	w := httptest.NewRecorder()
	if p.Error(w, ask("nl"), 418); w.Code != 418 || !strings.Contains(w.Body.String(), "Dit kan nu even niet") {
		t.Errorf("a status without a page: got %d, %s, want 418 and the general text", w.Code, w.Body)
	}
}

func TestReview(t *testing.T) {
	p, a := pages(t)
	post := func(path string, v url.Values) int {
		r := httptest.NewRequest("POST", path, strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code
	}
	good := url.Values{
		"host":     {"www.casino.example"},
		"category": {"gambling"},
		"rule":     {"web.gambling"},
		"group":    {"leerlingen"},
		"need":     {"lesson"},
	}
	if code := post("http://www.casino.example"+Prefix+"/appeal", good); code != 200 {
		t.Errorf("got status %d, want 200", code)
	}
	if len(a.all) != 1 || a.all[0] != "www.casino.example gambling web.gambling leerlingen lesson" {
		t.Errorf("got appeals %q, want the one that was sent", a.all)
	}
	for field, bad := range map[string]string{"host": "a b", "category": "fun", "rule": "NOT A RULE", "group": "<b>"} {
		v := url.Values{}
		for k := range good {
			v.Set(k, good.Get(k))
		}
		v.Set(field, bad)
		if code := post(Prefix+"/appeal", v); code != 400 {
			t.Errorf("%s %q: got status %d, want 400", field, bad, code)
		}
	}
	typed := url.Values{}
	for k := range good {
		typed.Set(k, good.Get(k))
	}
	typed.Set("group", "Jan Jansen is ziek thuis")
	if code := post(Prefix+"/appeal", typed); code != 200 || len(a.all) != 2 || strings.Contains(a.all[1], "Jansen") {
		t.Errorf("words for a group: got status %d, appeals %q, want that they are not kept", code, a.all)
	}
	a.all = a.all[:1]
	good.Set("need", strings.Repeat("x", 10_000))
	if code := post(Prefix+"/appeal", good); code != 400 || len(a.all) != 1 {
		t.Errorf("a form that is too large: got status %d, appeals %q, want 400 and no further appeal", code, a.all)
	}
	a.err = appeals.ErrTooMany
	good.Set("need", "work")
	if code := post(Prefix+"/appeal", good); code != 503 {
		t.Errorf("too many appeals: got status %d, want 503", code)
	}
	for origin, own := range map[string]bool{
		"http://www.casino.example": true, "https://WWW.casino.example": true, "http://other.example": false,
		"http://www.casino.example:8080": false, "null": false, "": false,
	} {
		r := httptest.NewRequest("POST", "http://www.casino.example"+Prefix+"/acknowledge", nil)
		r.Header.Set("Origin", origin)
		if Own(r) != own {
			t.Errorf("a form of %q: got own %v, want %v", origin, !own, own)
		}
	}
	r := httptest.NewRequest("GET", Prefix+"/appeal", nil)
	w := httptest.NewRecorder()
	if p.ServeHTTP(w, r); w.Code == 200 {
		t.Error("a link: got an appeal, want none")
	}
}

func TestSite(t *testing.T) {
	p, _ := pages(t, func(o *Options) { o.Authority = &x509.Certificate{Raw: []byte("certificate")} })
	for path, want := range map[string]string{
		"/": "Dit is Sluis", "/setup": "/proxy.pac", "/ca.crt": "BEGIN CERTIFICATE", "/proxy.pac": "FindProxyForURL", "/wpad.dat": "FindProxyForURL",
		Prefix + "/setup": "Een apparaat instellen", "/nowhere": "Deze pagina is er niet", "/../etc/passwd": "",
	} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "http://sluis.school.example"+path, nil))
		if !strings.Contains(w.Body.String(), want) || w.Code == 200 && strings.Contains(w.Body.String(), "root:") {
			t.Errorf("%s: %d, %.200s", path, w.Code, w.Body)
		}
	}
	none, _ := pages(t)
	w := httptest.NewRecorder()
	if none.ServeHTTP(w, httptest.NewRequest("GET", "/ca.crt", nil)); w.Code != 404 {
		t.Errorf("without an authority: got %d, want 404", w.Code)
	}
}

// TestCertificatePages: what is wrong with a certificate is said in words, as a fault of the site that can be reached.
func TestCertificatePages(t *testing.T) {
	p, _ := pages(t)
	seen := map[string]Fault{}
	for _, f := range Faults {
		w := httptest.NewRecorder()
		p.Certificate(w, ask("nl"), f)
		body := w.Body.String()
		_, text, _ := strings.Cut(body, "<h1>")
		text, _, _ = strings.Cut(text, "</main>")
		if w.Code != 502 || !strings.Contains(body, "ertifica") && f != Obsolete || seen[text] != "" {
			t.Errorf("%s: got %d, %q, like %q; want 502 and a page of its own", f, w.Code, text, seen[text])
		}
		seen[text] = f
		if closes := w.Header().Get("Connection") == "close"; closes != (f == Asks) {
			t.Errorf("%s: got the connection closed %v, want that where the next one is not inspected only", f, closes)
		}
	}
}

// TestTexts: every text that is used is there in all languages, and none is there that is not used.
func TestTexts(t *testing.T) {
	var statuses []string
	for _, status := range errorPages {
		statuses = append(statuses, strconv.Itoa(status))
	}
	langtest.Package(t,
		langtest.Families{
			"error-": statuses,
			"hint-":  statuses,
			"need-":  langtest.Words(appeals.Needs),
			"fault-": append(langtest.Words(Faults), "title", "hint", "asks-title", "asks-hint", "obsolete-title"),
		},
		langtest.Speaker{Name: "message", Key: 3, All: true})
}
