package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/roster"
)

// exceptionRoutes are about exceptions to rules and sites (C3.3f).
var exceptionRoutes = []route{
	{pattern: "GET /exceptions", who: watchers, nav: "nav-exceptions", do: (*visit).exceptions},
	{pattern: "POST /exceptions", who: keepers, tells: ledger.ExceptionAsked, do: (*visit).addException},
	{pattern: "POST /exceptions/{id}/end", who: keepers, tells: ledger.ExceptionAsked, do: (*visit).endException},
}

// exceptionsView is what the page shows.
type exceptionsView struct {
	Holding, Over []exceptions.Exception
	Rules         []ruleRow
	Groups        []roster.Group
	Form          map[string]string
	Longest       string // the last day that can be chosen
	MayAdd        bool
	Tried         bool // the exception that is filled in
	Would         []would
}

// maxOver is how many that are over are shown.
const maxOver = 100

func (v *visit) exceptionsView() (w exceptionsView, err error) {
	all, err := v.c.o.Control.Exceptions.List()
	for _, x := range all {
		if x.Holds(v.now()) {
			w.Holding = append(w.Holding, x)
		} else if len(w.Over) < maxOver {
			w.Over = append(w.Over, x)
		}
	}
	now := v.c.o.Control.InForce()
	for _, r := range now.Rules.Rules() {
		if r.Structure == "" { // there is a text that an exception can be about
			w.Rules = append(w.Rules, ruleRow{r, now.Own(r.ID)})
		}
	}
	w.Groups, w.MayAdd, w.Form = now.People.Groups(), keepers.may(v.Role), map[string]string{"rule": v.r.URL.Query().Get("rule")}
	w.Longest = v.now().In(v.c.o.Zone).AddDate(1, 0, 0).Format(time.DateOnly)
	for _, name := range []string{"rule", "within", "host", "group", "reason", "until"} {
		if f := v.field(name); f != "" {
			w.Form[name] = f
		}
	}
	return w, err
}

func (v *visit) exceptions() error {
	w, err := v.exceptionsView()
	if err != nil {
		return err
	}
	return v.show("exceptions", w)
}

// errWords is returned for an exception that the rule cannot have.
var errWords = errors.New("the rule cannot have an exception of these words")

// exceptionProblem is what somebody is told that cannot be.
func exceptionProblem(err error) string {
	for problem, is := range map[string]error{
		"exception-what": exceptions.ErrWhat, "exception-host": exceptions.ErrHost, "exception-reason": exceptions.ErrReason, "exception-until": exceptions.ErrUntil,
		"exception-many": exceptions.ErrTooMany, "exception-gone": exceptions.ErrNotFound, "exception-words": errWords,
	} {
		if errors.Is(err, is) {
			return problem
		}
	}
	return ""
}

func (v *visit) addException() error {
	w, err := v.exceptionsView()
	if err != nil {
		return err
	}
	x := v.ruleException()
	if problem, err := v.keepException(x, w.Groups); err != nil {
		return err
	} else if problem != "" {
		return v.exceptionsAgain(w, problem)
	}
	v.note("exception-made")
	return v.see("/exceptions")
}

// ruleException is the exception that a form describes.
func (v *visit) ruleException() exceptions.Exception {
	x := exceptions.Exception{Rule: v.field("rule"), Host: strings.ToLower(strings.TrimSuffix(v.field("host"), ".")), Group: v.field("group"), Reason: v.field("reason"), Author: v.Account.Name, Until: v.field("until")}
	for line := range strings.Lines(v.r.PostFormValue("within")) {
		if line = strings.TrimSpace(line); line != "" {
			x.Within = append(x.Within, line)
		}
	}
	return x
}

// exceptionsAgain shows the page with what is wrong.
func (v *visit) exceptionsAgain(w exceptionsView, problem string) error {
	v.renderWith(http.StatusUnprocessableEntity, "exceptions", w, v.T(problem))
	return nil
}

// keepException keeps an exception and puts it in force, or tells what is wrong with it.
func (v *visit) keepException(x exceptions.Exception, groups []roster.Group) (problem string, err error) {
	if x.Group != "" && !slices.ContainsFunc(groups, func(g roster.Group) bool { return g.String() == x.Group }) {
		return "", errUnclear
	}
	if err = x.Check(v.now()); err == nil && x.Rule != "" && x.Try(v.c.o.Control.InForce().Rules, v.now()) != nil {
		err = errWords
	}
	if err == nil {
		_, err = v.c.o.Control.Exceptions.Add(v.r.Context(), v.by(), x, v.now())
	}
	if problem := exceptionProblem(err); problem != "" {
		return problem, nil
	}
	if err == nil {
		v.c.o.Control.Renew()
	}
	return "", err
}

func (v *visit) endException() error {
	err := v.c.o.Control.Exceptions.Finish(v.r.Context(), v.by(), v.r.PathValue("id"), v.now())
	if errors.Is(err, exceptions.ErrNotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	v.c.o.Control.Renew()
	v.note("exception-ended")
	return v.see("/exceptions")
}
