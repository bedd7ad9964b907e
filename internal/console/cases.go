package console

import (
	"errors"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/time/rate"

	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
)

var caseHandlers = only(ledger.Privacy, ledger.ICT)

// caseRoutes are for complaints about imagery (C3.3d): anybody can complain, and who handles
// it reads it with a trace in the ledger.
var caseRoutes = []route{
	{pattern: "GET /complaint", who: anybody, do: (*visit).complaint},
	{pattern: "POST /complaint", who: anybody, tells: ledger.ImageryCase, do: (*visit).complain},
	{pattern: "GET /cases", who: caseHandlers, nav: "nav-cases", do: (*visit).cases},
	{pattern: "GET /cases/{id}", who: caseHandlers, do: (*visit).oneCase},
	{pattern: "POST /cases/{id}/read", who: caseHandlers, needs: secrecy | proof, tells: ledger.ImageryCase, do: (*visit).readCase},
	{pattern: "POST /cases/{id}/step", who: caseHandlers, needs: secrecy, tells: ledger.ImageryCase, do: (*visit).caseStep},
}

// Bounds of complaints: who has no account can send a few an hour, and all together some
// hundreds a day, so that nobody fills the disk.
const (
	complaintsAtOnce = 3
	complaintsEach   = 20 * time.Minute
	complaintsAll    = 300
)

// complaintPace keeps complaints from coming in faster than people write them.
type complaintPace struct {
	all *rate.Limiter
	by  *expirable.LRU[netip.Addr, *rate.Limiter]
}

func newComplaintPace() complaintPace {
	return complaintPace{rate.NewLimiter(rate.Every(24*time.Hour/complaintsAll), complaintsAll/10), expirable.NewLRU[netip.Addr, *rate.Limiter](maxClients, nil, 24*time.Hour)}
}

func (p complaintPace) allow(client netip.Addr) bool {
	l, ok := p.by.Get(client)
	if !ok {
		l = rate.NewLimiter(rate.Every(complaintsEach), complaintsAtOnce)
		p.by.Add(client, l)
	}
	return l.Allow() && p.all.Allow()
}

// complaintForm is what somebody filled in.
type complaintForm struct {
	Page, Text string
	Sent       string // number of the case; empty: not sent
}

func (v *visit) complaint() error { return v.show("complaint", complaintForm{}) }

func (v *visit) complain() error {
	f := complaintForm{Page: v.field("page"), Text: v.field("text")}
	if f.Text == "" {
		return v.again("complaint", f, "complaint-empty")
	}
	if !v.c.complaints.allow(v.client()) {
		return errTooOften
	}
	c, err := v.c.o.Imagery.Complain(v.r.Context(), ledger.Actor{}, f.Page, f.Text)
	if errors.Is(err, imagery.ErrText) {
		return v.again("complaint", f, "complaint-empty")
	}
	if err != nil {
		return err
	}
	return v.show("complaint", complaintForm{Sent: c.ID})
}

func (v *visit) cases() error {
	all, err := v.c.o.Imagery.Cases()
	if err != nil {
		return err
	}
	return v.show("cases", all)
}

// caseView is what the page of one case shows.
type caseView struct {
	imagery.Case
	Next []imagery.Step // that can be taken
	Text string         // of the complaint, once it is opened
	Read bool
}

// Told reports whether there is a complaint to read.
func (w caseView) Told() bool { return len(w.Sealed) > 0 }

var caseSteps = []imagery.Step{imagery.Looked, imagery.AskedDown, imagery.TakenDown, imagery.Closed}

func (v *visit) caseView() (w caseView, err error) {
	c, err := v.c.o.Imagery.Case(v.r.PathValue("id"))
	if errors.Is(err, imagery.ErrNotFound) {
		return w, errNoPage
	}
	return caseView{Case: c, Next: caseSteps}, err
}

func (v *visit) oneCase() error {
	w, err := v.caseView()
	if err != nil {
		return err
	}
	return v.show("case", w)
}

func (v *visit) readCase() error {
	w, err := v.caseView()
	if err != nil {
		return err
	}
	keys, err := v.keys()
	if problem := reviewProblem(err); problem != "" {
		return v.again("case", w, problem)
	}
	if err != nil {
		return err
	}
	if w.Text, err = v.c.o.Imagery.Read(v.r.Context(), v.by(), w.ID, keys...); err != nil {
		return err
	}
	w.Read = true
	return v.show("case", w)
}

func (v *visit) caseStep() error {
	w, err := v.caseView()
	if err != nil {
		return err
	}
	step := imagery.Step("")
	for _, s := range caseSteps {
		if string(s) == v.field("step") {
			step = s
		}
	}
	if step == "" {
		return errUnclear
	}
	err = v.c.o.Imagery.Take(v.r.Context(), v.by(), w.ID, step, "")
	if errors.Is(err, imagery.ErrClosed) {
		return v.again("case", w, "case-closed")
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/cases/" + w.ID)
}
