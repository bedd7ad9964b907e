package console

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/time/rate"

	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
	"sluis/internal/store"
)

var caseHandlers = only(ledger.Privacy, ledger.ICT)

// casePages are complaints about imagery (C3.3d): everybody can complain, and those who handle a
// complaint read it with a trace in the ledger.
type casePages struct {
	store *imagery.Store
	keys  keyring
	pace  complaintPace
}

func (p *casePages) routes() []route {
	return []route{
		get("/complaint", anybody, p.complaint),
		post("/complaint", anybody, p.complain).recorded(ledger.ImageryCase),
		get("/cases", caseHandlers, p.list).inMenu("nav-cases"),
		get("/cases/{id}", caseHandlers, p.show),
		post("/cases/{id}/read", caseHandlers, p.read).needing(secrecy | proof).recorded(ledger.ImageryCase),
		post("/cases/{id}/step", caseHandlers, p.step).needing(secrecy).recorded(ledger.ImageryCase),
	}
}

// Bounds of complaints, as they take no account and fill the disk.
const (
	complaintsAtOnce = 3                // of one address
	complaintsEach   = 20 * time.Minute // later ones of that address
	complaintsAll    = 300              // a day, of all addresses
)

// complaintPace keeps complaints from coming in faster than people write them.
type complaintPace struct {
	all *rate.Limiter
	by  *expirable.LRU[netip.Addr, *rate.Limiter]
}

func newComplaintPace() complaintPace {
	return complaintPace{
		all: rate.NewLimiter(rate.Every(24*time.Hour/complaintsAll), complaintsAll/10),
		by:  expirable.NewLRU[netip.Addr, *rate.Limiter](maxClients, nil, 24*time.Hour),
	}
}

func (p complaintPace) allow(client netip.Addr) bool {
	l, ok := p.by.Get(client)
	if !ok {
		l = rate.NewLimiter(rate.Every(complaintsEach), complaintsAtOnce)
		p.by.Add(client, l)
	}
	return l.Allow() && p.all.Allow()
}

// complaintForm is the page.
type complaintForm struct {
	Page, Text string
	Sent       string // number of the case; empty: not sent
}

func (p *casePages) complaint(v *visit) error { return v.show("complaint", complaintForm{}) }

func (p *casePages) complain(v *visit) error {
	f := complaintForm{Page: v.field("page"), Text: v.field("text")}
	if f.Text == "" {
		return v.again("complaint", f, "complaint-empty")
	}
	if !p.pace.allow(v.client()) {
		return errTooOften
	}
	c, err := p.store.Complain(v.r.Context(), ledger.Actor{}, f.Page, f.Text)
	if errors.Is(err, imagery.ErrInvalidText) {
		return v.again("complaint", f, "complaint-empty")
	}
	if err != nil {
		return err
	}
	return v.show("complaint", complaintForm{Sent: c.ID})
}

func (p *casePages) list(v *visit) error {
	all, err := store.Readable(p.store.Cases())
	if err != nil {
		return err
	}
	return v.show("cases", all)
}

// caseView is the page of one case.
type caseView struct {
	imagery.Case
	Next []imagery.Step // that can be taken
	Said imagery.Said   // by the complaint, once it is opened
	Read bool
}

// HasComplaint reports whether there is a complaint to read.
func (w caseView) HasComplaint() bool { return len(w.Sealed) > 0 }

var caseSteps = []imagery.Step{imagery.Inspected, imagery.TakedownRequested, imagery.TakenDown, imagery.Closed}

func (p *casePages) view(v *visit) (w caseView, err error) {
	c, err := p.store.Case(v.r.PathValue("id"))
	if errors.Is(err, imagery.ErrNotFound) {
		return w, errNoPage
	}
	return caseView{Case: c, Next: caseSteps}, err
}

func (p *casePages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("case", w)
}

func (p *casePages) read(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	keys, err := p.keys.identities()
	if problem := reviewProblems.key(err); problem != "" {
		return v.again("case", w, problem)
	}
	if err != nil {
		return err
	}
	if w.Said, err = p.store.Read(v.r.Context(), v.actor(), w.ID, keys...); err != nil {
		return err
	}
	w.Read = true
	return v.show("case", w)
}

func (p *casePages) step(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	step := imagery.Step(v.field("step"))
	if !slices.Contains(caseSteps, step) {
		return errUnclear
	}
	err = p.store.Take(v.r.Context(), v.actor(), w.ID, step, "")
	if errors.Is(err, imagery.ErrClosed) {
		return v.again("case", w, "case-closed")
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/cases/" + w.ID)
}
