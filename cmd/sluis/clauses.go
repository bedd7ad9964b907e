package main

import (
	"sluis/rules"
)

type rulesClausesCmd struct {
	Lang string `enum:"${languages}" default:"nl" help:"Language of the texts: ${enum}."`
	JSON bool   `help:"Print one JSON object a line, with all languages."`
}

// Run lists the clauses.
func (c rulesClausesCmd) Run() error {
	type row struct {
		ID string `json:"id"`
		NL string `json:"nl"`
		EN string `json:"en"`
	}
	var all []row
	for _, clause := range rules.Clauses() {
		all = append(all, row{clause.String(), clause.Text("nl"), clause.Text("en")})
	}
	return printList(c.JSON, all, "CLAUSE|WHAT IT ASKS", func(r row) []any {
		if c.Lang == "en" {
			return []any{r.ID, r.EN}
		}
		return []any{r.ID, r.NL}
	})
}
