package console

import (
	"net/http"
	"strings"
	"testing"

	"sluis/internal/ledger"
	"sluis/rules"
)

// TestEachCitedClauseLeadsToItsText: every clause is on the page for everybody, in both languages; a
// citation leads to it, and it leads the ICT service to its rules (K1).
func TestEachCitedClauseLeadsToItsText(t *testing.T) {
	h := newHouse(t)
	employee, ict := h.as(ledger.Employee), h.as(ledger.ICT)
	for _, lang := range []string{"nl", "en"} {
		employee.post("/language", map[string][]string{"language": {lang}})
		var texts []want
		for _, c := range rules.Clauses() {
			texts = append(texts, has(`<dt id="`+key(c.String())+`">`+c.String()+`</dt>`), has(escaped(c.Text(lang))))
		}
		employee.get("/clauses").check(lang, append(texts, status(http.StatusOK), lacks("/rules?words="))...)
	}
	const rule = "leak.identity.bsn"
	r, ok := h.inForce().Rules.Rule(mustRule(t, rule))
	if !ok {
		t.Fatalf("there is no rule %s, want it", rule)
	}
	cited := `<a href="/clauses#` + r.Clause.String() + `">` + r.Clause.String() + `</a>`
	ict.get("/rules/"+rule).check("a rule", has(cited))
	ict.get("/rules").check("the list of rules", has(cited))
	ict.get("/clauses").check("the ICT service", has(`<a href="/rules?words=`+r.Clause.String()+`">`))
	ict.get(
		"/quarantine/"+h.seal(hostile).ID.String(),
	).check(
		"a quarantined message",
		has(`<a href="/clauses#C3.3b">`),
	)
}

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(text)
}
