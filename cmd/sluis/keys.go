package main

import (
	"context"
	"fmt"

	"sluis/internal/ledger"
)

// keysCmd is sluis keys.
type keysCmd struct {
	Renew keysRenewCmd `cmd:"" help:"Give up a key that is lost, and make another one in its place."`
}

type keysRenewCmd struct {
	source
	Name   string `arg:"" help:"Name of the key, as health has it: quarantine.key, 2026-11.key ..."`
	Reason string `required:"" help:"Why; it is kept in the ledger. Name no person in it."`
}

// Run renews a key, while the gateway does not run.
func (c keysRenewCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.RenewKey(ctx, c.Name, ledger.CommandLine, c.Reason); err != nil {
		return err
	}
	fmt.Println("renewed; what the lost key opened stays closed")
	return nil
}
