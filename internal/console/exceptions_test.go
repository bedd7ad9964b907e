package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/rules"
)

func (h *house) day(days int) string {
	return time.Now().AddDate(0, 0, days).Format(time.DateOnly)
}

func TestAnExceptionHasAReasonAndAnEndAndIsInTheLedger(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT)
	good := url.Values{
		"rule":   {"conduct.insult.nl"},
		"within": {"klootzakstraat\r\n"},
		"reason": {"<b>straatnaam</b>"},
		"until":  {h.day(30)},
	}
	if _, ok := h.inForce().Rules.Rule(mustRule(t, "conduct.insult.nl")); !ok {
		good.Set("rule", firstWordRule(h))
	}
	for name, change := range map[string]url.Values{
		"without an end":         {"until": {""}},
		"in the past":            {"until": {h.day(-1)}},
		"of two years":           {"until": {h.day(800)}},
		"without a reason":       {"reason": {" "}},
		"without words":          {"within": {""}},
		"to a rule that is none": {"rule": {"no.such.rule"}},
		"to a rule and a site":   {"host": {"a.example"}},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		for k, v := range change {
			form[k] = v
		}
		ict.post("/exceptions", form).check(name, status(http.StatusUnprocessableEntity))
	}
	if n := len(h.entries(ledger.ExceptionChanged)); n != 0 || h.renewed != 0 {
		t.Fatalf("%d entries, %d times put in force without an exception; want none", n, h.renewed)
	}
	ict.post("/exceptions", good).must("", status(http.StatusSeeOther))
	page := ict.get("/exceptions").body
	if strings.Contains(page, "<b>straatnaam") || !strings.Contains(page, "&lt;b&gt;straatnaam") || h.renewed != 1 {
		t.Errorf("the reason is not escaped, or put in force %d times, want once", h.renewed)
	}
	all, err := h.services.Exceptions.Store.List()
	if err != nil || len(all) != 1 || all[0].Author != "ict" {
		t.Fatalf("exceptions %+v, %v; want one by ict", all, err)
	}
	ict.post("/exceptions/"+all[0].ID+"/end", nil).check("end it", status(http.StatusSeeOther))
	ict.post("/exceptions/"+all[0].ID+"/end", nil).check("end it again", status(http.StatusNotFound))
	if es := h.entries(ledger.ExceptionChanged); len(es) != 2 || es[0].Data.Step != "made" ||
		es[1].Data.Step != "ended" ||
		es[1].Data.Actor.Name != "ict" {
		t.Errorf("the ledger has %+v, want both steps in order", es)
	}
}

func mustRule(t *testing.T, s string) rules.ID {
	t.Helper()
	id, err := rules.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// firstWordRule names a rule that has words.
func firstWordRule(h *house) string {
	for _, r := range h.inForce().Rules.Rules() {
		if len(r.Phrases) > 0 {
			return r.ID.String()
		}
	}
	return ""
}

func TestAnAppealIsAnswered(t *testing.T) {
	h := newHouse(t)
	ict := h.as(ledger.ICT)
	store := h.services.Appeals
	for _, host := range []string{"spel.example", "gok.example"} {
		rule := mustRule(t, "web.gambling.listed")
		if err := store.Add(host, rules.Gambling, rule, roster.Group{}, appeals.Lesson, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	open, err := store.List(false)
	if err != nil || len(open) != 2 {
		t.Fatalf("open appeals %+v, %v; want two", open, err)
	}
	at := func(i int) string { return "/appeals/" + strconv.Itoa(open[i].ID) }
	ict.post(at(0), url.Values{"answer": {"allow"}, "reason": {"les"}}).check("without an end",
		status(http.StatusUnprocessableEntity))
	ict.post(at(0), url.Values{"answer": {"allow"}, "reason": {"les"}, "until": {h.day(7)}}).must("allow",
		status(http.StatusSeeOther))
	ict.post(at(1), url.Values{"answer": {"stay"}, "reason": {"gokken"}}).check("stay",
		status(http.StatusSeeOther))
	ict.post(at(1), url.Values{"answer": {"stay"}, "reason": {"gokken"}}).check("answered twice",
		status(http.StatusNotFound))
	made, err := h.services.Exceptions.Store.List()
	if err != nil || len(made) != 1 || made[0].Host != open[0].Host || h.renewed != 1 {
		t.Errorf("exceptions %+v, %v; want one for the allowed site", made, err)
	}
	if es := h.entries(ledger.AppealAnswered); len(es) != 2 || es[0].Data.Step != "allowed" ||
		es[1].Data.Step != "refused" {
		t.Errorf("the ledger has %+v, want both steps in order", es)
	}
	if open, err := store.List(false); err != nil || len(open) != 0 {
		t.Errorf("open appeals %v, %v; want none", open, err)
	}
}
