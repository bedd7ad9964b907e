package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sluis/internal/ledger"
)

// ledgerCmd is sluis ledger.
type ledgerCmd struct {
	Export ledgerExportCmd `cmd:"" help:"Print the whole ledger and its signed checkpoint, to keep and to verify elsewhere."`
	Verify ledgerVerifyCmd `cmd:"" help:"Verify an export: nothing deleted, changed, moved or rolled back."`
}

type ledgerExportCmd struct{ source }

// Run prints the ledger.
func (c ledgerExportCmd) Run() error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	l, err := ledger.Open(filepath.Join(cfg.Data, "ledger"))
	if err != nil {
		return err
	}
	return l.Export(os.Stdout)
}

type ledgerVerifyCmd struct {
	File       string `arg:"" type:"path" help:"Export of the ledger."`
	Checkpoint string `type:"path" placeholder:"FILE" help:"Checkpoint kept from before: the ledger has to go on from it."`
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
		if witness, err = os.ReadFile(c.Checkpoint); err != nil {
			return err
		}
	}
	v, err := ledger.Verify(f, witness)
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT in order:", err)
		return exit(exitFound)
	}
	fmt.Printf("in order: %d entries\nroot %s\nkey  %s\n", v.Entries, v.Root, v.Key)
	return nil
}
