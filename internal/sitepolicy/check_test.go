package sitepolicy

import (
	"sluis/internal/roster"
	"strings"
	"testing"
	"time"
)

func TestWrongOptions(t *testing.T) {
	x := index(t, map[string][]string{"social": {"social.example"}, "pornography": {"porn.example"}})
	pupils := []roster.Group{group(t, "leerlingen")}
	inspection := func(change func(*Inspection)) Options {
		n := Inspection{Groups: pupils, Hosts: []string{"a.example"}, Reason: "r"}
		change(&n)
		return Options{Index: x, Inspections: Inspections{Managed: pupils, Only: []Inspection{n}}}
	}
	entry := func(change func(*Entry)) Options {
		e := Entry{Host: "a.example", Block: true, Clause: "art. 1", Reason: "r", Author: "a"}
		change(&e)
		return Options{Sites: Sites{Own: []Entry{e}}}
	}
	for i, tt := range []struct {
		want string
		o    Options
	}{
		{"C2.8e", Options{Index: x, Sites: Sites{Forbid: []Forbidden{{Lists: []string{"social"}}}}}},
		{`no list "sociall"`, Options{Index: x, Sites: Sites{Forbid: []Forbidden{{Lists: []string{"sociall"}, Clause: "art. 1"}}}}},
		{`inspect 1: there is no list "sociall"`, inspection(func(n *Inspection) { n.Lists = []string{"sociall"} })},
		{"(C2.8e)", entry(func(e *Entry) { e.Clause = "" })},
		{"reason and an author", entry(func(e *Entry) { e.Author = "" })},
		{"reason and an author", entry(func(e *Entry) { e.Reason = "" })},
		{"not a host name", entry(func(e *Entry) { e.Host = "https://a.example/" })},
		{"not a host name", entry(func(e *Entry) { e.Host = "*.a.example" })},
		{"not a host name", entry(func(e *Entry) { e.Host = "a.example:443" })},
		{"begins with a slash", entry(func(e *Entry) { e.Path = "chat" })},
		{"hours are from", entry(func(e *Entry) { e.When = []Hours{{To: 25 * time.Hour}} })},
		{"hours are from", entry(func(e *Entry) {
			e.When = []Hours{{Except: []Period{{First: date("2026-12-19"), Last: date("2026-01-03")}}}}
		})},
		{"a reason is needed", inspection(func(n *Inspection) { n.Reason = "" })},
		{"everything cannot be", inspection(func(n *Inspection) { n.Hosts = nil })},
		{"managed devices", inspection(func(n *Inspection) { n.Groups = nil })},
		{"managed devices", inspection(func(n *Inspection) { n.Groups = []roster.Group{group(t, "gasten")} })},
		{"inspect 1, name 1: not a host", inspection(func(n *Inspection) { n.Hosts = []string{"a.example/b"} })},
		{"never-inspect, name 2: not a host", Options{NeverInspect: []string{"bank.example", "https://bank.example"}}},
		{"help, name 1: not a host", Options{Protected: []string{"help me"}}},
		{"only the privacy officer", Options{NeverInspect: []string{"bank.example"}, Inspections: Inspections{Never: Never{Without: []string{"bank.example"}}}}},
		{"only the privacy officer", Options{NeverInspect: []string{"bank.example"}, Inspections: Inspections{Never: Never{Without: []string{"bank.example"}, Officer: "FG"}}}},
		{"is not on the list", Options{Inspections: Inspections{Never: Never{Without: []string{"a.example"}, Officer: "FG", Reason: "r"}}}},
		{"strict or moderate", Options{Sites: Sites{SafeSearch: &SafeSearch{YouTube: "off"}}}},
		{"header field", Options{Sites: Sites{Tenants: []Tenant{{Hosts: []string{"a.example"}, Fields: map[string]string{"Restrict-Access": "a\r\nCookie: b"}}}}}},
		{"a.example is not inspected", Options{Sites: Sites{Tenants: []Tenant{{Hosts: []string{"a.example"}, Fields: map[string]string{"Restrict-Access": "school"}}}}}},
	} {
		if _, err := New(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d: want %q, got %v", i, tt.want, err)
		}
	}
	for i, o := range []Options{
		entry(func(e *Entry) { e.Host = ".A.Example" }),
		entry(func(e *Entry) { e.Block, e.Clause = false, "" }), // allowing needs no clause
		inspection(func(n *Inspection) { n.Lists = []string{"adult", "social"} }),
		{Index: x, Partial: true, Sites: Sites{Forbid: []Forbidden{{Lists: []string{"later"}, Clause: "art. 1"}}}},
	} {
		if _, err := New(o); err != nil {
			t.Errorf("%d: got %v, want no fault", i, err)
		}
	}
	p, err := New(Options{NeverInspect: []string{"bank.example"}, Inspections: Inspections{
		Never:   Never{Without: []string{"Bank.example"}, Officer: "FG", Reason: "les over bankzaken"},
		Managed: pupils,
		Only:    []Inspection{{Groups: pupils, Hosts: []string{"bank.example"}, Reason: "les"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := p.Decide(Request{
		Hosts: [3]string{"bank.example"}, Group: pupils[0], Time: at("mon", "10:00"), TLS: true,
	}); d.Action != Inspect {
		t.Errorf("after the officer shortened the list: got %+v, want it inspected", d)
	}
}
