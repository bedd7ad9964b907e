package console

import (
	"errors"
	"slices"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	webpolicy "sluis/internal/sitepolicy"
	"sluis/rules"
)

// Control is what the gateway checks with, which the ICT service keeps.
type Control struct {
	InForce func() InForce
	Lists   func() []sitelists.State                               // of sites; none without a proxy
	Explain func(webpolicy.Request) (webpolicy.Explanation, error) // ErrNoProxy without a proxy

	Exceptions *exceptions.Store
	Appeals    *appeals.Store
	Renew      func() // has the gateway load its configuration again
	Compile    func(*rules.Set) (*filter.Engine, error)
}

// ErrNoProxy is returned where web traffic is asked about and there is none.
var ErrNoProxy = errors.New("there is no web proxy")

// InForce is what the gateway checks with at one moment.
type InForce struct {
	Rules    *rules.Set
	Own      func(rules.ID) bool // of the organisation, and not built in
	Disabled []rules.Disabled
	Engine   *filter.Engine
	Actions  filter.Actions
	People   *roster.Roster
	Since    time.Time
}

var (
	keepers  = only(ledger.ICT)
	watchers = only(ledger.ICT, ledger.Privacy)
)

// ruleRoutes show what is looked for, and let the ICT service try it.
var ruleRoutes = []route{
	{pattern: "GET /rules", who: watchers, nav: "nav-rules", do: (*visit).rules},
	{pattern: "GET /rules/{id}", who: watchers, do: (*visit).rule},
	{pattern: "GET /try", who: keepers, nav: "nav-try", do: (*visit).tryPage},
	{pattern: "POST /try/text", who: keepers, quiet: "what is tried is kept nowhere, and changes nothing", body: maxTried + 4<<10, do: (*visit).tryText},
	{pattern: "POST /try/site", who: keepers, quiet: "what is tried is kept nowhere, and changes nothing", do: (*visit).trySite},
}

// rulesView is what the list shows.
type rulesView struct {
	InForce
	Shown    []ruleRow
	Total    int
	Purpose  string // that alone is shown; empty: all
	Words    string // in the title or the id; empty: any
	Purposes []string
	Sites    []sitelists.State
}

type ruleRow struct {
	rules.Rule
	Own bool
}

// Title returns the title in a language.
func (r ruleRow) Title(lang string) string { return inLanguage(r.Rule.Title, lang) }

func inLanguage(t rules.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.NL
}

func (v *visit) rules() error {
	q := v.r.URL.Query()
	now := v.c.o.Control.InForce()
	w := rulesView{InForce: now, Purpose: q.Get("purpose"), Words: strings.TrimSpace(q.Get("words")), Sites: v.c.o.Control.Lists()}
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

// ruleView is what the page of one rule shows.
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

func (v *visit) rule() error {
	now := v.c.o.Control.InForce()
	id, err := rules.ParseID(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	r, ok := now.Rules.Rule(id)
	if !ok {
		return errNoPage
	}
	w := ruleView{ruleRow: ruleRow{r, now.Own(id)}, Threshold: rules.Threshold, Match: exampleTexts(r.Match), NoMatch: exampleTexts(r.NoMatch)}
	for i, lines := range [][]string{words(r.Phrases), one(r.Regexp), one(r.Detect), one(r.Structure), words(r.Near), words(r.Also), words(r.Unless), words(r.Except)} {
		if len(lines) > 0 {
			w.Parts = append(w.Parts, rulePart{ruleParts[i], lines})
		}
	}
	for _, d := range []rules.Direction{rules.In, rules.Out, rules.Internal} {
		if r.Directions.Has(d) {
			w.Directions = append(w.Directions, d.String())
		}
	}
	return v.show("rule", w)
}

func words[T ~string](list []T) (all []string) {
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func exampleTexts(xs []rules.Example) (all []string) {
	for _, x := range xs {
		all = append(all, strings.TrimSpace(x.Text+x.Message))
	}
	return all
}
