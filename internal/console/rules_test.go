package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
	"sluis/internal/store"
	"sluis/rules"
)

// builtinEngine has the rules that are built in.
var builtinEngine = sync.OnceValues(func() (*filter.Engine, error) {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		return nil, err
	}
	return filter.Compile(set, filter.Options{OwnDomains: []string{"school.example"}})
})

func (h *house) inForce() InForce {
	e, err := builtinEngine()
	if err != nil {
		h.t.Fatal(err)
	}
	return InForce{
		Rules:    e.Rules(),
		Own:      func(rules.ID) bool { return false },
		Disabled: []rules.Disabled{{ID: "conduct.insult.nl", Reason: "eigen versie"}},
		Engine:   e,
		Actions: filter.Actions{
			Found: func(rules.Purpose, rules.Direction) filter.Action { return filter.Quarantine },
		},
		People: h.people,
		Since:  time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
	}
}

func (h *house) exceptions() Exceptions {
	h.t.Helper()
	store := exceptions.Open(store.Open(h.t.TempDir()), h.ledger)
	return Exceptions{
		Store:   store,
		Renew:   func() { h.renewed++ },
		Compile: func(set *rules.Set) (*filter.Engine, error) { return filter.Compile(set, filter.Options{}) },
	}
}

func (h *house) appeals() *appeals.Store {
	h.t.Helper()
	return appeals.Open(store.Open(h.t.TempDir()))
}

// sites are two lists, and a policy with one site of the school's own list.
func sites() Sites {
	at := time.Unix(1.7e9, 0)
	own := sitepolicy.Entry{Host: "games.example", Block: true, Clause: "art. 1", Reason: "<b>spelletjes</b>", Author: "ICT"}
	return Sites{
		Lists: func() []sitelists.State {
			return []sitelists.State{
				{
					Name:       "ut1.tar.gz",
					Categories: []string{"gambling", "phishing"},
					Names:      4711,
					Changed:    at,
					Checked:    at,
				},
				{Name: "phishing.txt", Category: "phishing", Checked: at, Error: "the server says 503"},
			}
		},
		Explain: func(r sitepolicy.Request) (sitepolicy.Explanation, error) {
			p, err := sitepolicy.New(sitepolicy.Options{Sites: sitepolicy.Sites{Own: []sitepolicy.Entry{own}}})
			if err != nil {
				return sitepolicy.Explanation{}, err
			}
			return p.Explain(r), nil
		},
	}
}

func TestRulesInForceAreShownWithClauseAndPurpose(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT)
	a := ict.get("/rules?purpose=leak&words=bsn")
	for _, want := range []string{"leak.identity.bsn", "4.711", "503", "eigen versie"} {
		a.check("", has(want))
	}
	a.check("rules of one purpose", lacks("security.attachment"))
	ict.get("/rules/leak.identity.bsn").check("a rule", status(http.StatusOK), has("burgerservicenummer"))
	for _, id := range []string{"no.such.rule", "..%2f..%2fetc", "%3Cscript%3E"} {
		ict.get("/rules/"+id).check(id, status(http.StatusNotFound))
	}
}

func TestATextIsTriedAndStoredNowhere(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT)
	const canary = "kanarie-7f3a"
	before := len(h.every())
	a := ict.post(
		"/try/text",
		url.Values{"direction": {"out"}, "text": {canary + " <script>alert(1)</script> Jij bent een vuile klootzak"}},
	)
	a.check("what was found is marked", status(http.StatusOK), has("<mark>"), has("conduct."))
	a.check("the text is escaped", lacks("<script>alert"), has("&lt;script&gt;alert"))
	if strings.Contains(h.log.String(), canary) || len(h.every()) != before {
		t.Error("the text is in the log, or in the ledger; want it in neither")
	}
	ict.get("/try").check("what was pasted is still there", lacks(canary))
	for text, want := range map[string]int{
		"":                              http.StatusUnprocessableEntity,
		strings.Repeat("a", 2*maxTried): http.StatusRequestEntityTooLarge,
		"gewoon":                        http.StatusOK,
	} {
		ict.post(
			"/try/text",
			url.Values{"direction": {"out"}, "text": {text}},
		).check(
			fmt.Sprintf("%d bytes", len(text)),
			status(want),
		)
	}
	ict.post("/try/text", url.Values{"direction": {"sideways"}, "text": {"x"}}).check("sideways",
		status(http.StatusBadRequest))
}

func TestAnAddressIsTried(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT)
	a := ict.post("/try/site", url.Values{"address": {"games.example/x?q=geheim"}})
	a.check("", status(http.StatusOK), has("Geblokkeerd"), lacks("<b>spelletjes"))
	ict.post("/try/site", url.Values{"address": {"www.example.com"}}).check("", has("Toegestaan"))
	for _, c := range []struct {
		address, group string
		want           int
	}{
		{"://", "", http.StatusUnprocessableEntity},
		{`"><script>alert(1)</script>`, "", http.StatusUnprocessableEntity},
		{"a.example", "no such group", http.StatusBadRequest},
	} {
		a := ict.post("/try/site", url.Values{"address": {c.address}, "group": {c.group}})
		a.check(fmt.Sprintf("%q for %q", c.address, c.group), status(c.want), lacks("<script>alert"))
	}
	if strings.Contains(h.log.String(), "geheim") {
		t.Error("the address is in the log, want it not there")
	}
}

// every returns the entries of the ledger.
func (h *house) every() (all []ledger.Entry) {
	h.t.Helper()
	for e, err := range h.ledger.Find(ledger.Query{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}
