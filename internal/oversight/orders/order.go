package orders

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/setting"
)

// Kind is what an order is for.
type Kind string

// The kinds.
const (
	Targeted  Kind = "targeted"  // control of a person or a group (C3.2c)
	Exception Kind = "exception" // to confidentiality, where the traffic is not safe (C3.2g)

	// Inspection shortens the list of sites whose encrypted connections are never inspected; it is about nobody.
	Inspection Kind = "inspection"
)

// Request is what is asked of the board.
type Request struct {
	Kind          Kind      `json:"kind"`
	Subject       string    `json:"subject,omitempty"` // address of a person on the roster
	Group         string    `json:"group,omitempty"`   // or a group of it
	Reason        string    `json:"reason"`            // the serious suspicion, or what is not safe
	From          time.Time `json:"from"`
	Until         time.Time `json:"until"`
	Content       bool      `json:"content"`       // content as well as traffic data, for weighty reasons (C3.2e)
	Investigators []string  `json:"investigators"` // accounts of the technical ICT service
	// why records of before the decision are shown too; empty: they are not
	LookBack string `json:"look_back,omitempty"`
	// hosts, and vendors, that an order of kind Inspection takes off the list, as the configuration has them
	Sites []string `json:"sites,omitempty"`
}

// Limits bound a request.
type Limits struct {
	Period time.Duration `yaml:"longest"`       // from From to Until; default and at most 28d (C3.2c)
	Days   int           `yaml:"days-per-year"` // of one person, under all orders together; default 56, at most 112
	// how long subject and texts stay sealed after the outcome, for objections; default 183d, six months
	Objection time.Duration `yaml:"objection"`
}

// LongestPeriod is how long an order lasts at most: the code says a short period (C3.2c).
const LongestPeriod = 28 * 24 * time.Hour

// SetDefaults implements setting.Defaulter.
func (l *Limits) SetDefaults() {
	setting.Default(&l.Period, LongestPeriod)
	setting.Default(&l.Days, defaultDays)
	setting.Default(&l.Objection, defaultObjection)
}

// Bounds and defaults of the days of one person in a year, and of the time for objections.
const (
	defaultDays      = 56
	mostDays         = 112
	defaultObjection = 183 * 24 * time.Hour
	leastObjection   = 42 * 24 * time.Hour
)

// Validate implements setting.Validator.
func (l *Limits) Validate(p setting.Problems) {
	if l.Period > LongestPeriod || l.Period < 24*time.Hour {
		p.At("longest").Wrong("an order lasts from 1 to 28 days: the code says a short period (C3.2c)")
	}
	if l.Days < 1 || l.Days > mostDays {
		p.At("days-per-year").Wrong("one person is controlled on 1 to 112 days a year (C3.2c)")
	}
	if l.Objection < leastObjection || l.Objection > year {
		p.At("objection").Wrong("texts stay sealed from 42 to 365 days after the outcome, for objections")
	}
}

// maxText bounds a reason or an advice, in bytes; maxInvestigators is of one order.
const (
	maxText          = 20_000
	maxInvestigators = 10
)

// check returns what is wrong with a request.
func (r Request) check(l Limits) error {
	if r.Kind == Inspection {
		return r.checkInspection()
	}
	for _, c := range []struct {
		wrong bool
		say   error
	}{
		{r.Kind != Targeted && r.Kind != Exception, ErrUnknownKind},
		{(r.Subject == "") == (r.Group == ""), ErrSubjectUnclear},
		{r.Kind == Exception && r.Subject == "", ErrNotOnePerson},
		{strings.TrimSpace(r.Reason) == "" || len(r.Reason) > maxText, ErrNoReason},
		{len(r.LookBack) > maxText, ErrNoReason},
		{!r.From.Before(r.Until), ErrInvalidPeriod},
		{r.Until.Sub(r.From) > l.Period, fmt.Errorf("%w of at most %d days", ErrTooLong, int(l.Period.Hours()/24))},
		{len(r.Investigators) == 0 || len(r.Investigators) > maxInvestigators, ErrNoInvestigators},
	} {
		if c.wrong {
			return c.say
		}
	}
	return nil
}

// State is how far an order is.
type State string

// The states.
const (
	Requested State = "requested" // waits for advice
	Advised   State = "advised"   // waits for the board
	Refused   State = "refused"
	Approved  State = "approved" // its period has not begun
	InForce   State = "in-force"
	Ended     State = "ended" // waits for its outcome
	Withdrawn State = "withdrawn"
	Completed State = "completed"
	Void      State = "void" // it is no order: its file, or its signatures, do not fit
)

// Step is something that was done, by whom.
type Step struct {
	By ledger.Actor `json:"by"`
	At time.Time    `json:"at"`
}

// Advice is that of Legal Affairs. It does not bind the board.
type Advice struct {
	Step
	Favourable bool   `json:"favourable"`
	Text       string `json:"text"`
}

// Decision is that of one member of the board.
type Decision struct {
	Step
	Approve bool `json:"approve"`
}

// Outcome is how an order ended (C3.2f).
type Outcome struct {
	Step
	Unauthorised bool      `json:"unauthorised"` // use was found
	DiscussedOn  time.Time `json:"discussed_on"` // with the employee
	DestroyedOn  time.Time `json:"destroyed_on"` // what was gathered

	ConsequencesOn time.Time `json:"consequences_on,omitzero"` // the employee was told of them; zero: they were not
	Late           bool      `json:"late,omitempty"`           // it was discussed later than five working days after the end
}

