package report

import (
	"strings"

	"sluis/rules"
)

// own prints what the organisation added to what comes with the gateway, in full: whether the words of a rule
// serve its purpose is for its readers to judge (C3.2a). A table would cut them off on paper.
func (w writer) own() Section {
	s := Section{Title: w.p.Text("own-title"), Text: []string{w.p.Text("own-text")}}
	for _, r := range w.Rules {
		if !r.Builtin {
			text := w.p.Text("own-rule", r.ID.String(), w.purpose(r.Purpose), r.Clause.String(), w.sought(r))
			s.Text = append(s.Text, text)
		}
	}
	for _, b := range w.Blocked {
		s.Text = append(s.Text, w.p.Text("own-blocked", b.What, b.Clause))
	}
	for _, id := range w.Disabled {
		s.Text = append(s.Text, w.p.Text("own-disabled", id))
	}
	if len(s.Text) == 1 {
		s.Text = []string{w.p.Text("own-none")}
	}
	return s
}

// sought is all that a rule looks for.
func (w writer) sought(r rules.Rule) string {
	var parts []string
	add := func(key, what string) {
		if what != "" {
			parts = append(parts, w.p.Text("sought-"+key, what))
		}
	}
	add("title-of", r.Title.In(w.Lang))
	add("phrases", phrases(r.Phrases))
	add("regexp", r.Regexp)
	add("keywords", strings.Join(r.Keywords, ", "))
	add("detect", r.Detect)
	add("structure", r.Structure)
	add("near", phrases(r.Near))
	add("also", phrases(r.Also))
	add("unless", phrases(r.Unless))
	add("except", phrases(r.Except))
	return strings.Join(parts, "; ")
}

func phrases(ps []rules.Phrase) string {
	all := make([]string, len(ps))
	for i, p := range ps {
		all[i] = string(p)
	}
	return strings.Join(all, ", ")
}

// approved lists the agreements on data of persons, and what they cover.
func (w writer) approved() Section {
	s := Section{Title: w.p.Text("approved-title"), Text: []string{w.p.Text("approved-text")}}
	for _, a := range w.Approved {
		last := w.p.Date(a.Last.Local())
		text := w.p.Text("approved-holds", a.Name, a.Where, last)
		if a.Ended {
			text = w.p.Text("approved-ended", a.Name, a.Where, last)
		}
		s.Text = append(s.Text, text)
	}
	if len(w.Approved) == 0 {
		s.Text = []string{w.p.Text("approved-none")}
	}
	return s
}
