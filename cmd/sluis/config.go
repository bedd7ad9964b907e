package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/oversight/sampling"
)

// configCmd is sluis config.
type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Say what is wrong with a configuration, and with the rules and roster it names."`
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
	set, err := loadRules(cfg)
	if err != nil {
		return err
	}
	people, err := loadRoster(cfg)
	if err != nil {
		return err
	}
	g := &gateway{cfg: cfg, log: slog.New(slog.DiscardHandler), sampler: &sampling.Sampler{}} // with nothing opened
	relay, err := g.relayConfig(cfg)
	if err != nil {
		return err
	}
	if err := relay.Check(); err != nil {
		return err
	}
	if len(cfg.Web.Listen) > 0 {
		if _, err := g.webConfig(cfg, relay.engine, relay.people, nil, true); err != nil { // the lists are not fetched
			return err
		}
	}
	if cfg.Roster == "" {
		fmt.Fprintln(os.Stderr, "warning: no roster: nobody has a confidential role, so everybody's mail is looked at (C3.2g)")
	}
	all, confidential := people.People()
	fmt.Printf("%s is in order: %d rules, %d people on the roster of whom %d with a confidential role, %d routes, sample rate %.3g%%\n",
		c.File, len(set.Rules()), all, confidential, len(cfg.Mail.Routes), 100*rate(cfg))
	return nil
}

type configExampleCmd struct{}

// Run prints the example.
func (configExampleCmd) Run() error {
	_, err := os.Stdout.Write(config.Example())
	return err
}

// source tells a command where the gateway keeps its data.
type source struct {
	Config string `short:"c" type:"path" placeholder:"FILE" xor:"source" help:"Configuration file of the gateway."`
	Data   string `type:"path" placeholder:"DIR" xor:"source" help:"Data directory of the gateway, instead of --config (default: var, as in make run)."`
}

// load returns the configuration, or one that knows the data directory alone.
func (s source) load() (*config.Config, error) {
	if s.Config != "" {
		return config.Load(s.Config)
	}
	dir := s.Data
	if dir == "" {
		dir = "var"
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("no data directory %s: name the gateway's with --data DIR or --config FILE", dir)
	}
	if inside := filepath.Join(dir, "sluis.yaml"); exists(inside) {
		return config.Load(inside) // the demonstration writes its configuration there
	}
	return &config.Config{Data: dir, Quarantine: config.Quarantine{Identity: filepath.Join(dir, "keys", "quarantine.key")}}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
