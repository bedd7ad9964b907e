package console

import (
	"net/http"
	"slices"
	"strconv"

	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/exceptions"
)

// reviewRoutes are about what people asked on block pages to look at again (C3.3f, K3).
// Nobody is in it: a request has a site, a group and a reason out of a list.
var appealRoutes = []route{
	{pattern: "GET /appeals", who: keepers, nav: "nav-appeals", do: (*visit).appealsPage},
	{pattern: "POST /appeals/{id}", who: keepers, tells: ledger.AppealAnswered, do: (*visit).answerAppeal},
}

// reviewsView is what the page shows.
type appealsView struct {
	Open, Closed []appeals.Appeal
	At           int // the request that was answered, with what was filled in
	Form         map[string]string
}

// maxReviews is how many of each are shown.
const maxAppeals = 200

func (v *visit) appealsShown() (w appealsView, err error) {
	all, err := v.c.o.Control.Appeals.List(true)
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

func (v *visit) appealsPage() error {
	w, err := v.appealsShown()
	if err != nil {
		return err
	}
	return v.show("appeals", w)
}

// reviewsAgain shows the page with what is wrong.
func (v *visit) appealsAgain(w appealsView, problem string) error {
	v.renderWith(http.StatusUnprocessableEntity, "appeals", w, v.T(problem))
	return nil
}

// answerReview allows a site until a day, or has it stay blocked. Who asked for it sees that
// on the site itself: the page opens, or the block page is there still.
func (v *visit) answerAppeal() error {
	w, err := v.appealsShown()
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
		return v.appealsAgain(w, "exception-reason")
	}
	step, outcome := "refused", "stays blocked: "+reason
	switch v.field("answer") {
	case "allow":
		x := exceptions.Exception{Host: a.Host, Group: a.Group, Reason: reason, Author: v.Account.Name, Until: v.field("until")}
		if problem, err := v.keepException(x, v.c.o.Control.InForce().People.Groups()); err != nil {
			return err
		} else if problem != "" {
			return v.appealsAgain(w, problem)
		}
		step, outcome = "allowed", "allowed until "+x.Until+": "+reason
	case "stay":
	default:
		return errUnclear
	}
	_, err = v.c.o.Ledger.Append(v.r.Context(), ledger.AppealAnswered, ledger.Data{Actor: v.by(), Ref: strconv.Itoa(id), Step: step, Reason: reason})
	if err != nil {
		return err
	}
	if err := v.c.o.Control.Appeals.Close(id, outcome); err != nil {
		return err
	}
	v.note("appeal-answered")
	return v.see("/appeals")
}
