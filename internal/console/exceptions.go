package console

import (
	"errors"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// exceptionPages are exceptions to rules and sites (C3.3f).
type exceptionPages struct {
	store   *exceptions.Store
	inForce func() InForce
	renew   func()
}

func (p *exceptionPages) routes() []route {
	return []route{
		get("/exceptions", watchers, p.list).inMenu("nav-exceptions"),
		post("/exceptions", keepers, p.add).recorded(ledger.ExceptionChanged),
		post("/exceptions/{id}/end", keepers, p.end).recorded(ledger.ExceptionChanged),
	}
}

// exceptionsView is the page.
type exceptionsView struct {
	Holding, Over []exceptions.Exception // in force, and ended
	Rules         []ruleRow
	Groups        []roster.Group
	Form          map[string]string
	Longest       string // the last day that can be chosen
	MayAdd        bool
	Tried         bool // the exception of the form; what it changes is in Preview
	Preview       []previewRow
}

// maxOver bounds the ended exceptions on the page.
const maxOver = 100

func (p *exceptionPages) view(v *visit) (w exceptionsView, err error) {
	all, err := store.Readable(p.store.List())
	for _, x := range all {
		if x.Holds(v.now()) {
			w.Holding = append(w.Holding, x)
		} else if len(w.Over) < maxOver {
			w.Over = append(w.Over, x)
		}
	}
	now := p.inForce()
	for _, r := range now.Rules.Rules() {
		if r.Structure == "" { // it has words, which an exception can be about
			w.Rules = append(w.Rules, ruleRow{r, now.Own(r.ID)})
		}
	}
	w.Groups, w.MayAdd = now.People.Groups(), keepers.may(v.Role)
	w.Form = map[string]string{"rule": v.r.URL.Query().Get("rule")}
	w.Longest = v.now().In(v.zone()).AddDate(1, 0, 0).Format(time.DateOnly)
	for _, name := range []string{"rule", "within", "host", "group", "reason", "until"} {
		if f := v.field(name); f != "" {
			w.Form[name] = f
		}
	}
	return w, err
}

func (p *exceptionPages) list(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("exceptions", w)
}

// errWords is returned for an exception that the rule cannot have.
var errWords = errors.New("the rule cannot have an exception of these words")

var exceptionProblems = problems{
	"exception-subject": exceptions.ErrUnclear,
	"exception-host":    exceptions.ErrInvalidHost,
	"exception-reason":  exceptions.ErrNoReason,
	"exception-until":   exceptions.ErrInvalidEnd,
	"exception-many":    exceptions.ErrTooMany,
	"exception-gone":    exceptions.ErrNotFound,
	"exception-words":   errWords,
}

func (p *exceptionPages) add(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	x := exceptionOf(v)
	if problem, err := p.keep(v, x, w.Groups); err != nil {
		return err
	} else if problem != "" {
		return v.again("exceptions", w, problem)
	}
	v.note("exception-made")
	return v.see("/exceptions")
}

// exceptionOf returns the exception of a form.
func exceptionOf(v *visit) exceptions.Exception {
	x := exceptions.Exception{
		Rule:   v.field("rule"),
		Host:   strings.ToLower(strings.TrimSuffix(v.field("host"), ".")),
		Group:  v.field("group"),
		Reason: v.field("reason"),
		Author: v.Account.Name,
		Until:  v.field("until"),
	}
	for line := range strings.Lines(v.r.PostFormValue("within")) {
		if line = strings.TrimSpace(line); line != "" {
			x.Within = append(x.Within, line)
		}
	}
	return x
}

// keep stores an exception and puts it in force, or returns what is wrong with it.
func (p *exceptionPages) keep(v *visit, x exceptions.Exception, groups []roster.Group) (problem string, err error) {
	if x.Group != "" && !slices.ContainsFunc(groups, func(g roster.Group) bool { return g.String() == x.Group }) {
		return "", errUnclear
	}
	if err = x.Check(v.now()); err == nil && x.Rule != "" && x.Try(p.inForce().Rules, v.now()) != nil {
		err = errWords
	}
	if err == nil {
		_, err = p.store.Add(v.r.Context(), v.actor(), x, v.now())
	}
	if problem := exceptionProblems.key(err); problem != "" {
		return problem, nil
	}
	if err == nil {
		p.renew()
	}
	return "", err
}

func (p *exceptionPages) end(v *visit) error {
	err := p.store.Finish(v.r.Context(), v.actor(), v.r.PathValue("id"), v.now())
	if errors.Is(err, exceptions.ErrNotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	p.renew()
	v.note("exception-ended")
	return v.see("/exceptions")
}
