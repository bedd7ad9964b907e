package gateway

import (
	"context"
	"fmt"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
)

// reload reads configuration, certificates, rules and roster again. If anything is wrong
// all of the old stays in force.
func (g *Gateway) reload(ctx context.Context) {
	cfg, err := config.Load(g.started.Path())
	if err == nil {
		err = g.apply(ctx, cfg)
	}
	if err != nil {
		g.log.Error("reload refused, the old configuration stays in force", "error", err)
		return
	}
	g.log.Info("reloaded configuration, certificates, rules and roster")
}

// askRenewal asks for a reload, unless one is asked for already.
func (g *Gateway) askRenewal() {
	select {
	case g.renew <- struct{}{}:
	default:
	}
}

func (g *Gateway) apply(ctx context.Context, cfg *config.Config) error {
	if key := config.NeedsRestart(g.started, cfg); key != "" {
		return fmt.Errorf("%s cannot change while the gateway runs: restart it", key)
	}
	if err := g.keepBindings(); err != nil {
		return err
	}
	gen, err := g.generation(cfg)
	if err != nil {
		return err
	}
	relay, err := g.mailConfig(gen)
	if err != nil {
		return err
	}
	if err := relay.Check(); err != nil { // before anything of it counts
		return err
	}
	commitWeb := func() error { return nil }
	if g.web != nil {
		if commitWeb, err = g.web.side.prepare(ctx, gen); err != nil {
			return err
		}
	}
	if err := g.record(ctx, ledger.ConfigLoaded, gen); err != nil {
		return err
	}
	if err := g.learnRoster(ctx, gen); err != nil {
		return err
	}
	if err := recordRetention(ctx, g.ledger, cfg); err != nil {
		return err
	}
	if err := g.sampler.SetRate(ctx, sampleRate(cfg), time.Now()); err != nil {
		return err
	}
	if err := g.relay.Reload(relay); err != nil {
		return err
	}
	if err := commitWeb(); err != nil {
		return err
	}
	g.inForce.Store(gen)
	if g.console != nil {
		return g.console.certify(cfg.Console.TLS)
	}
	return nil
}
