package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/demo"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/proxy/ca"
	"sluis/rules"
	"sluis/smtpd"
)

// demoCmd is sluis demo.
type demoCmd struct {
	Data    string `type:"path" default:"var" help:"Directory for all that is kept."`
	Address string `default:"127.0.0.1:2525" help:"Where to take mail."`
	Web     string `default:"127.0.0.1:3128" help:"Where to take web traffic."`
	Console string `default:"127.0.0.1:8080" help:"Where to show the console; none: nowhere."`
	Once    bool   `help:"End after the day; exit 0 only if everything went as told."`
}

// demoConfig is the configuration of the demonstration; so that the other commands find
// it, it is kept in the data directory.
const demoConfig = `# Written by sluis demo. See sluis config example for every key.
organisation: {name: Demonstratie, domains: [school.example]}
data: .
roster: roster.yaml
log: {level: warn}
mail:
  hostname: sluis.school.example
  listen: [{address: %q}]
  trusted: [127.0.0.0/8, "::1/128"]
  routes: [{to: ["*"], hosts: [%q], tls: none}]
web:
  listen: [{address: %q}]
  proxy: %q
  clients: [127.0.0.0/8, "::1/128"]
  inner: [127.0.0.0/8]              # the sites of the demonstration are on this machine
  ports: [443, %d]
  plain-ports: [80, %d]
  inspect: {certificate: authority.crt, key: authority.key, managed: [leerlingen]}
  content: {pages: true}
console: {listen: %q}
policy:
  sample-rate: 50%%                 # high, so that the demonstration shows both outcomes
`

// Run plays the day through a gateway of its own.
func (c demoCmd) Run(ctx context.Context) error {
	noCoreDump()
	next, err := demo.OpenMaildir(filepath.Join(c.Data, "next-hop"))
	if err != nil {
		return err
	}
	defer next.Close()
	sites, err := demo.OpenSites(c.Data)
	if err != nil {
		return err
	}
	defer sites.Close()
	cfg, err := c.configure(next.Addr(), sites)
	if err != nil {
		return err
	}
	mail, web := make(chan journal.Record, 16), make(chan journal.Record, 16)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	g, err := gateway.New(ctx, cfg, log, gateway.Observer{
		Journal:  func(j smtpd.Journal) smtpd.Journal { return tee{j, mail, web} },
		Roots:    sites.Roots(),
		Resolver: sites.Resolver(),
		Demo:     true,
	})
	if err != nil {
		return err
	}
	address := g.MailAddress().String()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(running, nil) }()
	asTold, err := play(&demo.Player{Gateway: address, NextHop: next, Records: mail})
	if err == nil && asTold {
		asTold, err = c.surf(sites, web)
	}
	if err == nil && asTold {
		err = printSignIn(ctx, g.Accounts(), cfg.Console.Address)
	}
	if err == nil && !c.Once {
		c.next(address, next.Dir())
		<-ctx.Done()
	}
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		return err
	}
	if !asTold {
		return exit(exitError)
	}
	return nil
}

