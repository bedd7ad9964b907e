package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/text"
	"sluis/filter/text/sandbox"
	"sluis/internal/accounts"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/sampling"
	"sluis/internal/quarantine"
	"sluis/internal/splitmail"
	"sluis/smtpd"
)

// Gateway is a running gateway: its ports, its chores, and the generation in force.
type Gateway struct {
	data     *Data
	started  *config.Config // that it started with; a restart alone changes some of it
	inForce  atomic.Pointer[Generation]
	log      *slog.Logger
	observer Observer
	advice   *advice
	metrics  *prometheus.Registry
	renew    chan struct{} // asks for a reload

	shortened []string // sites that orders take off the list of those that are never inspected; of chores alone

	ledger     *ledger.Ledger
	sampler    *sampling.Sampler
	orders     *orders.Store
	imagery    *imagery.Store
	quarantine *quarantine.Store
	split      *splitmail.Memory // nil: it cannot be opened, and mail goes on without
	keys       *journal.Keys
	store      journal.Store

	verified  ledgerWatch
	clock     clockWatch
	journal   *journal.Writer
	extractor *Extractor
	relay     *smtpd.Relay
	listeners []smtpd.Listener
	web       *web           // nil: there is no proxy
	console   *consoleServer // nil: it is switched off
	control   *controlServer // nil: it could not be opened
	status    net.Listener   // nil: there is no status page
}

// Observer is for the demonstration and for tests, which see records as they are made and
// have web sites of their own. The zero Observer changes nothing.
type Observer struct {
	Journal  func(smtpd.Journal) smtpd.Journal // nil: as it is
	Roots    *x509.CertPool                    // authorities of web sites; nil: the system's
	Resolver *net.Resolver                     // of web sites; nil: the system's
	Demo     bool                              // the console shows codes
	Together bool                              // the proxy runs in this process, and not in its own
}

// watched returns the journal as the observer wants it.
func (g *Gateway) watched() smtpd.Journal {
	if g.observer.Journal == nil {
		return g.journal
	}
	return g.observer.Journal(g.journal)
}

// New opens the stores of a configuration, in the order in which each needs the ones before,
// and then the ports. It closes what it opened if there is an error. Run has to follow.
func New(ctx context.Context, cfg *config.Config, log *slog.Logger, o Observer) (*Gateway, error) {
	g := &Gateway{
		data:     NewData(cfg),
		started:  cfg,
		log:      log,
		observer: o,
		advice:   newAdvice(),
		metrics:  prometheus.NewRegistry(),
		renew:    make(chan struct{}, 1),
	}
	if err := g.open(ctx); err != nil {
		return nil, errors.Join(err, g.closeStores(context.WithoutCancel(ctx)))
	}
	return g, nil
}

// MailAddress returns the address of the first port that takes mail.
func (g *Gateway) MailAddress() net.Addr { return g.listeners[0].Addr() }

// Accounts returns the accounts of the console; nil if it is switched off.
func (g *Gateway) Accounts() *accounts.Store {
	if g.console == nil {
		return nil
	}
	return g.console.accounts
}

func (g *Gateway) open(ctx context.Context) (err error) {
	if err := g.data.Lock(); err != nil {
		return err
	}
	if err := g.openStores(ctx); err != nil {
		return err
	}
	gen, err := g.generation(g.started)
	if err != nil {
		return err
	}
	g.inForce.Store(gen)
	relay, err := g.mailConfig(gen)
	if err != nil {
		return err
	}
	if g.relay, err = smtpd.New(relay, g.metrics); err != nil {
		return err
	}
	g.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	if err := g.openWeb(ctx, gen); err != nil {
		return err
	}
	if err := g.openConsole(ctx); err != nil {
		return err
	}
	g.openControl()
	if err := g.openStatus(); err != nil {
		return err
	}
	if err := g.listen(); err != nil {
		return err
	}
	if err := recordRetention(ctx, g.ledger, g.started); err != nil {
		return err
	}
	if err := g.record(ctx, ledger.GatewayStarted, gen); err != nil {
		return err
	}
	return g.learnRoster(ctx, gen)
}

// openStores opens what mail cannot do without.
func (g *Gateway) openStores(ctx context.Context) (err error) {
	if g.ledger, err = g.data.Ledger(); err != nil {
		return err
	}
	if g.sampler, err = g.data.Sampler(); err != nil {
		return err
	}
	if err := g.sampler.Prepare(ctx, time.Now()); err != nil {
		return err
	}
	if g.orders, err = g.data.Orders(); err != nil {
		return err
	}
	g.orders.Needs(g.Witnessed)
	if g.imagery, err = g.data.Imagery(); err != nil {
		return err
	}
	if err := g.openQuarantine(ctx); err != nil {
		return err
	}
	lost, err := g.data.lostKeys()
	for _, err := range lost {
		g.log.Error("a key is lost", "error", err)
	}
	if err != nil {
		return err
	}
	if g.split, err = g.data.Split(ctx); err != nil {
		g.log.Error("confidential messages that come in parts are not remembered", "error", err)
	}
	if g.keys, err = g.data.Keys(); err != nil {
		return err
	}
	if err := g.data.Journal().Ready(ctx); err != nil {
		g.log.Error("journal: records wait on disk until its database can be opened", "error", err)
	}
	g.store = g.data.Journal()
	segments := g.data.path("journal", "segments")
	err = g.sampler.Reconcile(ctx, func(ids map[filter.ID]bool) error { return journal.Recorded(ctx, segments, ids) })
	if err != nil {
		return err
	}
	if g.journal, err = journal.NewWriter(segments, g.keys, g.store, g.log); err != nil {
		return err
	}
	g.journal.OnDisk(g.sampler.Recorded)
	if lacking := sandbox.Lacking(); len(lacking) > 0 {
		g.log.Warn("the kernel does not confine the processes that read documents as it should", "lacking", lacking)
	}
	g.extractor, err = NewExtractor()
	return err
}

func (g *Gateway) openQuarantine(ctx context.Context) (err error) {
	if g.quarantine, err = g.data.Quarantine(); err != nil {
		return err
	}
	g.quarantine.Except(g.excepted)
	missing, err := g.quarantine.Reconcile(ctx)
	for _, id := range missing {
		g.log.Error("quarantine: a sealed message is missing; restore it from a backup", "id", id)
	}
	return err
}

// generation reads a configuration's rules, roster and lists.
func (g *Gateway) generation(cfg *config.Config) (*Generation, error) {
	return NewGeneration(cfg, g.reading())
}

// reading is how this gateway reads documents: the difficult ones in processes of their own.
func (g *Gateway) reading() text.Limits {
	return text.Limits{Dir: g.data.spool(), Room: g.data.room(), Apart: g.extractor}
}

// mailConfig makes the relay's configuration of a generation.
func (g *Gateway) mailConfig(gen *Generation) (smtpd.Config, error) {
	return gen.mailConfig(mailServices{
		policy:     gen.mailPolicy(g.sampler, g.ordersForMail(gen.Roster), g.orders, g.data.ByHeader(), g.log),
		quarantine: sealer{g.quarantine, gen.concerned},
		journal:    g.watched(),
		complaints: g.complaints(),
		advise:     g.advise(gen),
		split:      g.splitMemory(),
		log:        g.log,
	})
}

// splitMemory gives the relay the memory of split messages; nil if there is none.
func (g *Gateway) splitMemory() smtpd.SplitMemory {
	if g.split == nil {
		return nil
	}
	return g.split
}
