package orders

import (
	"context"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
)

// Intent is a step that a member of the roll signs.
type Intent struct {
	Answer     Answer
	Favourable bool   // the advice is
	Text       string // of the advice
}

// Asked is what a member of the roll is asked to sign.
type Asked struct {
	Options any    // for the browser
	Entries int64  // of the ledger: the answer is given back with it
	Paper   string // canonical JSON (RFC 8785): what is hashed
	Words   string // six Dutch words of the hash
}

// of reports whether an answer is one of a role.
func (a Answer) of(r ledger.Role) bool {
	if a == Advise {
		return r == ledger.Legal
	}
	return r == ledger.Board || r == ledger.Supervisor
}

// Ask returns what an account is asked to sign for a step.
func (s *Store) Ask(ctx context.Context, by ledger.Actor, people Roster, id string, i Intent) (Asked, error) {
	o, err := s.verified(id)
	if err != nil {
		return Asked{}, err
	}
	now, err := s.now()
	if err != nil {
		return Asked{}, err
	}
	r, m, err := s.signer(ctx, by, people, &o, i, now)
	if err != nil {
		return Asked{}, err
	}
	if err := o.advised(by, i, now); err != nil {
		return Asked{}, err
	}
	paper, err := paperOf(&o)
	if err != nil {
		return Asked{}, err
	}
	hash := roll.Sum(paper)
	q, err := roll.Question{Purpose: roll.ForOrder, Hash: hash, Answer: string(i.Answer)}.Checkpoint(s.ledger)
	if err != nil {
		return Asked{}, err
	}
	return Asked{roll.Ask(r.Site, []string{m.Credential}, q), q.Entries, paper, roll.Words(hash)}, nil
}

// advised adds an advice to an order.
func (o *Order) advised(by ledger.Actor, i Intent, now time.Time) error {
	if i.Answer != Advise {
		return nil
	}
	text := strings.TrimSpace(i.Text)
	if text == "" || len(text) > maxText {
		return ErrNoAdvice
	}
	o.Advice = &Advice{Step{by, now}, i.Favourable, text}
	return nil
}

// signer returns the member of the roll whose account may take a step with an order now.
func (s *Store) signer(
	ctx context.Context, by ledger.Actor, people Roster, o *Order, i Intent, now time.Time,
) (r *roll.Roll, m roll.Member, err error) {
	if !i.Answer.of(by.Role) {
		return nil, m, ErrForbidden
	}
	states := map[Answer][]State{
		Advise:   {Requested},
		Approve:  {Advised},
		Refuse:   {Advised},
		Withdraw: {Requested, Advised, Approved, InForce},
	}
	if !slices.Contains(states[i.Answer], o.State(now)) {
		return nil, m, ErrWrongState
	}
	if r, err = s.rolls.Current(); err != nil {
		return nil, m, err
	}
	address, err := s.address(ctx, by.Name)
	if err != nil {
		return nil, m, err
	}
	m, ok := r.Of(people, address)
	if !ok {
		return nil, m, roll.ErrNoMember
	}
	if err := o.standing.may(m, i.Answer); err != nil {
		return nil, m, err
	}
	if i.Answer == Withdraw {
		return r, m, nil
	}
	if err := s.met(); err != nil {
		return nil, m, err
	}
	if o.Person == m.Person {
		return nil, m, ErrSamePerson
	}
	return r, m, s.apart(r, o, people)
}

// Sign takes a step with a signature. It is in the ledger before it counts. One refusal ends the order; with the
// second approval it counts.
func (s *Store) Sign(
	ctx context.Context, by ledger.Actor, people Roster, id string, i Intent, signed ledger.Signature,
) error {
	return s.locked(func(now time.Time) error {
		o, err := s.verified(id)
		if err != nil {
			return err
		}
		_, m, err := s.signer(ctx, by, people, &o, i, now)
		if err != nil {
			return err
		}
		if signed.Credential != m.Credential {
			return roll.ErrNoMember
		}
		kind, d, err := o.step(by, i, now)
		if err != nil {
			return err
		}
		d.Signed = signed
		if err := s.tryStep(&o, kind, d, now); err != nil {
			return err
		}
		return s.write(ctx, o, kind, d)
	})
}

// step takes a step with an order, and returns its entry.
func (o *Order) step(by ledger.Actor, i Intent, now time.Time) (kind ledger.Kind, d ledger.Data, err error) {
	d = ledger.Data{Actor: by}
	switch i.Answer {
	case Advise:
		if err := o.advised(by, i, now); err != nil {
			return "", d, err
		}
		d.Step = map[bool]string{true: "favourable", false: "unfavourable"}[i.Favourable]
		d.Paper, err = paperOf(o)
		return ledger.OrderAdvised, d, err
	case Withdraw:
		o.Withdrawn = &Step{by, now}
		return ledger.OrderWithdrawn, d, nil
	}
	o.Decisions = append(slices.Clone(o.Decisions), Decision{Step{by, now}, i.Answer == Approve})
	d.Step = decided[i.Answer]
	return ledger.OrderDecided, d, nil
}

// tryStep returns what would be wrong with the entry of a step.
func (s *Store) tryStep(o *Order, kind ledger.Kind, d ledger.Data, now time.Time) error {
	n, err := s.ledger.Entries()
	if err != nil {
		return err
	}
	rolls, err := s.rolls.Chain()
	if err != nil {
		return err
	}
	st := *o.standing
	return st.take(rolls, ledger.Entry{Index: n, Time: now, Kind: kind, Data: d}, s.ledger)
}
