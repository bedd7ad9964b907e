package console

import (
	"slices"
	"strings"

	"sluis/internal/ledger"
	"sluis/internal/sitelists"
	"sluis/rules"
)

var (
	keepers  = only(ledger.ICT)
	watchers = only(ledger.ICT, ledger.Privacy)
)

// rulePages show the rules and lists in force, each with its clause.
type rulePages struct {
	inForce func() InForce
	lists   func() []sitelists.State
}

func (p *rulePages) routes() []route {
	return []route{
		get("/rules", watchers, p.list).inMenu("nav-rules"),
		get("/rules/{id}", watchers, p.show),
	}
}

// rulesView is the list.
type rulesView struct {
	InForce
	Shown    []ruleRow
	Total    int
	Purpose  string // that alone is shown; empty: all
	Words    string // in the title or the id; empty: any
	Purposes []string
	Sites    []sitelists.State
}

// ruleRow is a rule, and whether it is the organisation's own.
type ruleRow struct {
	rules.Rule
	Own bool
}

// Title returns the title in a language.
func (r ruleRow) Title(lang string) string { return r.Rule.Title.In(lang) }

func (p *rulePages) list(v *visit) error {
	q := v.r.URL.Query()
	now := p.inForce()
	w := rulesView{
		InForce: now,
		Purpose: q.Get("purpose"),
		Words:   strings.TrimSpace(q.Get("words")),
		Sites:   p.lists(),
	}
	for _, r := range now.Rules.Rules() {
		if name := r.Purpose.String(); !slices.Contains(w.Purposes, name) {
			w.Purposes = append(w.Purposes, name)
		}
		w.Total++
		row := ruleRow{r, now.Own(r.ID)}
		text := strings.ToLower(r.ID.String() + " " + row.Title(v.Lang.Code) + " " + r.Clause.String())
		if (w.Purpose == "" || w.Purpose == r.Purpose.String()) && strings.Contains(text, strings.ToLower(w.Words)) {
			w.Shown = append(w.Shown, row)
		}
	}
	return v.show("rules", w)
}

// ruleView is the page of one rule.
type ruleView struct {
	ruleRow
	Threshold  int
	Parts      []rulePart
	Match      []string
	NoMatch    []string
	Directions []string
}

// rulePart is one thing that makes a rule match, or not.
type rulePart struct {
	Name  string
	Lines []string
}

// ruleParts are the names of the parts.
var ruleParts = []string{"phrases", "regexp", "detect", "structure", "near", "also", "unless", "except"}

func (p *rulePages) show(v *visit) error {
	now := p.inForce()
	id, err := rules.ParseID(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	r, ok := now.Rules.Rule(id)
	if !ok {
		return errNoPage
	}
	w := ruleView{
		ruleRow:   ruleRow{r, now.Own(id)},
		Threshold: rules.Threshold,
		Parts:     partsOf(r),
		Match:     exampleTexts(r.Match),
		NoMatch:   exampleTexts(r.NoMatch),
	}
	for _, d := range []rules.Direction{rules.In, rules.Out, rules.Internal} {
		if r.Directions.Has(d) {
			w.Directions = append(w.Directions, d.String())
		}
	}
	return v.show("rule", w)
}

// partsOf returns the parts that a rule has.
func partsOf(r rules.Rule) (all []rulePart) {
	for i, lines := range [][]string{
		words(r.Phrases),
		{r.Regexp},
		{r.Detect},
		{r.Structure},
		words(r.Near),
		words(r.Also),
		words(r.Unless),
		words(r.Except),
	} {
		if len(lines) > 0 && lines[0] != "" {
			all = append(all, rulePart{ruleParts[i], lines})
		}
	}
	return all
}

func words[T ~string](list []T) (all []string) {
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

func exampleTexts(xs []rules.Example) (all []string) {
	for _, x := range xs {
		all = append(all, strings.TrimSpace(x.Text+x.Message))
	}
	return all
}
