package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
)

// serveCmd is sluis serve.
type serveCmd struct {
	Config string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file."`
}

// Run runs the gateway until SIGTERM or SIGINT. SIGHUP reloads.
func (c serveCmd) Run(ctx context.Context) error {
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	noCoreDump()
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	g, err := gateway.New(ctx, cfg, newLog(cfg.Log), gateway.Observer{})
	if err != nil {
		return err
	}
	return g.Run(ctx, reload)
}

// noCoreDump keeps the memory of a crash, which holds content, off the disk.
func noCoreDump() {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // lowering a limit is always allowed
}

func newLog(c config.Log) *slog.Logger {
	var level slog.Level
	if c.Level != "" {
		level.UnmarshalText([]byte(c.Level)) // checked when the configuration was loaded
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
