package main

import (
	"context"
	"errors"
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
	Once    bool   `help:"End after the day; exit 0 only if everything went as the script says."`
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
		Together: true,
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
	asScripted, err := demo.ShowDay(&demo.Player{Gateway: address, NextHop: next, Records: mail})
	if err == nil && asScripted {
		asScripted, err = settings.ShowVisits(sites, web)
	}
	if err == nil && asScripted {
		err = demo.ShowSignIn(ctx, g.Accounts(), cfg.Console.Address)
	}
	if err == nil && !c.Once {
		settings.ShowNext(address, next.Dir())
		<-ctx.Done()
	}
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		return err
	}
	if !asScripted {
		return exit(exitError)
	}
	return nil
}
