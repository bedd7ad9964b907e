package main

import (
	"sluis/internal/lang"
	"sluis/rules"
)

type rulesClausesCmd struct {
	Lang string `enum:"${languages}" default:"nl" help:"Language of the texts: ${enum}."`
	JSON bool   `help:"Print one JSON object a line, with all languages."`
}

// Run lists the clauses.
func (c rulesClausesCmd) Run() error {
	type row struct {
		ID   string    `json:"id"`
		Text lang.Text `json:"text"`
	}
	var all []row
	for _, clause := range rules.Clauses() {
		all = append(all, row{clause.String(), clause.Texts()})
	}
	return printList(c.JSON, all, "CLAUSE|WHAT IT ASKS", func(r row) []any {
		return []any{r.ID, r.Text.In(c.Lang)}
	})
}