// Order is one of them. Subject, texts and salt are empty once it is completed.
type Order struct {
	ID        string     `json:"id"`
	Request   Request    `json:"request"`
	Requested Step       `json:"requested"`
	Roll      string     `json:"roll,omitempty"`      // hash of the roll of that time; empty: there was none yet
	Salt      []byte     `json:"salt,omitempty"`      // of the texts in the paper
	Requester string     `json:"requester,omitempty"` // person, as on the roll
	Persons   []string   `json:"persons,omitempty"`   // of the investigators, likewise
	Person    string     `json:"person,omitempty"`    // of the subject, likewise: an address may be given to another
	Advice    *Advice    `json:"advice,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
	Dismissed []string   `json:"gone,omitempty"` // investigators who were withdrawn
	Uses      int        `json:"uses"`
	EndedAt   time.Time  `json:"ended_at"` // seen to have ended
	Withdrawn *Step      `json:"withdrawn,omitempty"`
	Outcome   *Outcome   `json:"outcome,omitempty"`

	About       string    `json:"about,omitempty"`       // keyed hash of the person or group, to count days by
	Sealed      []byte    `json:"sealed,omitempty"`      // Texts (age), once it is completed
	SealedUntil time.Time `json:"sealed_until,omitzero"` // then they are destroyed

	standing *Standing // in the ledger; nil: not verified
	void     error     // why it is no order
}

// Key implements store.Keyed.
func (o Order) Key() string { return o.ID }

// Whole implements store.Checked: an order has an asker, a period, and a subject or a group until
// it is completed.
func (o Order) Whole() bool {
	r := o.Request
	about := (r.Subject == "") != (r.Group == "") || r.Kind == Inspection
	return o.Requested.By.Name != "" && (about || o.Outcome != nil) && r.From.Before(r.Until)
}

// State returns how far the order is at a time, by the ledger. An order that was not verified, or does not fit, is
// Void until it is completed.
func (o *Order) State(now time.Time) State {
	switch {
	case o.Outcome != nil:
		return Completed
	case o.void != nil || o.standing == nil:
		return Void
	}
	return o.standing.State(now)
}

// shownSince returns since when records may be shown: since the decision, unless the order itself says
// that it looks back, and why.
func (o *Order) shownSince() time.Time {
	since := o.Request.From
	if o.Request.LookBack != "" {
		return since
	}
	for _, d := range o.standing.Answers {
		if d.At.After(since) {
			since = d.At
		}
	}
	return since
}

// Void returns why an order is none; nil if it is one.
func (o Order) Void() error { return o.void }

// Standing returns what the ledger has of the order; nil if that does not fit.
func (o Order) Standing() *Standing { return o.standing }

// Investigator reports whether an account is designated, still.
func (o *Order) Investigator(name string) bool {
	return slices.Contains(o.Request.Investigators, name) && !slices.Contains(o.Dismissed, name)
}

// Errors of steps.
var (
	ErrUnknownKind    = errors.New("say what kind of order: targeted, or exception")
	ErrSubjectUnclear = errors.New("name one person or one group")
	ErrNotOnePerson   = errors.New("an exception to confidentiality is for one person (C3.2g)")
	ErrNoReason       = errors.New("give the reason, in at most 20,000 characters (C3.2d)")
	ErrInvalidPeriod  = errors.New("the period ends before it begins, or is over already")
	ErrTooLong        = errors.New("the period is too long (C3.2c)")
	ErrLookBack       = errors.New(
		"the period begins before today: say why the order looks back, or let it begin today (C3.2c)",
	)
	ErrNoInvestigators = errors.New("designate who carries it out, at most ten people (C3.2d)")
	ErrUnknownPerson   = errors.New(
		"no person on the roster who can be subject to an order has this address; pupils never can (K4)",
	)
	ErrNoAdvice = errors.New("write the advice, in at most 20,000 characters")
	ErrNoDays   = errors.New(
		"say on which day the gathered data were destroyed and, if use was found, " +
			"on which day it was discussed with the employee (C3.2f)",
	)

	ErrNotFound   = errors.New("there is no such order")
	ErrForbidden  = errors.New("this step is not for this role")
	ErrWrongState = errors.New("the order is not at this step")
	ErrNotInForce = errors.New("the order is not in force: nothing may be inspected under it (C3.2c)")
	ErrInvolved   = errors.New(
		"another member of the board has to decide: not twice the same, and not the requester (C3.2d)",
	)
	ErrNotDesignated = errors.New("only a designated investigator may use the order (C3.2d)")
	ErrSamePerson    = errors.New(
		"requester, adviser, two deciders, investigators and subject are different people (C3.2d)",
	)
	ErrOtherPerson = errors.New(
		"the address of the order is of another person now than when it was asked for: ask for a new one",
	)
	ErrNoPerson = errors.New("the account has no mail address: nobody knows whose it is")
	ErrUnsigned = errors.New("it was made before there was a board's roll: nobody signed it, and it does not count")
	ErrForged   = errors.New("its file is not what the ledger and its signatures say")
)
