package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sluis/internal/lang"
	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

// writer writes the sections of a report in one language.
type writer struct {
	Facts
	p *lang.Printer
}

func (w writer) promises() Section {
	code := w.p.Text("promises-code-missing")
	if w.CodeURL != "" {
		code = w.p.Text("promises-code", w.CodeURL)
	}
	return Section{
		Title: w.p.Text("promises-title"),
		Text: []string{
			w.p.Text("promises-gateway"),
			w.p.Text("promises-sample"),
			w.p.Text("promises-traffic"),
			w.p.Text("promises-administrator"),
			code,
		},
	}
}

// controls counts the rules by purpose, clause and category.
func (w writer) controls() Section {
	type control struct {
		purpose  rules.Purpose
		clause   string
		category rules.Category
	}
	n := map[control]int{}
	for _, r := range w.Rules {
		n[control{r.Purpose, r.Clause.String(), r.Category}]++
	}
	s := Section{
		Title: w.p.Text("controls-title"),
		Head: []string{
			w.p.Text("column-purpose"),
			w.p.Text("column-clause"),
			w.p.Text("column-subject"),
			w.p.Text("column-rules"),
		},
	}
	sorted := slices.SortedFunc(maps.Keys(n), func(a, b control) int {
		return cmp.Or(
			cmp.Compare(a.purpose, b.purpose),
			cmp.Compare(a.clause, b.clause),
			cmp.Compare(a.category.String(), b.category.String()))
	})
	for _, c := range sorted {
		s.Rows = append(s.Rows, []string{
			w.purpose(c.purpose),
			c.clause,
			c.category.Title().In(w.Lang),
			w.p.Number(n[c]),
		})
	}
	return s
}

func (w writer) share() Section {
	web := w.p.Text("share-no-web")
	switch {
	case w.WebControl && w.Inspected:
		web = w.p.Text("share-inspected")
	case w.WebControl:
		web = w.p.Text("share-web")
	}
	confidential := w.p.Text("share-confidential")
	drawn := w.p.Text("share-drawn", w.percent(w.Rate))
	text := []string{w.p.Text("share-passing"), web, w.p.Text("share-roster", w.People, w.Groups, w.Confidential)}
	text = append(text, w.byHeader()...)
	switch {
	case w.Rate == 0:
		text = append([]string{w.p.Text("share-no-sample")}, text...)
	case w.Unreasoned:
		text = append([]string{w.p.Text("share-unreasoned")}, text...)
	case w.RateReason != "":
		text = append([]string{w.p.Text("share-reason", w.RateReason)}, text...)
	}
	return Section{
		Title: w.p.Text("share-title"),
		Head:  []string{w.p.Text("column-purpose"), w.p.Text("column-share"), w.p.Text("column-not-of")},
		Rows: [][]string{
			{w.purpose(rules.Security), w.percent(1), "-"},
			{w.purpose(rules.Conduct), w.percent(1), confidential},
			{w.purpose(rules.Leak), drawn, confidential},
		},
		Text: text,
	}
}

// fewest is the least count of a month that is shown, and what the count of a month that is not over goes up by.
const fewest = 10

// byHeader says how many messages were exempt by their header alone, so that misuse shows (C3.2g).
func (w writer) byHeader() []string {
	if len(w.ByHeader) == 0 {
		return nil
	}
	text := []string{w.p.Text("share-by-header")}
	for _, m := range w.ByHeader {
		month := m.Begin.Format("2006-01")
		switch {
		case m.Count < fewest:
			text = append(text, w.p.Text("share-by-header-few", month, fewest))
		case m.Ended:
			text = append(text, w.p.Text("share-by-header-count", month, m.Count))
		default:
			text = append(text, w.p.Text("share-by-header-least", month, m.Count/fewest*fewest))
		}
	}
	return text
}

func (w writer) acted(a acts) Section {
	s := Section{
		Title: w.p.Text("acted-title"),
		Head:  []string{w.p.Text("column-role"), w.p.Text("column-act"), w.p.Text("column-times")},
	}
	for _, role := range slices.Sorted(maps.Keys(a.byRole)) {
		for _, k := range counted {
			if n := a.byRole[role][k]; n > 0 {
				s.Rows = append(s.Rows, []string{w.role(role), w.act(k), w.p.Number(n)})
			}
		}
	}
	if len(s.Rows) == 0 {
		s.Text = []string{w.p.Text("acted-none")}
	}
	return s
}

