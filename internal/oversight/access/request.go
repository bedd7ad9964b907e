package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// Proof is how it was made sure that a request is the person's own.
type Proof string

// The proofs.
const (
	ByAccount  Proof = "account"   // signed in as that person
	ByDocument Proof = "document"  // passport, identity card, driving licence
	InPerson   Proof = "in-person" // known to the actor who handles the request
)

// Request is a person's request for their own data, of a period.
type Request struct {
	By           ledger.Actor // who handles it: the person, or a privacy officer
	Proof        Proof
	Person       roster.Subject
	Since, Until time.Time
}

// Errors of requests.
var (
	ErrNoProof = errors.New(
		"say how it was made sure that the request is the person's own: account, document or in-person",
	)
	ErrForbidden = errors.New("a privacy officer handles a request that does not come from the person's own account")
	ErrUnnamed   = errors.New("nothing is recorded about this person by name: pupils, confidential roles and people " +
		"who are not on the roster have no pseudonym (K4, C3.2g)")
	ErrTooMany = errors.New("the period has more records than are handed out at once: ask for a shorter one")
)

// maxRecords bounds what is handed out at once: some years of one person.
const maxRecords = 2_000_000

// Archive is where records are found: by the keys of their pseudonyms alone, after the
// request is in the ledger.
type Archive struct {
	Ledger  ledger.Book
	Keys    *journal.Keys
	Records journal.Personal
}

// Give calls use for the person's own records, after the request is in the ledger.
func (a Archive) Give(ctx context.Context, r Request, use func(Record) error) error {
	switch {
	case !slices.Contains([]Proof{ByAccount, ByDocument, InPerson}, r.Proof):
		return fmt.Errorf("access request: %w", ErrNoProof)
	case r.Proof != ByAccount && r.By.Role != ledger.Privacy:
		return fmt.Errorf("access request: %w", ErrForbidden)
	case !r.Person.Identified():
		return fmt.Errorf("access request: %w", ErrUnnamed)
	}
	receipt, err := a.Ledger.Append(ctx, ledger.AccessGiven, ledger.Data{
		Actor: r.By,
		Step:  string(r.Proof),
		Since: r.Since.UnixMilli(),
		Until: r.Until.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("access request: write it in the ledger: %w", err)
	}
	wrong, err := a.wrong()
	if err != nil {
		return fmt.Errorf("access request: %w", err)
	}
	n := 0
	return a.Keys.Find(ctx, receipt, a.Records, r.Person, r.Since, r.Until, func(found journal.Record) error {
		if n++; n > maxRecords {
			return fmt.Errorf("access request: %w", ErrTooMany)
		}
		shown := recordOf(found)
		shown.Wrong = shown.Rule != "" && wrong[found.ID.String()]
		return use(shown)
	})
}

// wrong returns the ids of the messages whose verdict a reviewer called wrong, and nobody confirmed after that: then
// the person's own record says so (C3.3f).
func (a Archive) wrong() (map[string]bool, error) {
	wrong := map[string]bool{}
	judged := ledger.Query{Kinds: []ledger.Kind{ledger.QuarantineWrong, ledger.QuarantineConfirmed}}
	for e, err := range a.Ledger.Find(judged) {
		if err != nil {
			return nil, err
		}
		if e.Kind == ledger.QuarantineWrong {
			wrong[e.Data.ID] = true
		} else {
			delete(wrong, e.Data.ID)
		}
	}
	return wrong, nil
}

// Record is what a person gets to see of a record of the journal: all that it holds about them.
type Record struct {
	Time      time.Time `json:"time"`
	Kind      string    `json:"kind"`
	Direction string    `json:"direction"`
	Group     string    `json:"group"`
	Site      string    `json:"site,omitempty"` // of a blocked web request; of mail the other side, if it is held
	Bytes     int64     `json:"bytes"`
	Parties   int       `json:"recipients,omitempty"`
	Action    string    `json:"action"`
	Purposes  string    `json:"inspected_for"`
	Category  string    `json:"category,omitempty"`
	Clause    string    `json:"clause,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	Wrong     bool      `json:"judged_wrong"` // a reviewer found that the rule was mistaken
	Drawn     bool      `json:"drawn"`
	Ordered   bool      `json:"ordered"`
}

func recordOf(r journal.Record) Record {
	shown := Record{
		Time:      r.Time,
		Kind:      r.Kind.String(),
		Direction: r.Direction.String(),
		Group:     r.Group.String(),
		Bytes:     r.Bytes,
		Parties:   int(r.Recipients),
		Action:    r.Action.String(),
		Purposes:  r.Purposes.String(),
		Clause:    r.Clause.String(),
		Rule:      r.Rule.String(),
		Drawn:     r.Drawn,
		Ordered:   r.Ordered,
		Site:      r.Peer.String(),
	}
	if shown.Rule != "" {
		shown.Category = r.Category.String()
	}
	return shown
}
