package gateway

import (
	"context"
	"errors"
	"os"
	"time"

	"sluis/internal/ledger"
)

// Run serves until ctx ends, and then lets transactions finish.
func (g *Gateway) Run(ctx context.Context, reload <-chan os.Signal) error {
	failed := make(chan error, len(g.listeners)+len(g.started.Web.Listen)+3)
	for _, l := range g.listeners {
		g.log.Info("takes mail", "address", l.Addr().String(), "tls", l.TLS)
		go func() { failed <- g.relay.Serve(l) }()
	}
	if g.web != nil {
		g.web.side.serve(failed)
	}
	if g.console != nil {
		go func() { failed <- g.console.serve(g.log) }()
	}
	if g.control != nil {
		go func() { failed <- g.control.serve() }()
	}
	if g.status != nil {
		defer g.serveStatus(failed)()
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	chores := g.startChores(work)
	for {
		select {
		case <-ctx.Done():
			cancel()
			<-chores
			return g.close()
		case err := <-failed:
			if err != nil {
				cancel()
				<-chores
				return errors.Join(err, g.close())
			}
		case <-reload:
			g.reload(ctx)
		case <-g.renew:
			g.reload(ctx)
		}
	}
}

// drainTime is how long transactions may take to finish when the gateway stops.
const drainTime = 5 * time.Minute

// close stops taking mail, lets transactions finish, and closes the stores in the reverse order
// of opening.
func (g *Gateway) close() error {
	g.log.Info("stops: transactions finish first")
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := errors.Join(g.console.shut(), g.control.shut(), g.relay.Shutdown(ctx), g.shutWeb())
	_, stopped := g.ledger.Append(ctx, ledger.GatewayStopped, ledger.Data{})
	return errors.Join(err, stopped, g.closeStores(ctx))
}

// shutWeb lets requests finish. Tunnels do not wait as long as mail does: a browser asks
// again.
func (g *Gateway) shutWeb() error {
	if g.web == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), webDrainTime)
	defer cancel()
	if err := g.web.side.shutdown(ctx); err != nil {
		g.log.Info("web connections that did not end by themselves were cut")
	}
	return nil
}

// webDrainTime is how long web requests and tunnels may take to finish.
const webDrainTime = 20 * time.Second

func (g *Gateway) closeStores(ctx context.Context) error {
	var errs []error
	for _, l := range g.listeners {
		l.Close() // closed already if it was served
	}
	if g.status != nil {
		g.status.Close()
	}
	if g.web != nil && g.web.side != nil {
		errs = append(errs, g.web.side.close())
	}
	g.console.close()
	g.control.close()
	if g.extractor != nil {
		errs = append(errs, g.extractor.Close())
	}
	g.chore("by header", func() error { return g.data.ByHeader().Flush(time.Now()) })
	if g.journal != nil {
		errs = append(errs, g.journal.Close(ctx))
	}
	return errors.Join(append(errs, g.data.Close())...)
}
