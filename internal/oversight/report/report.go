// Package report writes the accountability report (K1, K2): what is controlled, on which clause, on what share of the
// traffic, how often something was opened and by which role, and what has changed. It is made from the running
// configuration, the rules, the roster's counts, the totals and the ledger, for the board, the participation council
// and everybody else who has to judge the controls.
//
// It promises that no name, address or reason for an act is in it, and that its page needs nothing from elsewhere and
// prints well. It does not promise that the configuration was right at the time: it reports the changes of it.
package report

import (
	"embed"
	"fmt"
	"time"

	"sluis/internal/lang"
	"sluis/internal/ledger"
	"sluis/internal/oversight/byheader"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Facts are what a report is made from.
type Facts struct {
	Organisation string
	CodeURL      string
	Lang         string // code of its language
	Since, Until time.Time
	Made         time.Time
	Rules        []rules.Rule
	Fingerprints [2]string // of rules and roster, now
	Rate         float64   // of the sample
	RateReason   string    // why it is not of an ordinary size
	Unreasoned   bool      // it is not, and there is no reason
	Approved     []Approved
	Blocked      []Blocked // sites that the organisation blocks itself
	Disabled     []string  // ids of built-in rules that are switched off
	People       int
	Confidential int
	ByHeader     []byheader.Month // messages that were exempt by their header alone
	Groups       int
	Retention    [2]int // days: metadata, messages in quarantine
	WebControl   bool   // there is a web proxy
	Inspected    bool   // and it inspects TLS of some groups
	Period       *totals.Period
	Ledger       ledger.Finder
	Checkpoint   []byte
	Roll         *roll.Adopted // the board's, in force; nil: there is none, and so no order
}

// Approved is an agreement on data of persons: leaks are not looked for in what goes there (C2.4a).
type Approved struct {
	Name, Where string
	Last        time.Time // day
	Ended       bool
}

// Blocked are sites that an organisation's own configuration blocks (C2.8e).
type Blocked struct {
	What   string // a host, or a list of sites
	Clause string // of the code, or of the organisation's own
}

// Report is what is written, in whichever form.
type Report struct {
	Lang     string
	Title    string
	Subtitle string
	Sections []Section
}

// Section is a part of a report.
type Section struct {
	Title string
	Text  []string
	Head  []string // of a table; none: there is none
	Rows  [][]string
	Code  string // to be printed as it is
}

// New makes a report.
func New(f Facts) (Report, error) {
	a, err := f.acts()
	if err != nil {
		return Report{}, fmt.Errorf("make report: %w", err)
	}
	p := texts.In(f.Lang)
	day := func(t time.Time) string { return p.Date(t.Local()) }
	last := f.Until.Add(-time.Second)
	w := writer{Facts: f, p: p}
	r := Report{
		Lang:     p.Code,
		Title:    p.Text("title"),
		Subtitle: p.Text("subtitle", f.Organisation, day(f.Since), day(last), day(f.Made)),
		Sections: []Section{
			w.promises(),
			w.controls(),
			w.own(),
			w.share(),
			w.approved(),
			w.acted(a),
			w.changed(a),
			w.roll(),
			w.kept(),
		},
	}
	if f.Period != nil {
		r.Sections = append(r.Sections, w.figures()...)
	}
	r.Sections = append(r.Sections, w.verify())
	return r, nil
}
