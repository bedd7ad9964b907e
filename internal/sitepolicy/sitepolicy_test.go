package sitepolicy

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
	t, err := time.ParseInLocation(
		"2006-01-02 15:04",
		fmt.Sprintf("2026-11-%d %s", 23+slices.Index(days, day), clock),
		amsterdam,
	)
	if err != nil {
		panic(err)
	}
	return t
}

// school is a policy with some of everything.
func school(t testing.TB) *Policy {
	t.Helper()
	pupils := group(t, "leerlingen")
	holiday := time.Date(2026, 11, 26, 0, 0, 0, 0, amsterdam)
	lessons := []Hours{{
		Days:   []time.Weekday{1, 2, 3, 4, 5},
		From:   8 * time.Hour,
		To:     15 * time.Hour,
		Except: []Period{{First: holiday, Last: holiday}},
	}}
	night := []Hours{{From: 22 * time.Hour, To: 6 * time.Hour}}
	p, err := New(Options{
		Index: index(t, map[string][]string{
			"adult": {
				"porn.example",
			}, "gambling": {"casino.example", "both.example", "lost.example"}, "phishing": {"bank-login.example", "both.example"},
			"social": {
				"social.example",
				"help.example",
			}, "games": {"games.example", "mixed.example/games"}, "hate": {"hate.example", "history.hate.example", "help.example"},
			"doh": {"dns.example"}, "news": {"news.example"},
		}),
		Sites: Sites{Own: []Entry{
			{
				Host:   "history.hate.example",
				Locked: true,
				Reason: "archief, gebruikt bij geschiedenis",
				Author: "ICT-dienst",
			},
			{Host: "lost.example", Reason: "alleen toegestaan", Author: "ICT-dienst"},
			{Host: "bad.example", Block: true, Clause: "art. 1", Reason: "pesten op deze site", Author: "ICT-dienst"},
			{
				Host:   "ended.example",
				Block:  true,
				Clause: "art. 1",
				Reason: "examenweek",
				Author: "ICT-dienst",
				Until:  Until{at("mon", "00:00")},
			},
			{
				Host:   "exam.example",
				Block:  true,
				Clause: "art. 1",
				Locked: true,
				Groups: []roster.Group{pupils},
				When:   lessons,
				Reason: "toets",
				Author: "ICT-dienst",
			},
			{Host: "part.example", Path: "/chat", Block: true, Clause: "art. 1", Reason: "chat", Author: "ICT-dienst"},
			{Host: "both-ways.example", Locked: true, Reason: "les", Author: "ICT-dienst"},
			{Host: "both-ways.example", Block: true, Clause: "art. 1", Locked: true, Reason: "rechter", Author: "bestuur"},
		},
			Forbid: []Forbidden{
				{
					Lists:  []string{"social"},
					Groups: []roster.Group{pupils},
					When:   lessons,
					Clause: "art. 4.2 van het leerlingenstatuut",
				},
				{Lists: []string{"games"}, When: night, Clause: "art. 5 van de gedragscode"},
			},
			SafeSearch: &SafeSearch{Groups: []roster.Group{pupils}, YouTube: "strict"},
			Tenants: []Tenant{{
				Hosts:  []string{"login.microsoftonline.com"},
				Fields: map[string]string{"Restrict-Access-To-Tenants": "school.example"},
			}},
			BlockAddresses: true,
		},
		Protected:    []string{"help.example", "safe.example"},
		NeverInspect: []string{"bank.example", "help.example"},
		Inspections: Inspections{Managed: []roster.Group{pupils}, Only: []Inspection{
			{
				Groups:        []roster.Group{pupils},
				Uncategorised: true,
				Reason:        "pagina's van onbekende sites worden gewogen",
			},
			{
				Groups: []roster.Group{pupils},
				Lists:  []string{"news"},
				Hosts:  []string{"search.example"},
				Reason: "zoekmachine",
			},
		}},
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
		{"an unknown site, for pupils: it is inspected", "site.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"an unknown site in plain needs no inspection", "site.example", "/", pupils, at("mon", "10:00"), false, Allow, NoLevel, 0, "", ""},
		{"C2.8a: pornography, for pupils", "www.porn.example", "", pupils, at("mon", "10:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
		{"C2.8a: pornography, for staff as well", "porn.example", "", staff, at("sun", "23:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
		{"C2.8a: and for an unknown sender", "PORN.example.", "", nobody, at("sun", "23:00"), true, Block, Blocked, rules.Pornography, "C2.8a", "adult"},
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
		{"a bank is never inspected", "www.bank.example", "", pupils, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
		{"a host that is to be inspected", "search.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"a list that is to be inspected", "news.example", "", pupils, at("mon", "10:00"), true, Inspect, NoLevel, 0, "", ""},
		{"for others it is not", "news.example", "", staff, at("mon", "10:00"), true, Allow, NoLevel, 0, "", ""},
	} {
		r := Request{Hosts: [3]string{tt.host}, Path: tt.path, Group: tt.group, Time: tt.time.UTC(), TLS: tt.tls}
		d := p.Decide(r)
		if d.Action != tt.action || d.Level != tt.level || d.Category != tt.category ||
			d.Clause.String() != tt.clause ||
			d.List != tt.list {
			t.Errorf("%s: got %+v, want %+v", tt.story, d, tt)
		}
		if d.Action == Block && (d.Rule.String() == "" || tt.category == rules.OwnCode && d.Own == "") {
			t.Errorf("%s: got %+v, want the rule, and the clause of the own code", tt.story, d)
		}
		if page := d.Action == Block && tt.tls && tt.group == pupils; d.BlockPage != page {
			t.Errorf("%s: got block page %v, want %v", tt.story, d.BlockPage, page)
		}
		x := p.Explain(r)
		if fmt.Sprint(x.Decision) != fmt.Sprint(d) {
			t.Errorf("%s: explained as %+v, want %+v", tt.story, x.Decision, d)
		}
		if d.Action == Block && !slices.ContainsFunc(x.Steps, func(s Step) bool { return s.Holds }) {
			t.Errorf("%s: got %+v, want a step that holds", tt.story, x.Steps)
		}
	}
}

// TestLevels: among the entries on a site that hold for the group and the hour the highest level decides.
func TestLevels(t *testing.T) {
	pupils, staff := group(t, "leerlingen"), group(t, "leraren")
	lessons := []Hours{{From: 8 * time.Hour, To: 15 * time.Hour}}
	entry := func(block, locked bool) Entry {
		return Entry{
			Host:   "site.example",
			Block:  Blocks(block),
			Locked: locked,
			Groups: []roster.Group{pupils},
			When:   lessons,
			Clause: "art. 1",
			Reason: "r",
			Author: "a",
		}
	}
	said := []struct { // highest level first
		level Level
		add   func(*Options)
	}{
		{LockedBlock, func(o *Options) { o.Own = append(o.Own, entry(true, true)) }},
		{LockedAllow, func(o *Options) { o.Own = append(o.Own, entry(false, true)) }},
		{Blocked, func(o *Options) { o.Own = append(o.Own, entry(true, false)) }},
		{Blocked, func(o *Options) {
			o.Index = index(t, map[string][]string{"chat": {"site.example"}})
			o.Forbid = []Forbidden{
				{Lists: []string{"chat"}, Groups: []roster.Group{pupils}, When: lessons, Clause: "art. 1"},
			}
		}},
		{Allowed, func(o *Options) { o.Own = append(o.Own, entry(false, false)) }},
	}
	for which := range 1 << len(said) {
		var o Options
		want := NoLevel
		for i := range said { // in both orders
			if which&1 == 1 {
				i = len(said) - 1 - i
			}
			if which&(1<<i) != 0 {
				said[i].add(&o)
				want = max(want, said[i].level)
			}
		}
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range []roster.Group{pupils, staff, {}} {
			for _, clock := range []string{"07:59", "08:00", "14:59", "15:00"} {
				level := NoLevel
				if g == pupils && clock > "08" && clock < "15" {
					level = want
				}
				d := p.Decide(
					Request{Hosts: [3]string{"www.site.example"}, Group: g, Time: at("mon", clock), TLS: true},
				)
				if d.Level != level || (d.Action == Block) != (level == Blocked || level == LockedBlock) {
					t.Errorf("%05b, %q at %s: %+v, want level %d", which, g, clock, d, level)
				}
			}
		}
	}
}

// TestConfidential: for a confidential role only security counts (C3.2g).
func TestConfidential(t *testing.T) {
	p := school(t)
	for host, want := range map[string]Action{
		"porn.example": Allow, "hate.example": Allow, "casino.example": Allow, "bad.example": Allow, "both.example": Block, "dns.example": Block,
		"192.0.2.7": Block, "exam.example": Allow, "social.example": Allow, "site.example": Allow, "search.example": Allow,
	} {
		r := Request{
			Hosts:        [3]string{host},
			Group:        group(t, "leerlingen"),
			Time:         at("tue", "10:00"),
			TLS:          true,
			Confidential: true,
		}
		if d := p.Decide(r); d.Action != want || d.Action == Block && !Security(d.Category) {
			t.Errorf("%s: got %+v, want %v, and no block but for security", host, d, want)
		}
		r.Confidential = false
		if d := p.Decide(r); d.Action == Allow {
			t.Errorf("%s, for others: got %+v, want it not allowed", host, d)
		}
	}
}

// TestSpelling: another spelling of a page or host changes nothing.
func TestSpelling(t *testing.T) {
	open, err := New(Options{Sites: Sites{Own: []Entry{
		{Host: "Part.Example.", Path: "/ch%61t", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
		{Host: "part.example", Path: "/chat/les", Locked: true, Reason: "r", Author: "a"},
		{Host: "münchen.example", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
		{Host: "2001:DB8:0::7", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
		{Host: "192.0.2.9", Block: true, Clause: "art. 1", Reason: "r", Author: "a"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]Action{
		"part.example /chat": Block, "part.example /%63hat": Block, "part.example //chat": Block, "part.example /./x/../chat": Block, "PART.example. /chat?x": Block,
		"part.example /Chat": Block, "part.example /x/chat": Allow, "part.example ": Allow,
		"part.example /chat/les/1": Allow, "part.example /chat/les/../room": Block, "part.example /chat/les/%2e%2e/room": Block,
		"xn--mnchen-3ya.example /": Block, "2001:db8::7 /": Block, "2001:db8:0:0::0007 /": Block, "2001:db8::8 /": Allow,
		"192.0.2.9 /": Block, "::ffff:192.0.2.9 /": Block, "::ffff:c000:209 /": Block, "192.0.2.10 /": Allow,
	} {
		host, path, _ := strings.Cut(address, " ")
		if d := open.Decide(Request{
			Hosts: [3]string{"", "", host}, Path: path, Time: at("mon", "10:00"),
		}); d.Action != want {
			t.Errorf("%s: got %+v, want %v", address, d, want)
		}
	}
}

func TestHidden(t *testing.T) {
	p, err := New(Options{
		Sites:       Sites{BlockECH: true, BlockNameless: true},
		Inspections: Inspections{Managed: []roster.Group{group(t, "leerlingen")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Request{
		"ech":     {Hosts: [3]string{"site.example", "outer.example"}, ECH: true, TLS: true},
		"no-name": {Hosts: [3]string{"site.example"}, NoSNI: true, TLS: true},
	} {
		r.Time = at("mon", "10:00")
		if d := p.Decide(r); d.Action != Block || d.Rule.String() != "web."+name || d.Category != rules.Bypass {
			t.Errorf("%s: got %+v, want it blocked as a bypass by web.%s", name, d, name)
		}
		open, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := open.Decide(r); d.Action != Allow {
			t.Errorf("%s where it is not blocked: got %+v, want it allowed", name, d)
		}
	}
}

// TestDecidingTakesNoMemory on the way of most requests.
func TestDecidingTakesNoMemory(t *testing.T) {
	p := school(t)
	for _, host := range []string{"www.site.example", "bank.example", "www.youtube.com", "news.example"} {
		r := Request{
			Hosts: [3]string{host, host},
			Path:  "/some/page?q=1",
			Group: group(t, "leerlingen"),
			Time:  at("mon", "10:00"),
			TLS:   true,
		}
		if n := testing.AllocsPerRun(100, func() { p.Decide(r) }); n > 0 {
			t.Errorf("%s: got %v allocations, want none", host, n)
		}
	}
}

// FuzzDecide: a further name of a request never makes the decision laxer, and sites that are never inspected are not.
func FuzzDecide(f *testing.F) {
	p := school(f)
	pupils := group(f, "leerlingen")
	f.Add("site.example", "www.bank.example", "/chat", true)
	f.Add("192.0.2.7", "help.example", "/%63hat/../..", true)
	f.Add("::ffff:192.0.2.7", "casino.example.", "", false)
	f.Fuzz(func(t *testing.T, connect, site, path string, tls bool) {
		decide := func(hosts [3]string) Decision {
			r := Request{Hosts: hosts, Path: path, Group: pupils, Time: at("tue", "10:00"), TLS: tls}
			d := p.Decide(r)
			if x := p.Explain(r); fmt.Sprint(x.Decision) != fmt.Sprint(d) {
				t.Fatalf("explained as %+v, want %+v", x.Decision, d)
			}
			return d
		}
		both, one, other := decide([3]string{connect, site}), decide([3]string{connect}), decide([3]string{"", site})
		if (both.Action == Block) != (one.Action == Block || other.Action == Block) {
			t.Errorf("%q and %q: got %+v, want the stricter of both", connect, site, both)
		}
		if site != "" && inDomainSet(normalHost(site), p.never) && (both.Action == Inspect || both.BlockPage) {
			t.Errorf("%q, connected to %q: got it inspected, want never", site, connect)
		}
		if other.Action == Inspect && both.Action == Allow {
			t.Errorf("%q and %q: got it allowed, want it inspected", connect, site)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	p := school(b)
	r := Request{
		Hosts: [3]string{"www.site.example", "www.site.example"},
		Group: group(b, "leraren"),
		Time:  at("mon", "10:00"),
		TLS:   true,
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(r)
	}
}
