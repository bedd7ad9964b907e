package gateway

import (
	"context"
	"errors"
	"io"

	"filippo.io/age"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
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
type sealer struct{ *quarantine.Store }

// Seal implements smtpd.Quarantine.
func (s sealer) Seal(ctx context.Context, e smtpd.Entry, x *filter.Inspection, content io.Reader) error {
	env := quarantine.Envelope{From: e.Envelope.From, Parameters: e.Envelope.Parameters}
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
	}, env, x, content)
}
