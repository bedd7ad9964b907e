package policy

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/rules"
)

func group(t testing.TB, name string) roster.Group {
	t.Helper()
	g, err := roster.ParseGroup(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// index makes an index of hosts by category.
func index(t testing.TB, lists map[string][]string) *domains.Index {
	t.Helper()
	var names []string
	for n := range lists {
		names = append(names, n)
	}
	slices.Sort(names)
	b, err := domains.NewBuilder(names...)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		for _, h := range lists[n] {
			if strings.Contains(h, "/") {
				b.AddURL(i, h)
			} else {
				b.Add(i, h)
			}
		}
	}
	path := t.TempDir() + "/index"
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := domains.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var amsterdam = mustLoad("Europe/Amsterdam")

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// at returns a moment of the week of 23 November 2026, a Monday.
func at(day, clock string) time.Time {
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	t, err := time.ParseInLocation("2006-01-02 15:04", fmt.Sprintf("2026-11-%d %s", 23+slices.Index(days, day), clock), amsterdam)
	if err != nil {
		panic(err)
	}
	return t
}

// school is a policy with some of everything.
func school(t testing.TB) *Policy {
	t.Helper()
	pupils := group(t, "leerlingen")
	lessons := []Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 8 * time.Hour, To: 15 * time.Hour,
		Except: []Period{{time.Date(2026, 11, 26, 0, 0, 0, 0, amsterdam), time.Date(2026, 11, 26, 0, 0, 0, 0, amsterdam)}}}}
	night := []Hours{{From: 22 * time.Hour, To: 6 * time.Hour}}
	p, err := New(Options{
		Index: index(t, map[string][]string{
			"adult": {"porn.example"}, "gambling": {"casino.example", "both.example", "lost.example"}, "phishing": {"bank-login.example", "both.example"},
			"social": {"social.example", "help.example"}, "games": {"games.example", "mixed.example/games"}, "hate": {"hate.example", "history.hate.example", "help.example"},
			"doh": {"dns.example"}, "news": {"news.example"},
		}),
		Own: []Entry{
			{Host: "history.hate.example", Locked: true, Reason: "archief, gebruikt bij geschiedenis", Author: "ICT-dienst"},
			{Host: "lost.example", Reason: "alleen toegestaan", Author: "ICT-dienst"},
			{Host: "bad.example", Block: true, Reason: "pesten op deze site", Author: "ICT-dienst"},
			{Host: "ended.example", Block: true, Reason: "examenweek", Author: "ICT-dienst", Until: at("mon", "00:00")},
			{Host: "exam.example", Block: true, Locked: true, Groups: []roster.Group{pupils}, When: lessons, Reason: "toets", Author: "ICT-dienst"},
			{Host: "part.example", Path: "/chat", Block: true, Reason: "chat", Author: "ICT-dienst"},
			{Host: "both-ways.example", Locked: true, Reason: "les", Author: "ICT-dienst"},
			{Host: "both-ways.example", Block: true, Locked: true, Reason: "rechter", Author: "bestuur"},
		},
		Forbid: []Forbidden{
			{Lists: []string{"social"}, Groups: []roster.Group{pupils}, When: lessons, Clause: "art. 4.2 van het leerlingenstatuut"},
			{Lists: []string{"games"}, When: night, Clause: "art. 5 van de gedragscode"},
		},
		Protected: []string{"help.example"}, Never: []string{"bank.example", "help.example"},
		Inspect: []Inspection{
			{Groups: []roster.Group{pupils}, Uncategorised: true, Reason: "pagina's van onbekende sites worden gewogen"},
			{Groups: []roster.Group{pupils}, Lists: []string{"news"}, Hosts: []string{"search.example"}, Reason: "zoekmachine"},
		},
		Managed: []roster.Group{pupils}, Safe: &Safe{Groups: []roster.Group{pupils}, YouTube: "strict"},
		Tenants:        []Tenant{{Hosts: []string{"login.microsoftonline.com"}, Fields: []Field{{"Restrict-Access-To-Tenants", "school.example"}}}},
		BlockAddresses: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStories: would this be blocked, for whom, and why?
func TestStories(t *testing.T) {
	p := school(t)
	pupils, staff, nobody := group(t, "leerlingen"), group(t, "leraren"), roster.Group{}
	for _, tt := range []struct {
		story    string
		host     string
		path     string
		group    roster.Group
		time     time.Time
		tls      bool
		action   Action
		level    Level
		category rules.Category
		clause   string
		list     string
	}{
		{"an unknown site, for staff", "site.example", "", staff, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"an unknown site, for pupils: it is looked into", "site.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"an unknown site in plain needs no inspection", "site.example", "/", pupils, at("mon", "10:00"), false, Allow, NoLevel, 0, "", ""},
		{"C2.8a: pornography, for pupils", "www.porn.example", "", pupils, at("mon", "10:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
		{"C2.8a: pornography, for staff as well", "porn.example", "", staff, at("sun", "23:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
		{"C2.8a: and for who is unknown", "PORN.example.", "", nobody, at("sun", "23:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
		{"C2.8a: hatred", "hate.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Hate, "C2.8a", "hate"},
		{"a locked allow goes before a category", "history.hate.example", "", staff, at("mon", "10:00"), true, Allow, LockedAllow, 0, "", "own"},
		{"an allow that is not locked does not", "lost.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Gambling, "C2.8c", "gambling"},
		{"C2.8c: gambling", "a.b.casino.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Gambling, "C2.8c", "gambling"},
		{"C2.9a: danger is named before the rest", "both.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Phishing, "C2.9a", "phishing"},
		{"C3.3a: ways around the filter", "dns.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Bypass, "C3.3a", "doh"},
		{"C2.8e: social media are not forbidden to staff", "social.example", "", staff, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"to pupils they are, in lessons", "social.example", "", pupils, at("mon", "10:00"), true, Block, Blocked, rules.OwnCode, "C2.8e", "social"},
		{"not before lessons", "social.example", "", pupils, at("mon", "07:59"), true, Allow, NoLevel, 0, "", ""},
		{"nor when they end", "social.example", "", pupils, at("mon", "15:00"), true, Allow, NoLevel, 0, "", ""},
		{"nor in the weekend", "social.example", "", pupils, at("sat", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"nor on a day off", "social.example", "", pupils, at("thu", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"games are forbidden at night", "games.example", "", staff, at("mon", "23:30"), true, Block, Blocked, rules.OwnCode, "C2.8e", "games"},
		{"past midnight too", "games.example", "", staff, at("tue", "05:59"), true, Block, Blocked, rules.OwnCode, "C2.8e", "games"},
		{"not in the morning", "games.example", "", staff, at("tue", "06:00"), true, Allow, NoLevel, 0, "", ""},
		{"a page of a list, at night", "mixed.example", "/games/chess", staff, at("mon", "23:30"), false, Block, Blocked, rules.OwnCode, "C2.8e", "games"},
		{"another page of the site", "mixed.example", "/news", staff, at("mon", "23:30"), false, Allow, NoLevel, 0, "", ""},
		{"a site of help is on no list", "help.example", "", pupils, at("mon", "10:00"), true, Allow, LockedAllow, 0, "", "help"},
		{"an own deny", "www.bad.example", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.OwnCode, "C2.8e", "own"},
		{"an own deny that has ended", "ended.example", "", staff, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"a test, for pupils in lessons", "exam.example", "", pupils, at("tue", "09:00"), true, Block, LockedBlock, rules.OwnCode, "C2.8e", "own"},
		{"a test, for staff", "exam.example", "", staff, at("tue", "09:00"), true, Allow, NoLevel, 0, "", ""},
		{"a part of a site", "part.example", "/chat/room", staff, at("mon", "10:00"), false, Block, Blocked, rules.OwnCode, "C2.8e", "own"},
		{"the rest of it", "part.example", "/", staff, at("mon", "10:00"), false, Allow, NoLevel, 0, "", ""},
		{"a locked block goes before a locked allow", "both-ways.example", "", staff, at("mon", "10:00"), true, Block, LockedBlock, rules.OwnCode, "C2.8e", "own"},
		{"a number", "192.0.2.7", "", staff, at("mon", "10:00"), true, Block, Blocked, rules.Bypass, "C3.3a", "address"},
		{"a bank is never looked into", "www.bank.example", "", pupils, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"a host that is to be looked into", "search.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"a list that is to be looked into", "news.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"for others it is not", "news.example", "", staff, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
	} {
		r := Request{Hosts: [3]string{tt.host}, Path: tt.path, Group: tt.group, Time: tt.time.UTC(), TLS: tt.tls}
		d := p.Decide(r)
		if d.Action != tt.action || d.Level != tt.level || d.Category != tt.category || d.Clause.String() != tt.clause || d.List != tt.list {
			t.Errorf("%s: %+v", tt.story, d)
		}
		if d.Action == Block && (d.Rule.String() == "" || tt.category == rules.OwnCode && d.Own == "") {
			t.Errorf("%s: does not say by which rule or clause: %+v", tt.story, d)
		}
		if page := d.Action == Block && tt.tls && tt.group == pupils; d.BlockPage != page {
			t.Errorf("%s: block page %v", tt.story, d.BlockPage)
		}
		x := p.Explain(r)
		if fmt.Sprint(x.Decision) != fmt.Sprint(d) {
			t.Errorf("%s: explained as %+v", tt.story, x.Decision)
		}
		if d.Action == Block && !slices.ContainsFunc(x.Steps, func(s Step) bool { return s.Holds }) {
			t.Errorf("%s: no step of the explanation holds: %+v", tt.story, x.Steps)
		}
	}
}

// TestStrictest: of several names the strictest decides, whichever it is.
func TestStrictest(t *testing.T) {
	p := school(t)
	hosts := []string{"", "site.example", "porn.example", "help.example", "bank.example", "exam.example", "history.hate.example", "social.example", "192.0.2.7"}
	one := map[string]Decision{}
	g, now := group(t, "leerlingen"), at("tue", "10:00")
	for _, h := range hosts {
		one[h] = p.Decide(Request{Hosts: [3]string{h}, Group: g, Time: now, TLS: true})
	}
	for _, a := range hosts[1:] {
		for _, b := range hosts {
			for _, c := range hosts {
				d := p.Decide(Request{Hosts: [3]string{a, b, c}, Group: g, Time: now, TLS: true})
				blocked := false
				for _, h := range []string{a, b, c} {
					blocked = blocked || h != "" && one[h].Action == Block
				}
				if (d.Action == Block) != blocked {
					t.Errorf("%q: %+v", []string{a, b, c}, d)
				}
			}
		}
	}
	// A name that is never looked into hides no other.
	if d := p.Decide(Request{Hosts: [3]string{"site.example", "bank.example"}, Group: g, Time: now, TLS: true}); d.Action != Inspect {
		t.Errorf("behind the name of a bank: %+v", d)
	}
}

func TestSafeSearch(t *testing.T) {
	p := school(t)
	pupils := group(t, "leerlingen")
	for host, want := range map[string]string{
		"www.google.nl": "forcesafesearch.google.com", "google.com": "forcesafesearch.google.com", "www.google.co.uk": "forcesafesearch.google.com",
		"mail.google.com": "", "www.google.example": "", "google.evil.nl": "", "www.googlesomething.nl": "", "www.google.nl.evil.nl": "",
		"www.bing.com": "strict.bing.com", "duckduckgo.com": "safe.duckduckgo.com", "search.brave.com": "forcesafe.search.brave.com",
		"www.youtube.com": "restrict.youtube.com", "youtubei.googleapis.com": "restrict.youtube.com", "i.ytimg.com": "",
	} {
		if d := p.Decide(Request{Hosts: [3]string{host}, Group: pupils, Time: at("mon", "10:00"), TLS: true}); d.Connect != want {
			t.Errorf("%s: connects to %q, want %q", host, d.Connect, want)
		}
		if d := p.Decide(Request{Hosts: [3]string{host}, Group: group(t, "leraren"), Time: at("mon", "10:00"), TLS: true}); d.Connect != "" {
			t.Errorf("%s: for staff too", host)
		}
	}
	d := p.Decide(Request{Hosts: [3]string{"login.microsoftonline.com"}, Group: pupils, Time: at("mon", "10:00"), TLS: true})
	if len(d.Header) != 1 || d.Header[0].Value != "school.example" {
		t.Errorf("tenant restriction: %+v", d)
	}
}

// TestSummerTime: hours are those of the clock on the wall.
func TestSummerTime(t *testing.T) {
	h := Hours{From: 8 * time.Hour, To: 15 * time.Hour}
	for day, utc := range map[string]string{"2026-01-15": "07:00", "2026-07-15": "06:00"} {
		at, err := time.Parse("2006-01-02 15:04", day+" "+utc)
		if err != nil {
			t.Fatal(err)
		}
		if !h.contains(at.In(amsterdam)) || h.contains(at.Add(-time.Minute).In(amsterdam)) {
			t.Errorf("%s: lessons do not begin at eight", day)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	x := index(t, map[string][]string{"social": {"social.example"}})
	for want, o := range map[string]Options{
		"C2.8e":                    {Index: x, Forbid: []Forbidden{{Lists: []string{"social"}}}},
		`no list "sociall"`:        {Index: x, Forbid: []Forbidden{{Lists: []string{"sociall"}, Clause: "art. 1"}}},
		"reason and an author":     {Own: []Entry{{Host: "a.example", Block: true}}},
		"not a host name":          {Own: []Entry{{Host: "https://a.example/", Reason: "r", Author: "a"}}},
		"a reason is needed":       {Inspect: []Inspection{{Hosts: []string{"a.example"}}}},
		"everything cannot be":     {Inspect: []Inspection{{Reason: "r"}}},
		"only the privacy officer": {Never: []string{"bank.example"}, Shorten: Shorten{Hosts: []string{"bank.example"}}},
		"is not on the list":       {Shorten: Shorten{Hosts: []string{"a.example"}, Officer: "FG", Reason: "r"}},
		"strict or moderate":       {Safe: &Safe{YouTube: "off"}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	p, err := New(Options{Never: []string{"bank.example"}, Shorten: Shorten{Hosts: []string{"bank.example"}, Officer: "FG", Reason: "les over bankzaken"},
		Inspect: []Inspection{{Hosts: []string{"bank.example"}, Reason: "les"}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := p.Decide(Request{Hosts: [3]string{"bank.example"}, Time: at("mon", "10:00"), TLS: true}); d.Action != Inspect {
		t.Errorf("after the officer shortened the list: %+v", d)
	}
}

func TestHidden(t *testing.T) {
	p, err := New(Options{BlockECH: true, BlockNameless: true, Managed: []roster.Group{group(t, "leerlingen")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Request{
		"ech":     {Hosts: [3]string{"site.example", "outer.example"}, ECH: true, TLS: true},
		"no-name": {Hosts: [3]string{"site.example"}, NoSNI: true, TLS: true},
	} {
		r.Time = at("mon", "10:00")
		if d := p.Decide(r); d.Action != Block || d.Rule.String() != "web."+name || d.Category != rules.Bypass {
			t.Errorf("%s: %+v", name, d)
		}
		open, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := open.Decide(r); d.Action != Allow {
			t.Errorf("%s where it is not blocked: %+v", name, d)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	p := school(b)
	r := Request{Hosts: [3]string{"www.site.example", "www.site.example"}, Group: group(b, "leraren"), Time: at("mon", "10:00"), TLS: true}
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(r)
	}
}
