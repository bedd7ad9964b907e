package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
)

// ledgerCmd is sluis ledger.
type ledgerCmd struct {
	Export     ledgerExportCmd     `cmd:"" help:"Print the ledger and its signed checkpoint, to verify elsewhere."`
	Verify     ledgerVerifyCmd     `cmd:"" help:"Verify an export: nothing deleted, changed, moved or rolled back."`
	Checkpoint ledgerCheckpointCmd `cmd:"" help:"Print a signed checkpoint, for a witness to keep."`
	Restored   ledgerRestoredCmd   `cmd:"" help:"Go on with a ledger put back from a backup, citing what a witness has."`
	Adopt      ledgerAdoptCmd      `cmd:"" help:"Begin a new ledger that names the broken one, which is kept aside."`
}

type ledgerCheckpointCmd struct{ source }

// Run prints a checkpoint.
func (c ledgerCheckpointCmd) Run() error {
	return c.withLedger(func(l *ledger.Ledger) error {
		signed, err := l.Checkpoint()
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(signed)
		return err
	})
}

type ledgerRestoredCmd struct {
	source
	Checkpoint string `arg:"" type:"path" help:"The newest checkpoint that a witness was mailed, or the mail."`
	Reason     string `required:"" help:"Why; it is kept in the ledger. Name no person in it."`
}

// Run says in the ledger that it was put back.
func (c ledgerRestoredCmd) Run(ctx context.Context) error {
	cited, err := checkpointFile(c.Checkpoint)
	if err != nil {
		return err
	}
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := d.RestoreLedger(ctx, cited, ledger.CommandLine, c.Reason)
	if err != nil {
		return err
	}
	fmt.Printf("the ledger goes on after %d entries; entry %d names the %d that a witness has a checkpoint of\n",
		r.Entry, r.Entry, r.Lost.N)
	return nil
}

type ledgerAdoptCmd struct {
	source
	Reason string `required:"" help:"Why; it is kept in the new ledger. Name no person in it."`
}

// Run begins a new ledger in place of a broken one.
func (c ledgerAdoptCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	a, err := d.AdoptLedger(ctx, ledger.CommandLine, c.Reason)
	if err != nil {
		return err
	}
	fmt.Printf("a new ledger names the broken one: %d bytes, SHA-256 %s, kept in %s\n", a.Size, a.Sum, a.Aside)
	return nil
}

// withLedger opens the ledger of a gateway, running or not.
func (s source) withLedger(do func(*ledger.Ledger) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	l, err := d.Ledger()
	if err != nil {
		return err
	}
	return do(l)
}

type ledgerExportCmd struct{ source }

// Run prints the ledger.
func (c ledgerExportCmd) Run() error {
	return c.withLedger(func(l *ledger.Ledger) error { return l.Export(os.Stdout) })
}

type ledgerVerifyCmd struct {
	File       string `arg:"" type:"path" help:"Export of the ledger."`
	Checkpoint string `type:"path" placeholder:"FILE" help:"Earlier checkpoint, from which the ledger has to go on."`
	Roll       string `placeholder:"HASH" help:"Hash of the board's roll, as in the minutes: verify rolls and orders too."`
}

// checkpointFile reads a checkpoint, or the mail that it came in.
func checkpointFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if found, err := ledger.CheckpointIn(bytes.NewReader(b)); err == nil {
		return found, nil
	}
	return b, nil // what is wrong with it is said when it is verified
}

// Run verifies an export. It exits with 3 if anything is wrong.
func (c ledgerVerifyCmd) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	var witness []byte
	if c.Checkpoint != "" {
		if witness, err = checkpointFile(c.Checkpoint); err != nil {
			return err
		}
	}
	if c.Roll != "" {
		return c.withRoll(f, witness)
	}
	v, err := ledger.Verify(f, witness)
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT in order:", err)
		return exit(exitFound)
	}
	printVerified(v)
	return nil
}

func printVerified(v ledger.Verified) {
	if r := v.Restored; r != nil {
		fmt.Printf("RESTORED from a backup: entry %d says so; entries %d to %d of that checkpoint are lost\n",
			r.Entry, r.Entry, r.Lost.N-1)
	}
	fmt.Printf("in order: %d entries, %d texts erased\nroot %s\nkey  %s\n", v.Entries, v.Erased, v.Root, v.Key)
}

// withRoll verifies the board's rolls and the orders of an export as well.
func (c ledgerVerifyCmd) withRoll(export io.Reader, witness []byte) error {
	x, err := ledger.ReadExport(export, witness)
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT in order:", err)
		return exit(exitFound)
	}
	v, err := orders.VerifyAll(x, strings.ToLower(strings.TrimSpace(c.Roll)))
	if err != nil {
		return err
	}
	for _, problem := range v.Problems {
		fmt.Fprintln(os.Stderr, "NOT in order:", problem)
	}
	if len(v.Problems) > 0 {
		return exit(exitFound)
	}
	printVerified(x.Verified)
	for _, r := range v.Chain.Adopted {
		fmt.Printf("roll %d  %s  %s  %s\n", r.Number, r.At.Format(time.DateOnly), r.Hash, r.Words())
	}
	for _, o := range v.Orders {
		fmt.Printf("order %s  %s  %d approvals  %s\n", o.ID, o.State(now()), len(o.Approvals()), o.Words())
	}
	return nil
}
