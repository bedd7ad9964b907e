package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter/text/sandbox"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/sampling"
	"sluis/internal/quarantine"
	"sluis/proxy"
	"sluis/smtpd"
)

// gateway is everything that runs, put together.
type gateway struct {
	cfg        *config.Config                // that it started with: what needs a restart to change
	current    atomic.Pointer[config.Config] // that is in force
	inForce    atomic.Pointer[relayConfig]   // what was made of it
	log        *slog.Logger
	lock       *os.File
	ledger     *ledger.Ledger
	sampler    *sampling.Sampler
	orders     *orders.Store
	imagery    *imagery.Store
	quarantine *quarantine.Store
	keys       *journal.Keys
	store      journal.Store
	journal    *journal.Writer
	extractor  *sandbox.Pool
	relay      *smtpd.Relay
	web        *web          // nil: there is no proxy
	console    *webInterface // nil: it is switched off
	metrics    *prometheus.Registry
	listeners  []smtpd.Listener
	renew      chan struct{} // asks for a reload
	observer   observer
}

// observer is for the demonstration, which looks at records and has sites of its own; zero
// otherwise.
type observer struct {
	journal func(smtpd.Journal) smtpd.Journal
	roots   *x509.CertPool // authorities of web sites; nil: the system's
	names   *net.Resolver  // nil: the system's
	demo    bool           // the console tells codes
}

// watched returns the journal as the observer wants it.
func (g *gateway) watched() smtpd.Journal {
	if g.observer.journal == nil {
		return g.journal
	}
	return g.observer.journal(g.journal)
}

// newGateway opens what is kept, in the order in which each part needs the ones before,
// and then the ports. What it opened before an error it closes.
func newGateway(ctx context.Context, cfg *config.Config, log *slog.Logger, o *observer) (*gateway, error) {
	g := &gateway{cfg: cfg, log: log, metrics: prometheus.NewRegistry(), renew: make(chan struct{}, 1)}
	if o != nil {
		g.observer = *o
	}
	g.current.Store(cfg)
	if err := g.open(ctx); err != nil {
		return nil, errors.Join(err, g.closeStores(context.WithoutCancel(ctx)))
	}
	return g, nil
}

func (g *gateway) open(ctx context.Context) (err error) {
	if err := g.lockData(); err != nil {
		return err
	}
	if g.ledger, err = ledger.Open(g.in("ledger")); err != nil {
		return err
	}
	if err := g.openSampler(ctx); err != nil {
		return err
	}
	if g.orders, err = openOrders(g.cfg, g.ledger); err != nil {
		return err
	}
	if g.imagery, err = openImagery(g.cfg, g.ledger); err != nil {
		return err
	}
	if err := g.openQuarantine(ctx); err != nil {
		return err
	}
	if err := g.openJournal(); err != nil {
		return err
	}
	if g.extractor, err = newExtractor(); err != nil {
		return err
	}
	relay, err := g.relayConfig(g.cfg)
	if err != nil {
		return err
	}
	if g.relay, err = smtpd.New(relay.Config, g.metrics); err != nil {
		return err
	}
	g.inForce.Store(&relay)
	g.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := g.listen(); err != nil {
		return err
	}
	if err := g.openWeb(ctx, relay.engine, relay.people); err != nil {
		return err
	}
	if err := g.openConsole(ctx); err != nil {
		return err
	}
	if err := tellRetention(ctx, g.ledger, g.cfg); err != nil {
		return err
	}
	_, err = g.ledger.Append(ctx, ledger.GatewayStarted, relay.data())
	return err
}

func (g *gateway) in(name string) string { return filepath.Join(g.cfg.Data, name) }

// lockData keeps a second gateway away from the data directory.
func (g *gateway) lockData() error {
	if err := os.MkdirAll(g.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	f, err := os.OpenFile(g.in("gateway.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock data directory: %w", err)
	}
	g.lock = f
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another gateway runs on %s: stop it first, or choose another data directory", g.cfg.Data)
	}
	return os.MkdirAll(g.in("spool"), 0o700)
}

func (g *gateway) openSampler(ctx context.Context) (err error) {
	if g.sampler, err = sampling.Open(g.in("sampling"), g.ledger, rate(g.cfg)); err != nil {
		return err
	}
	return g.sampler.Prepare(ctx, time.Now())
}

func (g *gateway) openQuarantine(ctx context.Context) (err error) {
	if g.quarantine, err = openQuarantine(g.cfg, g.ledger); err != nil {
		return err
	}
	missing, err := g.quarantine.Reconcile(ctx)
	for _, id := range missing {
		g.log.Error("quarantine: a sealed message is missing; restore it from a backup", "id", id)
	}
	return err
}

func (g *gateway) openJournal() (err error) {
	if g.keys, err = journal.OpenKeys(g.in("keys")); err != nil {
		return err
	}
	if g.store, err = openJournal(g.cfg); err != nil {
		return err
	}
	g.journal, err = journal.NewWriter(filepath.Join(g.in("journal"), "segments"), g.keys, g.store, g.log)
	return err
}

