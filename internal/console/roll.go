package console

import (
	"fmt"
	"strconv"

	"github.com/alexedwards/scs/v2"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/roster"
)

// rollPages show the board's roll, and begin a new one (C3.2d).
type rollPages struct {
	Roll
	people  func() *roster.Roster
	begun   *scs.SessionManager // of guests
	address string              // of the console
}

var (
	rollReaders = only(ledger.Board, ledger.Supervisor, ledger.Privacy, ledger.Legal, ledger.Council, ledger.Admin)
	rollMakers  = only(ledger.Board, ledger.Privacy, ledger.Admin)
)

func (p *rollPages) routes() []route {
	own := []route{
		get("/roll", rollReaders, p.show).inMenu("nav-roll"),
		post("/roll", rollMakers, p.begin).needing(proof).recorded(ledger.RollDrafted),
		get("/roll/minutes", rollReaders, p.minutes),
	}
	return append(own, (&guestPages{p}).routes()...)
}

// rollView is the page.
type rollView struct {
	Current *roll.Adopted
	Waiting *roll.Proposed
	Lacks   string // word of what a roll that waits lacks
	Draft   *roll.Draft
	Damaged bool // there is something wrong with the roll
	Rows    []rollRow
	Offices []roll.Office
	May     bool // make a roll
	Lost    bool
}

// rollRow is a row of the form.
type rollRow struct {
	roll.Candidate
	N int
}

// rollRows is how many people the form has room for.
const rollRows = 8

func (p *rollPages) view(v *visit) (w rollView, err error) {
	c, err := p.Store.Chain()
	if err != nil {
		return w, err
	}
	w.Current, w.Waiting = c.Current(), c.Waiting()
	err = p.Store.Check()
	w.Damaged = err != nil && err.Error() != roll.ErrNone.Error()
	if w.Waiting != nil {
		w.Lacks = lacking(c.Lacks(w.Waiting, v.now()))
	}
	if d, ok := p.Store.Drafted(); ok && d.Hash == "" {
		w.Draft = &d
	}
	w.Offices, w.May = roll.Offices, rollMakers.may(v.Role)
	for _, r := range p.rows() {
		w.Rows = append(w.Rows, rollRow{r, len(w.Rows)})
	}
	for len(w.Rows) < rollRows {
		w.Rows = append(w.Rows, rollRow{N: len(w.Rows)})
	}
	return w, nil
}

// rows are the people of the roll in force.
func (p *rollPages) rows() (all []roll.Candidate) {
	now, err := p.Store.Current()
	if err != nil {
		return nil
	}
	for i, m := range now.Members {
		all = append(all, roll.Candidate{Office: m.Office, Name: m.Name, Address: now.Addresses[i]})
	}
	return all
}

func (p *rollPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("roll", w)
}

func (p *rollPages) minutes(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	if w.Current == nil && w.Waiting == nil {
		return v.see("/roll")
	}
	return v.show("roll-minutes", w)
}

var rollProblems = problems{
	"roll-incomplete": roll.ErrIncomplete,
	"roll-twice":      roll.ErrTwice,
	"roll-name":       roll.ErrName,
	"roll-address":    roll.ErrAddress,
	"roll-site":       roll.ErrSite,
	"roll-not-lost":   roll.ErrNoLost,
	"roll-no-mail":    errNoInvitation,
	"roll-forged":     roll.ErrForged,
}

// errNoInvitation is returned if a link could not be mailed.
var errNoInvitation = fmt.Errorf("an invitation to the board's roll cannot be mailed")

// begin invites people to a new roll. Their links go by mail, and are shown to nobody.
func (p *rollPages) begin(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	w.Rows, w.Lost = nil, v.field("lost") == "yes"
	var all []roll.Candidate
	for i := range rollRows {
		n := strconv.Itoa(i)
		c := roll.Candidate{
			Office:  roll.Office(v.field("office-" + n)),
			Name:    v.field("name-" + n),
			Address: v.field("address-" + n),
			NewKey:  v.field("new-"+n) == "yes",
		}
		w.Rows = append(w.Rows, rollRow{c, i})
		if c.Name != "" || c.Address != "" {
			all = append(all, c)
		}
	}
	site, err := roll.SiteOf(p.address)
	var links []roll.Invitation
	if err == nil {
		links, err = p.Store.Begin(v.r.Context(), v.actor(), p.people(), site, w.Lost, all)
	}
	if err == nil {
		err = p.mail(v, links)
	}
	if problem := rollProblems.key(err); problem != "" {
		return v.again("roll", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("roll-invited", len(links))
	return v.see("/roll")
}

func (p *rollPages) mail(v *visit, links []roll.Invitation) error {
	for _, l := range links {
		if err := p.Invite(v.r.Context(), l.Address, l.Name, p.address+"/roll/"+l.Secret); err != nil {
			v.log().Error("console: an invitation to the board's roll was not sent", "error", err)
			return errNoInvitation
		}
	}
	return nil
}