func (c demoCmd) configure(nextHop string, sites *demo.Sites) (*config.Config, error) {
	certificate, key := filepath.Join(c.Data, "authority.crt"), filepath.Join(c.Data, "authority.key")
	if _, err := ca.Load(certificate, key); err != nil {
		if err := ca.Create(certificate, key, ca.Spec{Name: demoAuthority}); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{
		"sluis.yaml":  fmt.Sprintf(demoConfig, c.Address, nextHop, c.Web, c.Web, sites.Secure, sites.Plain, c.Console),
		"roster.yaml": demo.Roster,
	} {
		if err := os.WriteFile(filepath.Join(c.Data, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the demonstration's configuration: %w", err)
		}
	}
	return config.Load(filepath.Join(c.Data, "sluis.yaml"))
}

// demoAuthority is the name of the gateway's own authority in the demonstration.
const demoAuthority = "Sluis, demonstratie"

// surf makes the visits of the day.
func (c demoCmd) surf(sites *demo.Sites, records <-chan journal.Record) (asTold bool, err error) {
	fmt.Print("\nThe same day on the web. What is encrypted stays so; what the code forbids is stopped with a page that tells why:\n\n")
	own, err := ca.Load(filepath.Join(c.Data, "authority.crt"), filepath.Join(c.Data, "authority.key"))
	if err != nil {
		return false, err
	}
	trust := sites.Roots()
	trust.AddCert(own.Certificate())
	s := &demo.Surfer{Proxy: c.Web, Trust: trust, Authority: demoAuthority, Records: records}
	asTold = true
	for _, v := range sites.Surfing() {
		o, err := s.Visit(v)
		if err != nil {
			return false, err
		}
		tellVisit(o)
		asTold = asTold && o.Wrong == ""
	}
	return asTold, nil
}

// tellVisit prints one line for a visit.
func tellVisit(o demo.Surfed) {
	r, what := o.Record, "passed on"
	switch {
	case r.Action == filter.Reject:
		what = "STOPPED, with a page"
	case o.Visit.Status == 403:
		what = "REFUSED"
	case o.Visit.Seal:
		what = "passed on, encrypted end to end"
	}
	fmt.Printf("%s  %-10s %-51s %s\n", o.Visit.Clock, r.Group, o.Visit.Story, what)
	switch {
	case r.Category != rules.NoCategory:
		fmt.Printf("       %s · %s · %s %s\n", r.Purpose, r.Rule, r.Clause, r.Clause.Text("en"))
	case o.Visit.Status == 403:
		fmt.Println("       the proxy leads to the internet, and not into the network")
	default:
		fmt.Println("       the record tells bytes and group, not the site (C3.2e)")
	}
	if o.Wrong != "" {
		fmt.Printf("       NOT as told: %s\n", o.Wrong)
	}
}

// play plays the day, and more of the leaks until the sample has drawn one and left one.
func play(p *demo.Player) (asTold bool, err error) {
	fmt.Print("A school day. What is looked for depends on who writes and on the random sample:\n\n")
	asTold = true
	count := map[filter.Action]int{}
	for _, m := range demo.Day() {
		seen := map[bool]bool{}
		for range 64 { // the chance that a rate of 50 % does not show both is one in 2^63
			o, err := p.Play(m)
			if err != nil {
				return false, err
			}
			tell(o)
			count[o.Record.Action]++
			asTold = asTold && o.Wrong == ""
			seen[o.Record.Drawn] = true
			if !m.OnlyIfDrawn || len(seen) == 2 {
				break
			}
		}
		if m.OnlyIfDrawn && len(seen) < 2 {
			asTold = false
			fmt.Println("       NOT as told: the sample drew all or none")
		}
	}
	summary(count)
	return asTold, nil
}

// tell prints one line for a message.
func tell(o demo.Outcome) {
	r := o.Record
	what := "passed on, byte for byte"
	switch r.Action {
	case filter.Quarantine:
		what = "SET ASIDE, sealed"
	case filter.Reject:
		what = "REFUSED"
	case filter.Tag:
		what = "passed on with a tag"
	}
	fmt.Printf("%s  %-9s %-52s %s\n", o.Mail.Clock, r.Direction, o.Mail.Story, what)
	fmt.Printf("       %s\n", why(r))
	if o.Wrong != "" {
		fmt.Printf("       NOT as told: %s\n", o.Wrong)
	}
}

// why says in words what the record says.
func why(r journal.Record) string {
	if r.Purpose != rules.NoPurpose {
		return fmt.Sprintf("%s · %s · %s %s", r.Purpose, r.Rule, r.Clause, r.Clause.Text("en"))
	}
	switch {
	case r.Confidential:
		return "looked at for security only: a confidential role is not controlled (C3.2g)"
	case r.Eligible && !r.Drawn:
		return "looked at for " + r.Purposes.String() + "; not drawn in the sample, so leaks were not looked for (C3.3b)"
	case r.Drawn:
		return "drawn in the sample: looked at for " + r.Purposes.String() + ", nothing found"
	}
	return "looked at for " + r.Purposes.String() + ", nothing found"
}

func summary(count map[filter.Action]int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nOUTCOME\tMESSAGES")
	total := 0
	for _, a := range []filter.Action{filter.Pass, filter.Tag, filter.Quarantine, filter.Reject} {
		if count[a] > 0 {
			fmt.Fprintf(w, "%s\t%d\n", a, count[a])
		}
		total += count[a]
	}
	fmt.Fprintf(w, "all\t%d\n", total)
	w.Flush()
}

// next tells what to try.
func (c demoCmd) next(address, arrived string) {
	fmt.Printf(`
The gateway stays up on %[1]s (mail) and %[5]s (web) until Ctrl-C. Try, in another terminal:

  swaks --server %[1]s --from groep5@school.example --to ouder@gezin.example --body 'Hallo!'
  bin/sluis quarantine list --data %[2]s
  bin/sluis journal tail --data %[2]s
  bin/sluis sampling audit --day %[3]s --data %[2]s
  ls %[4]s
  curl -x http://%[5]s http://www.toto.nl/
  bin/sluis web explain https://www.toto.nl/ --group leerlingen -c %[2]s/sluis.yaml

Or let a browser use %[5]s as its proxy, and open http://%[5]s/setup

`, address, c.Data, now().UTC().Format("2006-01-02"), arrived, c.Web)
}

// tee hands records to the demonstration as well.
type tee struct {
	smtpd.Journal
	mail, web chan<- journal.Record
}

// Put implements smtpd.Journal.
func (t tee) Put(r journal.Record, s roster.Subject) {
	t.Journal.Put(r, s)
	records := t.mail
	if r.Kind == journal.Web {
		records = t.web
	}
	select {
	case records <- r:
	default: // nobody plays any more
	}
}
