package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"sluis/cmd/sluis/internal/demo"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/journal"
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
	settings := demo.Settings{Data: c.Data, Address: c.Address, Web: c.Web, Console: c.Console}
	cfg, err := settings.Configure(next.Addr(), sites)
	if err != nil {
		return err
	}
	mail, web := make(chan journal.Record, 16), make(chan journal.Record, 16)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	g, err := gateway.New(ctx, cfg, log, gateway.Observer{
		Journal:  func(j smtpd.Journal) smtpd.Journal { return demo.Tee{Journal: j, Mail: mail, Web: web} },
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
	asTold, err := demo.ShowDay(&demo.Player{Gateway: address, NextHop: next, Records: mail})
	if err == nil && asTold {
		asTold, err = settings.ShowVisits(sites, web)
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

// next says what to try.
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
