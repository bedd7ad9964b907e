package console

import (
	"strings"

	"sluis/rules"
)

// clausePages show the clauses of the code of conduct, so that each citation on a page leads to
// its text, and each clause to the rules that enforce it (K1).
type clausePages struct {
	inForce func() InForce
}

func (p *clausePages) routes() []route {
	return []route{get("/clauses", everybody, p.show).inMenu("nav-clauses")}
}

// clauseRow is a clause with the number of the rules in force that cite it.
type clauseRow struct {
	rules.Clause
	Rules int
}

// clauseGroup is a chapter, or a list beside the chapters.
type clauseGroup struct {
	Name    string // one of clauseGroups
	Clauses []clauseRow
}

// clauseGroups are the beginnings of ids, in the order of the code.
var clauseGroups = []string{"C1", "C2", "C3", "K", "never"}

func (p *clausePages) show(v *visit) error {
	number := map[rules.Clause]int{}
	for _, r := range p.inForce().Rules.Rules() {
		number[r.Clause]++
	}
	var groups []clauseGroup
	for _, name := range clauseGroups {
		g := clauseGroup{Name: name}
		for _, c := range rules.Clauses() {
			if strings.HasPrefix(c.String(), name) {
				g.Clauses = append(g.Clauses, clauseRow{c, number[c]})
			}
		}
		if len(g.Clauses) > 0 {
			groups = append(groups, g)
		}
	}
	return v.show("clauses", groups)
}
