package main

import (
	"fmt"
	"os"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
)

// configCmd is sluis config.
type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Check a configuration, and the rules and roster that it names."`
	Example configExampleCmd `cmd:"" help:"Print a commented example with every key."`
}

type configCheckCmd struct {
	File string `arg:"" type:"path" help:"Configuration file."`
}

// Run checks everything that serve would read, and changes nothing.
func (c configCheckCmd) Run() error {
	cfg, err := config.Load(c.File)
	if err != nil {
		return err
	}
	gen, err := gateway.Check(cfg)
	if err != nil {
		return err
	}
	if cfg.Roster == "" {
		fmt.Fprintln(os.Stderr, "warning: no roster: no one has a confidential role, so all mail is inspected (C3.2g)")
	}
	all, confidential := gen.Roster.People()
	fmt.Printf("%s is in order: %d rules, %d people on the roster of whom %d with a confidential role, "+
		"%d routes, sample rate %.3g%%\n",
		c.File, len(gen.Rules.Rules()), all, confidential, len(cfg.Mail.Routes), 100*float64(*cfg.Policy.SampleRate))
	return nil
}

type configExampleCmd struct{}

// Run prints the example.
func (configExampleCmd) Run() error {
	_, err := os.Stdout.Write(config.Example())
	return err
}
