package gateway

import (
	"context"
	"errors"
	"io"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
	"sluis/smtpd"
)

// nowhere stands for the stores of a relay that takes no mail: one that only sends, or whose
// configuration is only checked. It refuses whatever comes.
type nowhere struct{}

var errNowhere = errors.New("this relay takes no mail")

// Grounds implements smtpd.Policy.
func (nowhere) Grounds(filter.ID, time.Time, rules.Directions, filter.Parties) (filter.Grounds, error) {
	return filter.Grounds{}, errNowhere
}

// RecordUse implements smtpd.Policy.
func (nowhere) RecordUse(context.Context, []filter.OrderID, filter.ID) error { return errNowhere }

// Inspect implements smtpd.Policy.
func (nowhere) Inspect(context.Context, filter.Item, rules.Purposes) (*filter.Inspection, error) {
	return nil, errNowhere
}

// Decide implements smtpd.Policy.
func (nowhere) Decide(*filter.Inspection, rules.Direction) filter.Verdict {
	return filter.Verdict{Action: filter.Reject}
}

// Seal implements smtpd.Quarantine.
func (nowhere) Seal(context.Context, smtpd.Entry, *filter.Inspection, io.Reader) error {
	return errNowhere
}

// Withdraw implements smtpd.Quarantine.
func (nowhere) Withdraw(context.Context, filter.ID) error { return errNowhere }

// Put implements smtpd.Journal.
func (nowhere) Put(journal.Record, roster.Subject) {}