// listen opens the SMTP ports.
func (g *gateway) listen() error {
	for _, l := range g.cfg.Mail.Listen {
		ln, err := net.Listen("tcp", l.Address)
		switch {
		case errors.Is(err, unix.EADDRINUSE):
			return fmt.Errorf("listen for mail: another program has %s: stop it, or choose another address", l.Address)
		case errors.Is(err, unix.EACCES):
			return fmt.Errorf("listen for mail: no right to %s: ports below 1024 need root or CAP_NET_BIND_SERVICE", l.Address)
		case err != nil:
			return fmt.Errorf("listen for mail: %w", err)
		}
		g.listeners = append(g.listeners, smtpd.Listener{Listener: ln, TLS: l.TLS == "implicit", Proxies: l.ProxyProtocol})
	}
	return nil
}

// run serves until ctx ends, and then lets transactions finish.
func (g *gateway) run(ctx context.Context, reload <-chan os.Signal) error {
	failed := make(chan error, len(g.listeners)+len(g.cfg.Web.Listen)+2)
	for _, l := range g.listeners {
		g.log.Info("takes mail", "address", l.Addr().String(), "tls", l.TLS)
		go func() { failed <- g.relay.Serve(l) }()
	}
	if g.web != nil {
		for _, l := range g.web.listeners {
			g.log.Info("takes web traffic", "address", l.Addr().String(), "mode", l.Mode, "tls", l.TLS)
			go func() { failed <- g.web.proxy.Serve(l) }()
		}
	}
	if g.console != nil {
		go func() { failed <- g.console.serve(g.log) }()
	}
	if g.cfg.Metrics.Listen != "" {
		stop, err := g.serveStatus(failed)
		if err != nil {
			return errors.Join(err, g.close())
		}
		defer stop()
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

// close stops taking mail, lets transactions finish, and closes what is kept in the
// reverse order of opening.
func (g *gateway) close() error {
	g.log.Info("stops: transactions finish first")
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := errors.Join(g.console.shut(), g.relay.Shutdown(ctx), g.shutWeb())
	_, stopped := g.ledger.Append(ctx, ledger.GatewayStopped, ledger.Data{})
	return errors.Join(err, stopped, g.closeStores(ctx))
}

// shutWeb lets requests finish. Tunnels do not wait as long as mail does: a browser asks
// again.
func (g *gateway) shutWeb() error {
	if g.web == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), webDrainTime)
	defer cancel()
	if err := g.web.proxy.Shutdown(ctx); err != nil {
		g.log.Info("web connections that did not end by themselves were cut")
	}
	return nil
}

// webDrainTime is how long web requests and tunnels may take to finish.
const webDrainTime = 20 * time.Second

func (g *gateway) closeStores(ctx context.Context) error {
	var errs []error
	for _, l := range g.listeners {
		l.Close() // closed already if it was served
	}
	if g.web != nil {
		for _, l := range g.web.listeners {
			l.Close()
		}
	}
	errs = append(errs, g.console.close())
	if g.extractor != nil {
		errs = append(errs, g.extractor.Close())
	}
	if g.journal != nil {
		errs = append(errs, g.journal.Close(ctx))
	}
	if g.store != nil {
		errs = append(errs, g.store.Close())
	}
	if g.quarantine != nil {
		errs = append(errs, g.quarantine.Close())
	}
	if g.lock != nil {
		errs = append(errs, g.lock.Close())
	}
	return errors.Join(errs...)
}

// reload reads configuration, certificates, rules and roster again. If anything is wrong
// all of the old stays in force.
func (g *gateway) reload(ctx context.Context) {
	cfg, err := config.Load(g.cfg.Path())
	if err == nil {
		err = g.apply(ctx, cfg)
	}
	if err != nil {
		g.log.Error("reload refused, the old configuration stays in force", "error", err)
		return
	}
	g.log.Info("reloaded configuration, certificates, rules and roster")
}

func (g *gateway) apply(ctx context.Context, cfg *config.Config) error {
	if what := config.NeedsRestart(g.cfg, cfg); what != "" {
		return fmt.Errorf("%s cannot change while the gateway runs: restart it", what)
	}
	relay, err := g.relayConfig(cfg)
	if err != nil {
		return err
	}
	if err := relay.Check(); err != nil { // before anything of it counts
		return err
	}
	var webConfig proxy.Config
	if g.web != nil {
		if webConfig, err = g.readWebConfig(cfg, relay.engine, relay.people); err == nil {
			err = webConfig.Check()
		}
		if err != nil {
			return err
		}
	}
	if _, err := g.ledger.Append(ctx, ledger.ConfigLoaded, relay.data()); err != nil {
		return err
	}
	if err := tellRetention(ctx, g.ledger, cfg); err != nil {
		return err
	}
	if err := g.sampler.SetRate(ctx, relay.rate, time.Now()); err != nil {
		return err
	}
	if err := g.relay.Reload(relay.Config); err != nil {
		return err
	}
	if g.web != nil {
		if err := g.web.proxy.Reload(webConfig); err != nil {
			return err
		}
	}
	g.current.Store(cfg)
	g.inForce.Store(&relay)
	if g.console != nil {
		return g.console.certify(cfg.Console.TLS)
	}
	return nil
}
