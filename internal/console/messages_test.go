package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"testing"

	"sluis/internal/accounts"
	"sluis/internal/health"
	"sluis/internal/lang/langtest"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine/disclose"
	"sluis/internal/roster"
)

// families are messages whose key is made of a beginning and a word of a closed list. All
// words of each list have to be there.
func families() map[string][]string {
	roles := langtest.Words(ledger.Roles)
	var faultKeys, nav []string
	for _, f := range faults {
		faultKeys = append(faultKeys, f.key)
	}
	for _, rt := range allRoutes() {
		if rt.nav != "" {
			nav = append(nav, rt.nav)
			if rt.nav != "nav-home" {
				nav = append(nav, rt.nav+"-about")
			}
		}
	}
	return map[string][]string{
		"":            nav,
		"role-":       roles,
		"role-about-": roles,
		"home-":       roles,
		"error-":      faultKeys,
		"hint-":       faultKeys,
		"change-": langtest.Words([]accounts.ChangeKind{
			accounts.SetRoles, accounts.Recover, accounts.Disable, accounts.Enable,
		}),
		"ledger-":       ledgerKinds,
		"review-state-": listStates,
		"decided-":      {"kept", "released", "destroyed", "proposed"},
		"proposal-":     {string(ledger.QuarantineReleased), string(ledger.QuarantineDeleted)},
		"step-":         steps,
		"concerned-":    {"released", "destroyed"},
		"conduct-":      {"security", "conduct"},
		"sort-":         langtest.Words(listSorts),
		"purpose-":      {"none", "security", "conduct", "leak"},
		"direction-":    {"in", "out", "internal"},
		"breach-step-":  append(langtest.Words(breachSteps), "opened"),
		"nature-":       breachNatures,
		"case-":         langtest.Words([]imagery.Source{imagery.Complaint, imagery.ByMail, imagery.BySample}),
		"case-step-":    append(langtest.Words(caseSteps), "opened"),
		"clauses-":      clauseGroups,
		"why-": langtest.Words([]totals.Why{
			totals.FewPeople, totals.Dominated, totals.Complement, totals.Few, totals.Missing,
		}),
		"order-kind-": langtest.Words([]orders.Kind{orders.Targeted, orders.Exception, orders.Inspection}),
		"order-state-": langtest.Words([]orders.State{
			orders.Requested, orders.Advised, orders.Refused, orders.Approved, orders.InForce,
			orders.Ended, orders.Withdrawn, orders.Completed, orders.Void,
		}),
		"roll-lacks-":  slices.Collect(maps.Keys(rollLacks)),
		"office-":      langtest.Words(roll.Offices),
		"answer-":      langtest.Words([]orders.Answer{orders.Advise, orders.Approve, orders.Refuse}),
		"sign-":        langtest.Words(slices.Collect(maps.Keys(stepOf))),
		"people-":      peopleParts,
		"people-risk-": langtest.Words(roster.RiskKinds),
		"rule-part-":   ruleParts,
		"needed-":      langtest.Words(appeals.Needs),
		"health-":      langtest.Words(health.States),
		"health-all-":  langtest.Words(health.States),
		"web-":         webActions,
		"kind-":        {"mail", "web"},
		"verdict-":     {"pass", "tag", "quarantine", "reject"},
		"stage-":       langtest.Words(disclose.Stages),
		"mask-":        langtest.Words(disclose.Masks),
		"block-": langtest.Words([]disclose.Kind{
			disclose.Plain, disclose.OfHTML, disclose.Hidden, disclose.Raw, disclose.Document,
		}),
	}
}

// steps are those of acts with quarantined messages.
var steps = append(langtest.Words(disclose.Stages), "proposed", "second", "refused", "concerned", stepAgain)

// ledgerKinds are read from the source, so that a new one is missed.
var ledgerKinds = func() (all []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "../ledger/entry.go", nil, 0)
	if err != nil {
		panic(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Kind" {
				word, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				all = append(all, word)
			}
		}
		return true
	})
	return all
}()

// TestMessages: every message that is used is there in all languages with the same arguments, and none is there that
// is not used.
func TestMessages(t *testing.T) {
	if !slices.Contains(ledgerKinds, string(ledger.SignedIn)) {
		t.Fatalf("kinds of the ledger: %q, want signed-in among them", ledgerKinds)
	}
	langtest.Package(t, families(),
		langtest.Speaker{Name: "note"},
		langtest.Speaker{Name: "again", Key: 1, All: true}, // a page or an area before it
		langtest.Speaker{Name: "refuse", Key: 3},
		langtest.Speaker{Name: "problems"})
}
