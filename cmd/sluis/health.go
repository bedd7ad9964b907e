package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/clamd"
	"sluis/internal/health"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
)

// healthCmd is sluis health.
type healthCmd struct {
	Config string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file of the gateway."`
	JSON   bool   `name:"json" help:"Print as JSON."`
}

// Run makes the checks of the console's page. It exits with 1 if anything is broken.
func (c healthCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	var states []sitelists.State
	if len(cfg.Web.Listen) > 0 {
		store, err := openLists(cfg)
		if err != nil {
			return err
		}
		states = store.Status()
	}
	checks := append([]health.Check{running(cfg.Data)}, checksOf(cfg, states, func() int64 { return 0 }, countsOf(cfg))...)
	all := health.Run(ctx, time.Now(), checks...)
	worst := health.Worst(all)
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(map[string]any{"state": worst, "checks": all})
	} else {
		for _, r := range all {
			fmt.Printf("%-10s %s: %s\n", r.State, r.Name.EN, r.Found.EN)
			if r.Advice.EN != "" {
				fmt.Printf("           %s\n", r.Advice.EN)
			}
		}
	}
	if err == nil && worst == health.Broken {
		return exit(exitError)
	}
	return err
}

// running looks whether a gateway has the data directory.
func running(data string) health.Check {
	return func(context.Context, time.Time) health.Result {
		r := health.Result{Name: health.Text{NL: "Sluis", EN: "Sluis"}, State: health.OK, Found: health.Text{NL: "draait", EN: "runs"}}
		f, err := os.OpenFile(filepath.Join(data, "gateway.lock"), os.O_RDWR, 0)
		if err == nil {
			defer f.Close()
			err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
		}
		if !errors.Is(err, unix.EWOULDBLOCK) { // nobody has it
			r.State, r.Found = health.Broken, health.Text{NL: "draait niet", EN: "does not run"}
			r.Advice = health.Text{NL: "Start de dienst: systemctl start sluis.", EN: "Start the service: systemctl start sluis."}
		}
		return r
	}
}

// countsOf counts what a quarantine holds that another process may have open.
func countsOf(cfg *config.Config) func(context.Context) (quarantine.Counts, error) {
	return func(ctx context.Context) (c quarantine.Counts, err error) {
		q, err := openQuarantine(cfg, nil)
		if err != nil {
			return c, err
		}
		c, err = q.Counts(ctx)
		return c, errors.Join(err, q.Close())
	}
}

// healthChecks are the checks of this gateway.
func (g *gateway) healthChecks() []health.Check {
	return checksOf(g.current.Load(), g.listStates(), g.journal.Dropped, g.quarantine.Counts)
}

// What of certificates needs attention: a device takes longer to get a new authority than a
// server a new certificate.
const (
	renewAhead   = 21 * 24 * time.Hour
	replaceAhead = 90 * 24 * time.Hour
)

// checksOf are the checks that a configuration asks for.
func checksOf(cfg *config.Config, states []sitelists.State, dropped func() int64, counts func(context.Context) (quarantine.Counts, error)) []health.Check {
	var all []health.Check
	seen := map[string]bool{}
	for _, r := range cfg.Mail.Routes {
		for _, host := range r.Hosts {
			if !seen[host] {
				seen[host] = true
				all = append(all, health.Hop{Address: host, Implicit: r.Implicit, Hello: cfg.Mail.Hostname}.Check)
			}
		}
	}
	all = append(all, health.Journal(filepath.Join(cfg.Data, "journal", "segments"), dropped), health.Spool(filepath.Join(cfg.Data, "spool")), health.Quarantine(counts))
	if address := cfg.Policy.Malware.Clamd; address != "" {
		all = append(all, health.Clamd(clamd.New(address)))
	}
	all = append(all, health.Lists(states)...)
	for _, c := range []struct {
		nl, en, file string
		ahead        time.Duration
	}{
		{"Certificaat voor mail", "Certificate for mail", cfg.Mail.TLS.Certificate, renewAhead},
		{"Certificaat van de webproxy", "Certificate of the web proxy", cfg.Web.TLS.Certificate, renewAhead},
		{"Certificaat van deze pagina’s", "Certificate of the console", cfg.Console.TLS.Certificate, renewAhead},
		{"Eigen certificaatautoriteit", "Own certificate authority", cfg.Web.Inspect.Certificate, replaceAhead},
	} {
		if c.file != "" {
			all = append(all, health.Certificate(health.Text{NL: c.nl, EN: c.en}, c.file, c.ahead))
		}
	}
	return append(all, health.Disk(cfg.Data), health.Clock)
}
