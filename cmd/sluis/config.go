package main

import (
	"errors"
	"fmt"
	"os"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/roster"
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
	if err := errors.Join(reasoned(cfg), nameless(cfg, gen.Roster)); err != nil {
		return err
	}
	if cfg.Roster == "" {
		fmt.Fprintln(os.Stderr, "warning: no roster: no one has a confidential role, so all mail is inspected (C3.2g)")
	}
	warnOfPeople(gen.Roster)
	all, confidential := gen.Roster.People()
	fmt.Printf("%s is in order: %d rules, %d people on the roster of whom %d with a confidential role, "+
		"%d routes, sample rate %.3g%%\n",
		c.File, len(gen.Rules.Rules()), all, confidential, len(cfg.Mail.Routes), 100*float64(*cfg.Policy.SampleRate))
	return nil
}

// reasoned refuses a sample that is not of an ordinary size without a reason (C3.3b).
func reasoned(cfg *config.Config) error {
	if !cfg.Policy.Unreasoned() {
		return nil
	}
	return fmt.Errorf("%s: policy: sample-rate: %.3g%% is hardly a sample: write 1 to 25%%, or why it is not, under "+
		"sample-reason: that stands in the accountability report (C3.3b)",
		cfg.Path(), 100*float64(*cfg.Policy.SampleRate))
}

// warnOfPeople names what of a roster can point at a person or takes confidentiality away (C3.2b, C3.2g).
func warnOfPeople(people *roster.Roster) {
	for _, a := range people.Offered().OutsideAddresses() {
		fmt.Fprintf(os.Stderr, "warning: roster: %s is at no domain of the organisation\n", a)
	}
	for _, k := range people.Risks() {
		fmt.Fprintf(os.Stderr, "warning: roster: %s: %s: waits for the privacy officer, who agrees in the console\n",
			k.Kind, k)
	}
}

// nameless warns of groups that records do not name, and refuses networks of so few addresses that whoever uses one
// would be singled out (C3.2c). A gateway takes them: an upgrade keeps no mail out, and its records are safe.
func nameless(cfg *config.Config, people *roster.Roster) error {
	fewest := cfg.Totals.People
	var wrong []error
	for _, n := range people.SmallNetworks(fewest) {
		wrong = append(wrong, fmt.Errorf("%s: the network %s of group %q has fewer than %d addresses, and would "+
			"single out who uses it (C3.2c): name a larger network, or leave it out. Until then records have %q in "+
			"the place of this group", cfg.Roster, n.Prefix, n.Group, fewest, roster.Other))
	}
	for _, g := range people.FewPeople(fewest) {
		fmt.Fprintf(os.Stderr, "warning: group %q has fewer than %d people: journal and totals have %q in its place "+
			"(C3.2b); put it together with another group, or give the size of a group of pupils\n",
			g, fewest, roster.Other)
	}
	return errors.Join(wrong...)
}

type configExampleCmd struct{}

// Run prints the example.
func (configExampleCmd) Run() error {
	_, err := os.Stdout.Write(config.Example())
	return err
}
