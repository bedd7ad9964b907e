package sitepolicy

import (
	"testing"

	"sluis/internal/roster"
	"sluis/rules"
)

// TestStrictest: of several names the strictest decides, whichever it is.
func TestStrictest(t *testing.T) {
	p := school(t)
	hosts := []string{
		"",
		"site.example",
		"porn.example",
		"help.example",
		"bank.example",
		"exam.example",
		"history.hate.example",
		"social.example",
		"192.0.2.7",
	}
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
					t.Errorf("%q: got %+v, want it blocked: %v", []string{a, b, c}, d, blocked)
				}
			}
		}
	}
}

// TestStrictestInEachRespect: whichever name asks for it, safe search and fields are set,
// and pages are scored.
func TestStrictestInEachRespect(t *testing.T) {
	p := school(t)
	g, now := group(t, "leerlingen"), at("tue", "18:00")
	for i, hosts := range [][3]string{
		{"www.google.nl", "search.example"}, {"search.example", "www.google.nl"},
		{"history.hate.example", "www.google.nl", "www.google.nl"},
	} {
		if d := p.Decide(Request{
			Hosts: hosts, Group: g, Time: now, TLS: true,
		}); d.Connect != "forcesafesearch.google.com" {
			t.Errorf("%d: got %+v, want safe search", i, d)
		}
	}
	for i, hosts := range [][3]string{{"news.example", "site.example"}, {"site.example", "news.example"}} {
		if d := p.Decide(Request{Hosts: hosts, Group: g, Time: now, TLS: true}); d.Listed || d.Action != Inspect {
			t.Errorf("%d: got %+v, want a site that is on no list, inspected", i, d)
		}
	}
	d := p.Decide(
		Request{Hosts: [3]string{"site.example", "login.microsoftonline.com"}, Group: g, Time: now, TLS: true},
	)
	if len(d.Header) != 1 {
		t.Errorf("got %+v, want one header field", d)
	}
	for i, hosts := range [][3]string{{"casino.example", "both.example"}, {"both.example", "casino.example"}} {
		if d := p.Decide(Request{Hosts: hosts, Group: g, Time: now, TLS: true}); d.Category != rules.Phishing {
			t.Errorf("%d: got %+v, want phishing named", i, d)
		}
	}
}

// TestNeverInspected: the ClientHello names the site of a connection. No other site hides behind such a name: the
// gateway connects to the named one.
func TestNeverInspected(t *testing.T) {
	p := school(t)
	g, now := group(t, "leerlingen"), at("tue", "10:00")
	for _, tt := range []struct {
		story   string
		hosts   [3]string
		action  Action
		connect string
		page    bool
	}{
		{"a bank", [3]string{"bank.example", "bank.example"}, Allow, "", false},
		{"part of a bank", [3]string{"bank.example", "www.bank.example"}, Allow, "", false},
		{"a bank, behind the name of another site", [3]string{"site.example", "bank.example"}, Allow, "bank.example", false},
		{"another site, behind the name of a bank", [3]string{"bank.example", "site.example"}, Inspect, "", false},
		{"a bank, before the hello is read", [3]string{"bank.example"}, Allow, "", false},
		{"help, which is on no such list", [3]string{"site.example", "safe.example"}, Allow, "safe.example", false},
		{"a bank as name of a casino", [3]string{"casino.example", "bank.example"}, Block, "", false},
		{"a casino as name of a bank", [3]string{"bank.example", "casino.example"}, Block, "", true},
	} {
		d := p.Decide(Request{Hosts: tt.hosts, Group: g, Time: now, TLS: true})
		if d.Action != tt.action || d.Connect != tt.connect || d.BlockPage != tt.page {
			t.Errorf("%s: got %+v, want %+v", tt.story, d, tt)
		}
	}
	// A bank that is asked for by number is no less a bank.
	open, err := New(Options{NeverInspect: []string{"bank.example"}, Inspections: Inspections{
		Managed: []roster.Group{g},
		Only:    []Inspection{{Groups: []roster.Group{g}, Uncategorised: true, Reason: "r"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := open.Decide(Request{
		Hosts: [3]string{"192.0.2.7", "bank.example"}, Group: g, Time: now, TLS: true,
	}); d.Action != Allow ||
		d.Connect != "bank.example" {
		t.Errorf("by number: got %+v, want it to go to bank.example", d)
	}
	if d := open.Decide(Request{
		Hosts: [3]string{"192.0.2.7", "site.example"}, Group: g, Time: now, TLS: true,
	}); d.Action != Inspect {
		t.Errorf("another by number: got %+v, want it inspected", d)
	}
}
