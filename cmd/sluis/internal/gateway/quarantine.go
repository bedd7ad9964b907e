package gateway

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/parties"
	"sluis/internal/quarantine"
	"sluis/smtpd"
)

// recipients returns the public keys of a configuration that the quarantine seals to.
func recipients(cfg *config.Config) ([]age.Recipient, error) {
	var to []age.Recipient
	for _, r := range cfg.Quarantine.Recipients {
		key, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, errors.New("quarantine: recipients: not a public key of age")
		}
		to = append(to, key)
	}
	if len(to) == 0 {
		return nil, errors.New("quarantine: there are no recipients")
	}
	return to, nil
}

// sealer gives the relay a quarantine.
type sealer struct {
	*quarantine.Store
	concerned func(roles []string) []string // the people whom a confidential message concerns
}

// Seal implements smtpd.Quarantine.
func (s sealer) Seal(ctx context.Context, e smtpd.Entry, x *filter.Inspection, content io.Reader) error {
	env := quarantine.Envelope{
		From:       e.Envelope.From,
		Parameters: e.Envelope.Parameters,
		Concerned:  s.concerned(e.Roles),
	}
	for _, r := range e.Envelope.To {
		env.To = append(env.To, quarantine.Recipient(r))
	}
	return s.Store.Seal(ctx, quarantine.Entry{
		ID:         e.ID,
		Time:       e.Time,
		Direction:  e.Direction,
		Purpose:    e.Verdict.Purpose,
		Category:   e.Verdict.Category,
		Clause:     e.Verdict.Clause,
		Rule:       e.Verdict.Rule,
		Recipients: len(env.To),
		Size:       e.Size,

		Confidential: e.Confidential,
	}, env, x, content)
}

// concerned returns the addresses of the people who have some confidential roles. It returns none where the
// gateway can send them no link: then a reviewer decides, unseen.
func (g *Generation) concerned(roles []string) (people []string) {
	if g.Config.Notices.From == "" || !g.Config.Console.On() {
		return nil
	}
	for _, role := range roles {
		for _, address := range g.Roster.Holders(role) {
			if !slices.Contains(people, address) {
				people = append(people, address)
			}
		}
	}
	return people
}

// tellConcerned tells people with a confidential role of messages of theirs that are quarantined.
func (g *Gateway) tellConcerned(ctx context.Context) error {
	cfg := g.inForce.Load().Config
	if cfg.Notices.From == "" || !cfg.Console.On() {
		return nil
	}
	return g.quarantine.Tell(ctx, func(ctx context.Context, address, secret string) error {
		return g.sender().Confidential(ctx, address, cfg.Console.Address+"/confidential/"+secret)
	})
}

// excepted reports whether orders in force lift the confidentiality of a message for everybody who has a
// confidential role in it (C3.2g).
func (g *Gateway) excepted(env quarantine.Envelope, header io.Reader) bool {
	people := g.inForce.Load().Roster
	orders := g.ordersForMail(people)
	roles := parties.Claims(header, people, parties.Sender{Trusted: true})
	for _, r := range env.To {
		roles = append(roles, people.Confidants(r.Path)...)
	}
	roles = append(roles, people.Confidants(env.From)...)
	return len(roles) > 0 && !slices.ContainsFunc(roles, func(role string) bool {
		return !orders.Excepted(time.Now(), role)
	})
}
