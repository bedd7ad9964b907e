package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
)

// Breaches are the breach files.
type Breaches struct {
	Store *breach.Store
	Tell  func(ctx context.Context, f breach.File) error // the privacy officer, by mail
}

var (
	breachReaders = only(ledger.ICT, ledger.Privacy, ledger.Legal, ledger.Board)
	breachKeepers = only(ledger.ICT, ledger.Privacy)
)

// breachRoutes are for breach files (C2.12a): who keeps them writes, who answers for them reads.
var breachRoutes = []route{
	{pattern: "GET /breaches", who: breachReaders, needs: secrecy, nav: "nav-breaches", do: (*visit).breaches},
	{pattern: "POST /breaches", who: breachKeepers, needs: secrecy, tells: ledger.BreachOpened, do: (*visit).openBreach},
	{pattern: "GET /breaches/{id}", who: breachReaders, needs: secrecy, do: (*visit).breach},
	{pattern: "GET /breaches/{id}/form", who: breachReaders, needs: secrecy, do: (*visit).breachForm},
	{pattern: "POST /breaches/{id}/step", who: breachKeepers, needs: secrecy, tells: ledger.BreachStep, do: (*visit).breachStep},
	{pattern: "POST /breaches/{id}/facts", who: breachKeepers, needs: secrecy, tells: ledger.BreachStep, do: (*visit).breachFacts},
}

// breachRow is a file with its clock.
type breachRow struct {
	breach.File
	Hours int  // that are left; negative: too late
	Done  bool // reported, or decided that it need not be
}

func (v *visit) breachRow(f breach.File) breachRow {
	left, done := f.Left(v.now())
	return breachRow{f, int(left.Hours()), done}
}

// breachesView is what the list shows.
type breachesView struct {
	Files []breachRow
	Text  string // as filled in
	Day   string
	Time  string
	May   bool // open one
}

func (v *visit) breachesView() (w breachesView, err error) {
	all, err := v.c.o.Breaches.Store.List()
	for _, f := range all {
		w.Files = append(w.Files, v.breachRow(f))
	}
	w.Text, w.Day, w.Time, w.May = v.field("text"), v.field("day"), v.field("time"), breachKeepers.may(v.Role)
	return w, err
}

func (v *visit) breaches() error {
	w, err := v.breachesView()
	if err != nil {
		return err
	}
	return v.show("breaches", w)
}

// openBreach opens a file that did not begin in the quarantine.
func (v *visit) openBreach() error {
	w, err := v.breachesView()
	if err != nil {
		return err
	}
	at := v.now()
	if w.Day != "" {
		if at, err = time.ParseInLocation("2006-01-02 15:04", w.Day+" "+cmpOr(w.Time, "00:00"), v.c.o.Zone); err != nil {
			return v.again("breaches", w, "breach-when")
		}
	}
	if at.After(v.now()) {
		return v.again("breaches", w, "breach-future")
	}
	f, err := v.beginBreach("", w.Text, at)
	if problem := breachProblem(err); problem != "" {
		return v.again("breaches", w, problem)
	}
	if err != nil {
		return err
	}
	return v.see("/breaches/" + f.ID)
}

// beginBreach opens a file and tells the privacy officer.
func (v *visit) beginBreach(message, text string, at time.Time) (breach.File, error) {
	f, err := v.c.o.Breaches.Store.Begin(v.r.Context(), v.by(), message, text, at)
	if err != nil {
		return f, err
	}
	if err := v.c.o.Breaches.Tell(context.WithoutCancel(v.r.Context()), f); err != nil {
		v.c.o.Log.Error("console: the notice of a breach was not sent", "file", f.ID, "error", err)
		v.note("breach-untold", v.Lang.Moment(f.Deadline().In(v.c.o.Zone)))
		return f, nil
	}
	v.note("breach-begun", v.Lang.Moment(f.Deadline().In(v.c.o.Zone)))
	return f, nil
}

// breachProblem is what somebody is told that cannot be.
func breachProblem(err error) string {
	for problem, is := range map[string]error{"breach-closed": breach.ErrClosed, "breach-first": breach.ErrOpen, "breach-text": breach.ErrText} {
		if errors.Is(err, is) {
			return problem
		}
	}
	return ""
}

// breachView is what the page of one file shows.
type breachView struct {
	breachRow
	Kinds  []breach.Kind // of steps that can be taken
	May    bool
	Nature []string
	Text   string // as filled in
}

// Has reports whether the breach is of a nature.
func (w breachView) Has(nature string) bool {
	for _, n := range w.Facts.Nature {
		if n == nature {
			return true
		}
	}
	return false
}

var (
	breachSteps   = []breach.Kind{breach.Noted, breach.Informed, breach.Reported, breach.NotNeeded, breach.Closed}
	breachNatures = []string{"confidentiality", "integrity", "availability"}
)

func (v *visit) breachView() (w breachView, err error) {
	f, err := v.c.o.Breaches.Store.Get(v.r.PathValue("id"))
	if errors.Is(err, breach.ErrNotFound) {
		return w, errNoPage
	}
	return breachView{breachRow: v.breachRow(f), Kinds: breachSteps, May: breachKeepers.may(v.Role) && f.Open(), Nature: breachNatures, Text: v.field("text")}, err
}

func (v *visit) breach() error {
	w, err := v.breachView()
	if err != nil {
		return err
	}
	return v.show("breach", w)
}

// breachForm gives the answers in the order of the supervisory authority's form.
func (v *visit) breachForm() error {
	w, err := v.breachView()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := w.WriteForm(&b, v.Lang.Code); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="breach-`+w.ID+`.txt"`)
	_, err = io.Copy(v.w, &b)
	return err
}

func (v *visit) breachStep() error {
	if !slices.Contains(breachSteps, breach.Kind(v.field("kind"))) {
		return errUnclear
	}
	return v.changeBreach(func(id string) error {
		return v.c.o.Breaches.Store.Add(v.r.Context(), v.by(), id, breach.Kind(v.field("kind")), v.field("text"))
	})
}

func (v *visit) breachFacts() error {
	n, err := strconv.Atoi(cmpOr(v.field("number"), "0"))
	if err != nil || n < 0 {
		return errUnclear
	}
	f := breach.Facts{Happened: v.field("happened"), From: v.field("from"), Until: v.field("until"), Nature: v.r.PostForm["nature"], People: v.field("people"), Number: n,
		Data: v.field("data"), Special: v.field("special") == "yes", Effects: v.field("effects"), Measures: v.field("measures"), Informing: v.field("informing"), CrossBorder: v.field("crossborder") == "yes"}
	return v.changeBreach(func(id string) error {
		return v.c.o.Breaches.Store.Fill(v.r.Context(), v.by(), id, f)
	})
}

func (v *visit) changeBreach(change func(id string) error) error {
	w, err := v.breachView()
	if err != nil {
		return err
	}
	err = change(w.ID)
	if problem := breachProblem(err); problem != "" {
		return v.again("breach", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/breaches/" + w.ID)
}
