package orders

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
)

// Kinds are those of entries of orders.
var Kinds = []ledger.Kind{
	ledger.OrderRequested,
	ledger.OrderAdvised,
	ledger.OrderDecided,
	ledger.OrderUsed,
	ledger.OrderWithdrawn,
	ledger.InvestigatorWithdrawn,
	ledger.OrderEnded,
	ledger.OrderCompleted,
}

// Answer is what a member of the roll answers to the paper of an order.
type Answer string

// The answers.
const (
	Advise   Answer = "advise"
	Approve  Answer = "approve"
	Refuse   Answer = "refuse"
	Withdraw Answer = "withdraw"
)

// offices returns whose answer it is.
func (a Answer) offices() []roll.Office {
	if a == Advise {
		return []roll.Office{roll.Legal}
	}
	return []roll.Office{roll.Board, roll.Supervisor}
}

// Signed is an answer with a good signature of a member of the roll.
type Signed struct {
	roll.Member
	Answer Answer
	At     time.Time
	Index  int64 // of the entry
}

// Standing is an order as the ledger has it: what of it is signed, and what is wrong with it.
type Standing struct {
	ID       string
	Paper    string // canonical JSON (RFC 8785), of the last step that changed it
	Advice   *Signed
	Answers  []Signed // of the board
	Problems []roll.Problem

	paper     paper
	unsigned  bool // it is of before the roll
	withdrawn bool
	ended     bool
	completed bool
	dismissed []string
	commits   []string // hashes of its file, the newest last
}

// Errors of entries.
var (
	errPaper     = errors.New("the paper of the order is not as this program writes it")
	errChanged   = errors.New("the paper is not that of the request")
	errOrder     = errors.New("the step is not in its place")
	errNoRequest = errors.New("there is no request of this order in the ledger")
	errNoRoll    = errors.New("there was no board's roll")
)

// Hash returns the hash of the paper.
func (st *Standing) Hash() [sha256.Size]byte { return roll.Sum(st.Paper) }

// Words returns six Dutch words of the hash of the paper.
func (st *Standing) Words() string { return roll.Words(st.Hash()) }

// State returns how far the order is at a time.
func (st *Standing) State(now time.Time) State {
	from, until := st.paper.period()
	approvals := 0
	for _, a := range st.Answers {
		if a.Answer == Approve {
			approvals++
		}
	}
	switch {
	case st.completed:
		return Completed
	case approvals < len(st.Answers):
		return Refused
	case st.withdrawn:
		return Withdrawn
	case st.Advice == nil:
		return Requested
	case st.ended || !now.Before(until):
		return Ended
	case approvals < roll.Quorum:
		return Advised
	case now.Before(from):
		return Approved
	}
	return InForce
}

// replay returns the standing of an order from its entries, in the order of the ledger.
func replay(c *roll.Chain, id string, f ledger.Finder, roots roll.Roots) (*Standing, error) {
	st := &Standing{ID: id}
	for e, err := range f.Find(ledger.Query{Kinds: Kinds, Ref: id}) {
		if err != nil {
			return nil, err
		}
		st.add(c, e, roots)
	}
	return st, nil
}

// add takes an entry, or notes what is wrong with it.
func (st *Standing) add(c *roll.Chain, e ledger.Entry, roots roll.Roots) {
	if err := st.take(c, e, roots); err != nil {
		st.Problems = append(st.Problems, roll.Problem{Entry: e.Index, Err: err})
	}
	if e.Data.Commit != "" {
		st.commits = append(st.commits, e.Data.Commit)
	}
}

func (st *Standing) take(c *roll.Chain, e ledger.Entry, roots roll.Roots) error {
	switch {
	case e.Kind == ledger.OrderRequested:
		return st.request(e)
	case st.unsigned && e.Kind == ledger.OrderUsed:
		return fmt.Errorf("used: %w", ErrUnsigned)
	case st.unsigned:
		return st.old(e)
	case st.Paper == "":
		return errNoRequest
	}
	switch e.Kind {
	case ledger.OrderAdvised:
		return st.advise(c, e, roots)
	case ledger.OrderDecided:
		return st.decide(c, e, roots)
	case ledger.OrderWithdrawn:
		st.withdrawn = true // whatever the signature is: then nobody is inspected
		_, err := st.signed(c, e, roots, Withdraw, st.Paper)
		return err
	case ledger.InvestigatorWithdrawn:
		i, err := strconv.Atoi(e.Data.Step)
		if err != nil || i < 1 || i > len(st.paper.Investigators) {
			return errOrder
		}
		st.dismissed = append(st.dismissed, st.paper.Investigators[i-1].Account)
	case ledger.OrderEnded:
		st.ended = true
	case ledger.OrderCompleted:
		st.completed = true
	case ledger.OrderUsed:
		if st.State(e.Time) != InForce {
			return ErrNotInForce
		}
		if e.Data.Step == stepRecords && !st.designates(e.Data.Actor.Name) {
			return ErrNotDesignated
		}
	}
	return nil
}

