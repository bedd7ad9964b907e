package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/oversight/appeals"
	"sluis/internal/password"
	"sluis/internal/sitepolicy"
	"sluis/proxy"
	"sluis/proxy/ca"
)

// webCmd is sluis web.
type webCmd struct {
	Explain   webExplainCmd   `cmd:"" help:"Say whether an address is blocked, for whom, and why."`
	Import    webImportCmd    `cmd:"" help:"Import a public list of sites, such as the archive of UT1."`
	Lists     webListsCmd     `cmd:"" help:"Fetch the lists of sites that are due, and say how each is."`
	Appeals   webAppealsCmd   `cmd:"" help:"List the appeals against blocks, or close one."`
	Password  webPasswordCmd  `cmd:"" help:"Make a line for the file of passwords, from standard input."`
	Authority webAuthorityCmd `cmd:"" help:"Make the own authority that inspection and block pages over TLS need."`
}

type webExplainCmd struct {
	URL    string `arg:"" help:"Address, or only a host name."`
	Config string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file."`
	Group  string `help:"Group of the roster; none: a person unknown."`
	At     string `placeholder:"TIME" help:"Moment, such as 2026-11-23T10:00; none: now."`
	JSON   bool   `name:"json" help:"Print as JSON."`
}

// Run asks the policy as the proxy would.
func (c webExplainCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	q := proxy.Question{Address: c.URL}
	if q.Time, err = c.time(); err != nil {
		return err
	}
	if q.Group, err = gateway.GroupOf(cfg, c.Group); err != nil {
		return err
	}
	d, err := openData(cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	x, err := d.ExplainSite(ctx, q)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{
			"action":     actionOf(x),
			"category":   x.Category,
			"clause":     x.Clause,
			"own_clause": x.Own,
			"rule":       x.Rule,
			"list":       x.List,
			"connect":    x.Connect,
			"block_page": x.BlockPage,
			"steps":      x.Steps,
			"host":       x.Host,
			"refused":    x.Refused,
			"own_page":   x.Own,
		})
	}
	fmt.Printf("%s: %s\n", x.Host, answerWords(x))
	return printList(false, x.Steps, "", func(s sitepolicy.Step) []any {
		mark := " "
		if s.Holds {
			mark = "*"
		}
		return []any{"  " + mark + " " + s.Name, s.Host, cmp.Or(s.Result, "holds"), s.Reason}
	})
}

// time returns the moment that is asked about.
func (c webExplainCmd) time() (time.Time, error) {
	if c.At == "" {
		return time.Now(), nil
	}
	place, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", c.At, place)
	if err != nil {
		return at, errors.New("that is no moment: write for instance 2026-11-23T10:00")
	}
	return at, nil
}

var actionWords = map[sitepolicy.Action]string{
	sitepolicy.Allow:   "allowed",
	sitepolicy.Inspect: "allowed, and inspected",
	sitepolicy.Block:   "blocked",
}

// actionOf is the word for machines.
func actionOf(a proxy.Answer) string {
	if a.Refused != "" {
		return "refused"
	}
	return actionWords[a.Action]
}

func answerWords(a proxy.Answer) string {
	switch {
	case a.Refused != "":
		return "refused: " + a.Refused
	case a.Own:
		return "the gateway's own pages"
	}
	return verdictWords(a.Decision)
}

func verdictWords(d sitepolicy.Decision) string {
	s := actionWords[d.Action]
	switch {
	case d.Action == sitepolicy.Block && d.Own != "":
		s += fmt.Sprintf(", by the organisation's own code: %s (%s)", d.Own, d.Clause)
	case d.Action == sitepolicy.Block:
		s += fmt.Sprintf(" as %s (%s: %s)", d.Category, d.Clause, d.Clause.Text("en"))
	case d.Connect != "":
		s += ", by way of " + d.Connect
	}
	return s
}

type webAppealsCmd struct {
	Data    string `required:"" type:"path" help:"Data directory of the gateway."`
	Close   int    `placeholder:"NUMBER" help:"Close this appeal."`
	Outcome string `help:"What was decided."`
	All     bool   `help:"Show closed appeals as well."`
	JSON    bool   `name:"json" help:"Print as JSON."`
}

// Run lists appeals, or closes one.
func (c webAppealsCmd) Run() error {
	d, err := openData(&config.Config{Data: c.Data})
	if err != nil {
		return err
	}
	defer d.Close()
	store := d.Appeals()
	if c.Close != 0 {
		return store.Close(c.Close, c.Outcome)
	}
	list, err := store.List(c.All)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(list)
	}
	return printList(false, list, "NUMBER|HOST|CATEGORY|GROUP|FOR|ASKED|LAST|OUTCOME", func(a appeals.Appeal) []any {
		return []any{a.ID, a.Host, a.Category, a.Group, a.Need, a.Count, a.Last.Format(time.DateOnly), a.Outcome}
	})
}

type webPasswordCmd struct {
	Address string `arg:"" help:"Mail address of a person on the roster."`
}

// Run prints a line for the file of passwords.
func (c webPasswordCmd) Run() error {
	fmt.Fprintln(os.Stderr, "Type the password and end with Enter:")
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() || len(in.Text()) < 8 {
		return errors.New("a password has at least 8 characters")
	}
	h, err := password.Hash(in.Text())
	if err != nil {
		return err
	}
	fmt.Printf("%s:%s\n", c.Address, h)
	return nil
}

type webAuthorityCmd struct {
	Certificate string   `arg:"" type:"path" help:"File for the certificate, for devices and the configuration."`
	Key         string   `arg:"" type:"path" help:"File for the key. Guard it: with it one can pass for any site."`
	Name        string   `default:"Sluis" help:"Name that people see."`
	Domain      []string `help:"Only for sites of this domain (name constraints); repeat for more. None: all."`
	Years       int      `default:"5" help:"How long it is valid."`
}

// Run makes an authority.
func (c webAuthorityCmd) Run() error {
	valid := time.Duration(c.Years) * 365 * 24 * time.Hour
	if err := ca.Create(c.Certificate, c.Key, ca.Spec{Name: c.Name, Domains: c.Domain, Valid: valid}); err != nil {
		return err
	}
	fmt.Printf("Made %s and %s. Name both under web.inspect, "+
		"and install the certificate on the school's own devices only.\n", c.Certificate, c.Key)
	return nil
}
