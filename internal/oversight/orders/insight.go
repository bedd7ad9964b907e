package orders

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

// Proof is how it was made sure that a request for insight is the person's own.
type Proof string

// The proofs.
const (
	ByAccount  Proof = "account"   // signed in as that person
	ByDocument Proof = "document"  // passport, identity card, driving licence
	InPerson   Proof = "in-person" // known to who handles the request
)

// maxInsight bounds what is handed out at once, in records: some years of one person.
const maxInsight = 2_000_000

// Insight calls use for a person's own records (C3.2f, GDPR art. 15), after that is in the
// ledger. by handles the request: the person, or a privacy officer.
func Insight(ctx context.Context, l ledger.Appender, by ledger.Actor, proof Proof, who roster.Subject, keys *journal.Keys, records Records, since, until time.Time, use func(Own) error) error {
	if !slices.Contains([]Proof{ByAccount, ByDocument, InPerson}, proof) {
		return errors.New("insight: say how it was made sure who asks: account, document or in-person")
	}
	if proof != ByAccount && by.Role != ledger.Privacy {
		return ErrForbidden
	}
	if !who.Identified() {
		return errors.New("insight: nothing is held about this person by name: pupils, confidential roles and people who are not on the roster have no pseudonym (K4, C3.2g)")
	}
	receipt, err := l.Append(ctx, ledger.AccessGiven, ledger.Data{Actor: by, Step: string(proof), Since: since.UnixMilli(), Until: until.UnixMilli()})
	if err != nil {
		return fmt.Errorf("insight: write it in the ledger: %w", err)
	}
	n := 0
	return keys.Find(ctx, receipt, records, who, since, until, func(r journal.Record) error {
		if n++; n > maxInsight {
			return errors.New("insight: more records than are handed out at once: ask for a shorter period")
		}
		return use(own(r))
	})
}

// Own is what a person gets to see of a record. It tells nothing about others: the other
// party of mail is left out.
type Own struct {
	Time      time.Time `json:"time"`
	Kind      string    `json:"kind"`
	Direction string    `json:"direction"`
	Group     string    `json:"group"`
	Site      string    `json:"site,omitempty"` // of a blocked web request
	Bytes     int64     `json:"bytes"`
	Parties   int       `json:"recipients,omitempty"`
	Action    string    `json:"action"`
	Purposes  string    `json:"looked_at_for"`
	Category  string    `json:"category,omitempty"`
	Clause    string    `json:"clause,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	Drawn     bool      `json:"drawn"`
	Ordered   bool      `json:"ordered"`
}

func own(r journal.Record) Own {
	o := Own{Time: r.Time, Kind: r.Kind.String(), Direction: r.Direction.String(), Group: r.Group.String(), Bytes: r.Bytes, Parties: int(r.Recipients),
		Action: r.Action.String(), Purposes: r.Purposes.String(), Clause: r.Clause.String(), Rule: r.Rule.String(), Drawn: r.Drawn, Ordered: r.Ordered}
	if r.Kind == journal.Web {
		o.Site = r.Peer.String()
	}
	if o.Rule != "" {
		o.Category = r.Category.String()
	}
	return o
}
