package main

import (
	"context"

	"sluis/internal/ledger"
)

// clockCmd is sluis clock.
type clockCmd struct {
	Accept clockAcceptCmd `cmd:"" help:"Say that the clock is right now, although it was ahead before."`
}

type clockAcceptCmd struct {
	source
	Reason string `required:"" help:"Why; it is kept in the ledger. Name no person in it."`
}

// Run accepts the clock: what it showed before that counts no more.
func (c clockAcceptCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	orders, err := d.Orders()
	if err != nil {
		return err
	}
	return orders.AcceptClock(ctx, ledger.CommandLine, c.Reason)
}
