package console

import (
	"slices"
	"strconv"

	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/exceptions"
)

// appealPages answer appeals: requests, made on block pages, to reconsider a block (C3.3f, K3).
// An appeal has a site, a group and a reason out of a list, and points at no person.
type appealPages struct {
	store      *appeals.Store
	exceptions *exceptionPages
	ledger     *ledger.Ledger
}

func (p *appealPages) routes() []route {
	return []route{
		get("/appeals", keepers, p.list).inMenu("nav-appeals"),
		post("/appeals/{id}", keepers, p.answer).recorded(ledger.AppealAnswered),
	}
}

// appealsView is the page.
type appealsView struct {
	Open, Closed []appeals.Appeal
	At           int // the appeal whose form was sent
	Form         map[string]string
}

// maxAppeals bounds the open and the closed appeals on a page.
const maxAppeals = 200

func (p *appealPages) view(v *visit) (w appealsView, err error) {
	all, err := p.store.List(true)
	for _, a := range all {
		if a.Outcome == "" && len(w.Open) < maxAppeals {
			w.Open = append(w.Open, a)
		} else if a.Outcome != "" {
			w.Closed = append(w.Closed, a)
		}
	}
	slices.SortStableFunc(w.Closed, func(a, b appeals.Appeal) int { return b.Last.Compare(a.Last) })
	w.Closed = w.Closed[:min(len(w.Closed), maxAppeals)]
	w.Form = map[string]string{"reason": v.field("reason"), "until": v.field("until")}
	return w, err
}

func (p *appealPages) list(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("appeals", w)
}

// answer allows a site until a day, or has it stay blocked. The people who asked see that on the
// site itself: it opens, or its block page stays.
func (p *appealPages) answer(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	id, _ := strconv.Atoi(v.r.PathValue("id"))
	i := slices.IndexFunc(w.Open, func(a appeals.Appeal) bool { return a.ID == id })
	if i < 0 {
		return errNoPage
	}
	a, reason := w.Open[i], v.field("reason")
	w.At = id
	if reason == "" {
		return v.again("appeals", w, "exception-reason")
	}
	step, outcome := "refused", "stays blocked: "+reason
	switch v.field("answer") {
	case "allow":
		x := exceptions.Exception{
			Host:   a.Host,
			Group:  a.Group,
			Reason: reason,
			Author: v.Account.Name,
			Until:  v.field("until"),
		}
		if problem, err := p.exceptions.keep(v, x, p.exceptions.inForce().People.Groups()); err != nil {
			return err
		} else if problem != "" {
			return v.again("appeals", w, problem)
		}
		step, outcome = "allowed", "allowed until "+x.Until+": "+reason
	case "stay":
	default:
		return errUnclear
	}
	d := ledger.Data{Actor: v.actor(), Ref: strconv.Itoa(id), Step: step, Reason: reason}
	if _, err := p.ledger.Append(v.r.Context(), ledger.AppealAnswered, d); err != nil {
		return err
	}
	if err := p.store.Close(id, outcome); err != nil {
		return err
	}
	v.note("appeal-answered")
	return v.see("/appeals")
}