// old takes an entry of an order of before the roll: it cannot be made whole any more.
func (st *Standing) old(e ledger.Entry) error {
	if e.Kind == ledger.OrderDecided && e.Data.Step == decided[Approve] {
		return ErrUnsigned
	}
	return nil
}

func (st *Standing) request(e ledger.Entry) (err error) {
	if st.Paper != "" || st.unsigned {
		return errOrder
	}
	if e.Data.Paper == "" {
		st.unsigned = true
		return nil
	}
	p, err := parsePaper(e.Data.Paper)
	from, until := p.period()
	switch {
	case err != nil:
		return err
	case p.ID != st.ID || p.Advice != nil || !from.Before(until) || p.Requester.Person == "" ||
		len(p.Investigators) == 0 && p.Request["kind"] != string(Inspection):
		return errPaper
	}
	st.paper, st.Paper = p, e.Data.Paper
	return nil
}

func (st *Standing) advise(c *roll.Chain, e ledger.Entry, roots roll.Roots) error {
	p, err := parsePaper(e.Data.Paper)
	if err != nil {
		return err
	}
	before, err := p.without()
	switch {
	case err != nil:
		return err
	case st.State(e.Time) != Requested:
		return errOrder
	case before != st.Paper || p.Advice == nil:
		return errChanged
	}
	signed, err := st.signed(c, e, roots, Advise, e.Data.Paper)
	if err != nil {
		return err
	}
	st.paper, st.Paper, st.Advice = p, e.Data.Paper, &signed
	return nil
}

// decided are the words of decisions in the ledger.
var decided = map[Answer]string{Approve: "approved", Refuse: "refused"}

func (st *Standing) decide(c *roll.Chain, e ledger.Entry, roots roll.Roots) error {
	answer := Approve
	if e.Data.Step == decided[Refuse] {
		answer = Refuse
	}
	if e.Data.Step != decided[answer] || st.State(e.Time) != Advised {
		return errOrder
	}
	signed, err := st.signed(c, e, roots, answer, st.Paper)
	if err == nil {
		st.Answers = append(st.Answers, signed)
	}
	return err
}

// signed verifies the signature of an entry: of a member of the roll of that time, in the right office, who has
// no other part in the order.
func (st *Standing) signed(
	c *roll.Chain, e ledger.Entry, roots roll.Roots, a Answer, paper string,
) (s Signed, err error) {
	r := c.At(e.Index)
	if r == nil {
		return s, errNoRoll
	}
	m, err := r.Verified(e.Data.Signed, roots, e.Index, roll.ForOrder, roll.Sum(paper), string(a))
	if err != nil {
		return s, err
	}
	if st.Advice != nil && e.Data.Signed.Entries <= st.Advice.Index {
		return s, roll.ErrStale
	}
	return Signed{m, a, e.Time, e.Index}, st.may(m, a)
}

// may returns why a member of the roll may not give an answer; nil if they may.
func (st *Standing) may(m roll.Member, a Answer) error {
	if a != Withdraw && (st.paper.involves(m.Person) || st.Advice != nil && st.Advice.Person == m.Person ||
		slices.ContainsFunc(st.Answers, func(s Signed) bool { return s.Person == m.Person })) {
		return ErrInvolved
	}
	if !slices.Contains(a.offices(), m.Office) {
		return roll.ErrNoMember
	}
	return nil
}

// designates reports whether an account is an investigator, still.
func (st *Standing) designates(account string) bool {
	return !slices.Contains(st.dismissed, account) &&
		slices.ContainsFunc(st.paper.Investigators, func(i Party) bool { return i.Account == account })
}

// fits returns ErrForged if the file of an order is not that of its last step, or of the one before if a crash came
// between, or if its request is not the one that was signed.
func (st *Standing) fits(o *Order, file string) error {
	switch {
	case st.unsigned:
		return ErrUnsigned
	case st.Paper == "":
		return fmt.Errorf("%w: %w", ErrForged, errNoRequest)
	case !slices.Contains(st.commits[max(0, len(st.commits)-2):], file):
		return ErrForged
	case o.Outcome != nil: // texts and salt are destroyed
		return nil
	}
	paper, err := paperOf(o)
	if err == nil && paper != st.Paper {
		p := *o
		p.Advice = nil // of a crash after the advice was in the ledger
		before, _ := st.paper.without()
		if paper, err = paperOf(&p); paper != before || o.Advice != nil {
			err = ErrForged
		}
	}
	if err != nil {
		return ErrForged
	}
	return nil
}