func (w writer) changed(a acts) Section {
	s := Section{
		Title: w.p.Text("changed-title"),
		Head:  []string{w.p.Text("column-day"), w.p.Text("column-change")},
	}
	if now := w.Fingerprints[0]; a.rules != "" && a.rules != now {
		s.Rows = append(s.Rows, []string{"-", w.p.Text("changed-rules", a.rules, now)})
	}
	if now := w.Fingerprints[1]; a.roster != "" && a.roster != now {
		s.Rows = append(s.Rows, []string{"-", w.p.Text("changed-roster", a.roster, now)})
	}
	for _, e := range a.changes {
		what := w.act(e.Kind)
		switch e.Kind {
		case ledger.SamplingRate:
			from := w.p.Date(time.UnixMilli(e.Data.Since).UTC())
			what = w.p.Text("changed-rate", what, w.percent(e.Data.Rate), from)
		case ledger.RetentionChanged:
			what = w.p.Text("changed-retention", what, e.Data.Step, e.Data.Count)
		}
		s.Rows = append(s.Rows, []string{w.p.Date(e.Time.Local()), what})
	}
	if len(s.Rows) == 0 {
		s.Text = []string{w.p.Text("nothing")}
	}
	return s
}

func (w writer) kept() Section {
	return Section{
		Title: w.p.Text("kept-title"),
		Head:  []string{w.p.Text("column-kept"), w.p.Text("column-days")},
		Rows: [][]string{
			{w.p.Text("kept-traffic"), w.p.Number(w.Retention[0])},
			{w.p.Text("kept-quarantine"), w.p.Number(w.Retention[1])},
		},
	}
}

// figures are the tables of the frozen totals.
func (w writer) figures() []Section {
	var sections []Section
	for _, t := range w.Period.Tables {
		sections = append(sections, w.table(t))
	}
	return sections
}

func (w writer) table(t totals.Table) Section {
	names := Names(w.Lang)
	s := Section{Title: names.Table(t.Name)}
	if len(t.Rows) == 0 {
		s.Text = []string{w.p.Text("none")}
		return s
	}
	there := map[string]bool{}
	for _, r := range t.Rows {
		for m := range r.Figures {
			there[m] = true
		}
	}
	measures := slices.Sorted(maps.Keys(there))
	s.Head = []string{""}
	for _, m := range measures {
		s.Head = append(s.Head, names.Measure(m))
	}
	for _, r := range t.Rows {
		row := []string{names.Row(r.Name)}
		for _, m := range measures {
			cell := ""
			if f, ok := r.Figures[m]; ok {
				cell = names.Figure(f, m)
			}
			row = append(row, cell)
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// roll is the board's roll: its hash, to compare with the minutes.
func (w writer) roll() Section {
	s := Section{Title: w.p.Text("roll-title"), Text: []string{w.p.Text("roll-none")}}
	if r := w.Roll; r != nil {
		s.Text = []string{w.p.Text("roll", r.Number, w.p.Date(r.At.Local()), len(r.Members), r.Quorum)}
		s.Code = r.Words() + "\n" + r.Hash
	}
	return s
}

func (w writer) verify() Section {
	return Section{
		Title: w.p.Text("verify-title"),
		Text:  []string{w.p.Text("verify")},
		Code:  string(w.Checkpoint),
	}
}

// rateDecimals are enough for a rate of one in a hundred thousand.
const rateDecimals = 3

func (w writer) percent(share float64) string { return w.p.PercentIn(share, rateDecimals) }

func (w writer) purpose(p rules.Purpose) string {
	return Names(w.Lang).name("purpose-"+p.String(), p.String())
}

func (w writer) act(k ledger.Kind) string { return w.p.Text("act-" + string(k)) }

// role returns the name of a role, or one that has none as it is.
func (w writer) role(r string) string { return Names(w.Lang).name("role-"+r, r) }
