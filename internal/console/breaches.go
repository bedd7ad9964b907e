package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/breach"
	"sluis/internal/store"
)

var (
	breachReaders = only(ledger.ICT, ledger.Privacy, ledger.Legal, ledger.Board)
	breachKeepers = only(ledger.ICT, ledger.Privacy)
)

// breachPages are the breach files (C2.12a): the ICT service and the privacy officer keep them,
// Legal Affairs and the board read along.
type breachPages struct {
	store  *breach.Store
	notify func(context.Context, breach.File) error
}

func (p *breachPages) routes() []route {
	return []route{
		get("/breaches", breachReaders, p.list).inMenu("nav-breaches").needing(secrecy),
		post("/breaches", breachKeepers, p.open).needing(secrecy).recorded(ledger.BreachOpened),
		get("/breaches/{id}", breachReaders, p.show).needing(secrecy),
		get("/breaches/{id}/form", breachReaders, p.form).needing(secrecy),
		post("/breaches/{id}/step", breachKeepers, p.step).needing(secrecy).recorded(ledger.BreachStep),
		post("/breaches/{id}/facts", breachKeepers, p.facts).needing(secrecy).recorded(ledger.BreachStep),
	}
}

// breachRow is a file with its clock.
type breachRow struct {
	breach.File
	Hours int  // that are left; negative: too late
	Done  bool // reported, or decided that it need not be
}

func breachRowOf(v *visit, f breach.File) breachRow {
	left, done := f.Left(v.now())
	return breachRow{f, int(left.Hours()), done}
}

// breachesView is the list.
type breachesView struct {
	Files []breachRow
	Text  string // as filled in
	Day   string
	Time  string
	May   bool // open a file
}

func (p *breachPages) listView(v *visit) (w breachesView, err error) {
	all, err := store.Readable(p.store.List())
	for _, f := range all {
		w.Files = append(w.Files, breachRowOf(v, f))
	}
	w.Text, w.Day, w.Time, w.May = v.field("text"), v.field("day"), v.field("time"), breachKeepers.may(v.Role)
	return w, err
}

func (p *breachPages) list(v *visit) error {
	w, err := p.listView(v)
	if err != nil {
		return err
	}
	return v.show("breaches", w)
}

// open opens a file that did not begin in the quarantine.
func (p *breachPages) open(v *visit) error {
	w, err := p.listView(v)
	if err != nil {
		return err
	}
	at := v.now()
	if w.Day != "" {
		at, err = time.ParseInLocation("2006-01-02 15:04", w.Day+" "+cmp.Or(w.Time, "00:00"), v.zone())
		if err != nil {
			return v.again("breaches", w, "breach-when")
		}
	}
	if at.After(v.now()) {
		return v.again("breaches", w, "breach-future")
	}
	f, err := p.begin(v, "", w.Text, at)
	if problem := breachProblems.key(err); problem != "" {
		return v.again("breaches", w, problem)
	}
	if err != nil {
		return err
	}
	return v.see("/breaches/" + f.ID)
}

// begin opens a file and sends notice to the privacy officer.
func (p *breachPages) begin(v *visit, message, text string, at time.Time) (breach.File, error) {
	f, err := p.store.Begin(v.r.Context(), v.actor(), message, text, at)
	if err != nil {
		return f, err
	}
	if err := p.notify(context.WithoutCancel(v.r.Context()), f); err != nil {
		v.log().Error("console: the notice of a breach was not sent", "file", f.ID, "error", err)
		v.note("breach-not-notified", v.Lang.Moment(f.Deadline().In(v.zone())))
		return f, nil
	}
	v.note("breach-begun", v.Lang.Moment(f.Deadline().In(v.zone())))
	return f, nil
}

var breachProblems = problems{
	"breach-closed": breach.ErrClosed,
	"breach-first":  breach.ErrUndecided,
	"breach-text":   breach.ErrInvalidText,
}

// breachView is the page of one file.
type breachView struct {
	breachRow
	Kinds  []breach.Kind // of steps that can be taken
	May    bool
	Nature []string
	Text   string // as filled in
}

// Has reports whether the breach is of a nature.
func (w breachView) Has(nature string) bool {
	return slices.Contains(w.Facts.Nature, nature)
}

var (
	breachSteps   = []breach.Kind{breach.Noted, breach.Informed, breach.Reported, breach.NotNeeded, breach.Closed}
	breachNatures = breach.Natures
)

func (p *breachPages) view(v *visit) (w breachView, err error) {
	f, err := p.store.Get(v.r.PathValue("id"))
	if errors.Is(err, breach.ErrNotFound) {
		return w, errNoPage
	}
	return breachView{
		breachRow: breachRowOf(v, f),
		Kinds:     breachSteps,
		May:       breachKeepers.may(v.Role) && f.Open(),
		Nature:    breachNatures,
		Text:      v.field("text"),
	}, err
}

func (p *breachPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("breach", w)
}

// form gives the answers in the order of the supervisory authority's form.
func (p *breachPages) form(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := w.WriteForm(&b, v.Lang.Code); err != nil {
		return err
	}
	v.download("text/plain; charset=utf-8", "breach-"+w.ID+".txt")
	_, err = io.Copy(v.w, &b)
	return err
}

func (p *breachPages) step(v *visit) error {
	if !slices.Contains(breachSteps, breach.Kind(v.field("kind"))) {
		return errUnclear
	}
	return p.change(v, func(id string) error {
		return p.store.Add(v.r.Context(), v.actor(), id, breach.Kind(v.field("kind")), v.field("text"))
	})
}

func (p *breachPages) facts(v *visit) error {
	n, err := strconv.Atoi(cmp.Or(v.field("number"), "0"))
	if err != nil || n < 0 {
		return errUnclear
	}
	f := breach.Facts{
		Happened:    v.field("happened"),
		From:        v.field("from"),
		Until:       v.field("until"),
		Nature:      v.r.PostForm["nature"],
		People:      v.field("people"),
		Number:      n,
		Data:        v.field("data"),
		Special:     v.field("special") == "yes",
		Effects:     v.field("effects"),
		Measures:    v.field("measures"),
		Informing:   v.field("informing"),
		CrossBorder: v.field("crossborder") == "yes",
	}
	return p.change(v, func(id string) error {
		return p.store.Fill(v.r.Context(), v.actor(), id, f)
	})
}

func (p *breachPages) change(v *visit, change func(id string) error) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	err = change(w.ID)
	if problem := breachProblems.key(err); problem != "" {
		return v.again("breach", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/breaches/" + w.ID)
}
