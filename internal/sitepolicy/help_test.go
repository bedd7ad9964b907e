package sitepolicy

import (
	"io/fs"
	"strings"
	"testing"

	"sluis/rules"
)

// TestNoHelpLineIsBlocked: an own entry that would keep people from a place of help is refused by its name,
// however it is written, and does not count even if it got in (C2.8e).
func TestNoHelpLineIsBlocked(t *testing.T) {
	help := []string{"113.nl", "kindertelefoon.nl", "hulp.instelling.example"}
	for name, c := range map[string]struct {
		entry Entry
		want  string
	}{
		"itself, locked":      {Entry{Host: "113.nl", Locked: true}, "113.nl"},
		"itself":              {Entry{Host: "113.nl"}, "113.nl"},
		"in capitals":         {Entry{Host: "KinderTelefoon.NL.", Locked: true}, "kindertelefoon.nl"},
		"a host of it":        {Entry{Host: "chat.113.nl", Locked: true}, "113.nl"},
		"a page of it":        {Entry{Host: "www.113.nl", Path: "/chat", Locked: true}, "113.nl"},
		"all above it":        {Entry{Host: "instelling.example", Locked: true}, "hulp.instelling.example"},
		"all of the country":  {Entry{Host: "nl", Locked: true}, "113.nl"},
		"another site":        {Entry{Host: "1113.nl", Locked: true}, ""},
		"a sister of it":      {Entry{Host: "winkel.instelling.example"}, ""},
		"allowing it, locked": {Entry{Host: "113.nl", Locked: true, Reason: "allow"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.entry
			e.Block = e.Reason != "allow"
			e.Clause, e.Reason, e.Author = "art. 1", "r", "a"
			_, err := New(Options{Protected: help, Sites: Sites{Own: []Entry{e}}})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want+" is a place") {
				t.Errorf("%v, want a fault that names %q", err, c.want)
			}
		})
	}
	p, err := New(Options{Protected: help})
	if err != nil {
		t.Fatal(err)
	}
	locked := &Entry{Host: "nl", Block: true, Locked: true}
	p.own["nl"] = []*Entry{locked}
	if d := p.Decide(Request{Hosts: [3]string{"www.113.nl"}, Time: at("mon", "10:00")}); d.Action != Allow {
		t.Errorf("%+v, want help let through", d)
	}
}

// TestTheKnownHelpLinesAreOnTheList that comes with the gateway.
func TestTheKnownHelpLinesAreOnTheList(t *testing.T) {
	b, err := fs.ReadFile(rules.Sites(), "help.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := set(strings.Fields(string(b)))
	for _, h := range []string{
		"113.nl", "kindertelefoon.nl", "veiligthuis.nl", "mindkorrelatie.nl", "wijzijnmind.nl", "meldknop.nl",
		"offlimits.nl", "centrumseksueelgeweld.nl", "slachtofferhulp.nl", "vertrouwensinspectie.nl",
	} {
		if !listed[h] {
			t.Errorf("%s is not on the list of help", h)
		}
	}
}
