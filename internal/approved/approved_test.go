package approved

import (
	"testing"
	"time"

	"sluis/rules"
)

func day(t *testing.T, s string) (d rules.Day) {
	t.Helper()
	if err := d.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWhatIsApproved: the domains and hosts of an agreement with all below, and nothing that only looks like
// them, until the end of its last day (C2.4a).
func TestWhatIsApproved(t *testing.T) {
	l := List{
		{Name: "DUO", Domains: []string{"duo.nl"}, Until: day(t, "2027-06-30")},
		{Name: "Volgsysteem", Hosts: []string{"LVS.Example."}, Domains: []string{"ggd.example"}, Until: day(t, "2026-12-31")},
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.Local)
	for _, c := range []struct {
		name         string
		mail, upload bool
		at           time.Time
	}{
		{"duo.nl", true, false, now},
		{"DUO.nl.", true, false, now},
		{"post.duo.nl", true, false, now},
		{"nietduo.nl", false, false, now},
		{"duo.nl.example", false, false, now},
		{"nl", false, false, now},
		{"", false, false, now},
		{"lvs.example", false, true, now},
		{"school.lvs.example", false, true, now},
		{"ggd.example", true, false, now},
		{"ggd.example", true, false, time.Date(2026, 12, 31, 23, 59, 0, 0, time.Local)},
		{"ggd.example", false, false, time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local)},
		{"lvs.example", false, false, time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local)},
		{"duo.nl", true, false, time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local)},
	} {
		if mail, upload := l.Mail(c.name, c.at), l.Upload(c.name, c.at); mail != c.mail || upload != c.upload {
			t.Errorf("%s at %s: mail %v, upload %v; want %v, %v", c.name, c.at, mail, upload, c.mail, c.upload)
		}
	}
	ended := l.EndedNames(time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local))
	if len(ended) != 1 || ended[0] != "Volgsysteem" {
		t.Errorf("ended are %v, want one", ended)
	}
}

// TestWhatCannotBeApproved: places where anybody receives what is sent.
func TestWhatCannotBeApproved(t *testing.T) {
	for _, d := range []string{
		"", "nl", "co.uk", "gmail.com", "Outlook.com.", "wetransfer.com", "juf@duo.nl", "*.duo.nl", "https://duo.nl", "192.0.2.1",
		"duo .nl",
	} {
		if unfit(d) == "" {
			t.Errorf("%q can be approved", d)
		}
	}
	for _, d := range []string{"duo.nl", "post.duo.nl", "DUO.nl.", "lvs.example"} {
		if why := unfit(d); why != "" {
			t.Errorf("%q: %s", d, why)
		}
	}
}
