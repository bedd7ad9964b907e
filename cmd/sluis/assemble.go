package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/domains"
	"sluis/filter/text"
	"sluis/filter/text/sandbox"
	"sluis/internal/clamd"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/rules"
	"sluis/smtpd"
)

// policy is what smtpd asks: grounds, inspection and decision of one configuration.
type policy struct {
	clamd   *clamd.Daemon // nil: none
	open    bool          // go on without it
	log     *slog.Logger
	engine  *filter.Engine
	roster  *roster.Roster
	sampler filter.Sampler
	orders  filter.Orders
	actions filter.Actions
}

func (p policy) Grounds(id filter.ID, at time.Time, ds rules.Directions, parties ...string) (filter.Grounds, error) {
	return filter.GroundsFor(p.roster, p.sampler, p.orders, id, at, ds, parties...)
}

func (p policy) Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	x, err := p.engine.Inspect(ctx, item, ps)
	if err != nil || p.clamd == nil || !ps.Has(rules.Security) {
		return x, err
	}
	signature, err := p.clamd.Scan(ctx, io.NewSectionReader(item.Content, 0, item.Size))
	switch {
	case errors.Is(err, clamd.ErrTooLarge):
		x.Incomplete = true
	case err != nil && p.open:
		p.log.Error("message passes without a virus scan", "error", err)
	case err != nil:
		return nil, err
	case signature != "":
		x.Infected(signature)
	}
	return x, nil
}

func (p policy) Decide(x *filter.Inspection, d rules.Direction) filter.Verdict {
	return filter.Decide(x, d, p.actions)
}

func (g *gateway) policy(cfg *config.Config, e *filter.Engine, people *roster.Roster) policy {
	p := policy{engine: e, roster: people, sampler: g.sampler, orders: g.ordersFor(people), actions: actions(cfg.Policy), log: g.log, open: cfg.Policy.Malware.OnFailure == "open"}
	if address := cfg.Policy.Malware.Clamd; address != "" {
		p.clamd = clamd.New(address)
	}
	return p
}

// relayConfig is a configuration of the relay, with the fingerprints of what it is made
// from.
type relayConfig struct {
	smtpd.Config
	set           *rules.Set
	rules, roster string
	rate          float64
	engine        *filter.Engine // the web proxy has the same
	people        *roster.Roster
	since         time.Time // when it was read
}

// data is what the ledger keeps of a configuration.
func (c relayConfig) data() ledger.Data {
	return ledger.Data{Rules: c.rules, Roster: c.roster, Rate: c.rate}
}

// relayConfig makes the relay's configuration of the gateway's: rules, roster,
// certificates and routes are read anew.
func (g *gateway) relayConfig(cfg *config.Config) (relayConfig, error) {
	set, err := loadRules(cfg)
	if err != nil {
		return relayConfig{}, err
	}
	people, err := loadRoster(cfg)
	if err != nil {
		return relayConfig{}, err
	}
	engine, err := compile(cfg, set, filepath.Join(cfg.Data, "spool"), g.extractor)
	if err != nil {
		return relayConfig{}, err
	}
	c := smtpd.Config{
		Hostname: cfg.Mail.Hostname, Trusted: cfg.Mail.Trusted, Spool: filepath.Join(cfg.Data, "spool"),
		Limits: cfg.Mail.Limits, Notice: cfg.Mail.Notice, About: cfg.Organisation.CodeURL, OpenForLeak: cfg.Policy.OnFailure.Leak == "open",
		Policy: g.policy(cfg, engine, people), Quarantine: sealer{g.quarantine},
		Journal: g.watched(), Roster: people, Log: g.log,
	}
	if c.TLS, err = serverTLS(cfg.Mail.TLS); err != nil {
		return relayConfig{}, err
	}
	for i, s := range cfg.Mail.Shared {
		key, err := s.Key()
		if err != nil {
			return relayConfig{}, fmt.Errorf("mail: shared network %d: %w", i+1, err)
		}
		c.Shared = append(c.Shared, smtpd.Shared{Networks: s.Networks, Field: s.Field, Key: key})
	}
	for i, r := range cfg.Mail.Routes {
		route, err := routeOf(cfg, i, r)
		if err != nil {
			return relayConfig{}, err
		}
		c.Routes = append(c.Routes, route)
	}
	return relayConfig{c, set, set.Fingerprint(), people.Fingerprint(), rate(cfg), engine, people, time.Now()}, nil
}

func rate(cfg *config.Config) float64 { return float64(*cfg.Policy.SampleRate) }

func loadRules(cfg *config.Config) (*rules.Set, error) {
	packs := []fs.FS{rules.Builtin()}
	for _, dir := range cfg.Rules.Packs {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("rules: packs: %w", err)
		}
		packs = append(packs, os.DirFS(dir))
	}
	set, err := rules.Load(packs...)
	if err != nil {
		return nil, err
	}
	var without []rules.ID
	for _, d := range cfg.Rules.Disabled {
		id, err := rules.ParseID(d.ID)
		if err != nil {
			return nil, fmt.Errorf("rules: disabled: %w", err)
		}
		without = append(without, id)
	}
	if set, err = set.Without(without...); err != nil {
		return nil, fmt.Errorf("rules: disabled: %w", err)
	}
	if set, err = set.WithExceptions(time.Now(), cfg.Rules.Exceptions...); err != nil {
		return nil, fmt.Errorf("rules: exceptions: %w", err)
	}
	made, err := exceptionsOf(cfg)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return set.WithExceptions(now, exceptions.ToRules(made, set, now)...)
}

// exceptionsOf returns what was made in the console; none without a data directory.
func exceptionsOf(cfg *config.Config) ([]exceptions.Exception, error) {
	if cfg.Data == "" {
		return nil, nil
	}
	return exceptions.Read(exceptions.File(cfg.Data))
}

func loadRoster(cfg *config.Config) (*roster.Roster, error) {
	if cfg.Roster == "" {
		return roster.Empty(cfg.Organisation.Domains), nil
	}
	return roster.Load(cfg.Roster, cfg.Organisation.Domains)
}

// compile makes an engine. Without an extractor documents are read in this process.
func compile(cfg *config.Config, set *rules.Set, spool string, extractor *sandbox.Pool) (*filter.Engine, error) {
	people, err := loadPeople(cfg.Data)
	if err != nil {
		return nil, err
	}
	l := text.Limits{Dir: spool}
	if extractor != nil {
		l.Apart = extractor
	}
	var sites *domains.Index
	if cfg.Rules.Sites != "" {
		if sites, err = domains.Open(cfg.Rules.Sites); err != nil {
			return nil, fmt.Errorf("rules: sites: %w", err)
		}
	}
	return filter.Compile(set, filter.Options{OwnDomains: cfg.Organisation.Domains, People: people, Sites: sites, Limits: l})
}

func actions(p config.Policy) filter.Actions {
	return filter.Actions{Found: p.Action, Ambiguous: p.Ambiguous, Uninspectable: p.Uninspectable, Incomplete: p.Incomplete}
}

// serverTLS reads the gateway's certificate; nil if there is none.
func serverTLS(c config.TLS) (*tls.Config, error) {
	if c.Certificate == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("mail: tls: %w", err)
	}
	t := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if c.ClientCA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("mail: tls: client-ca: %w", err)
	}
	t.ClientCAs, t.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !t.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("mail: tls: client-ca holds no certificate in PEM")
	}
	return t, nil
}

func routeOf(cfg *config.Config, i int, r config.Route) (smtpd.Route, error) {
	route := smtpd.Route{
		Name:        fmt.Sprintf("route %d", i+1),
		Directions:  rules.DirectionsOf(r.Directions...),
		Hosts:       r.Hosts,
		Implicit:    r.Implicit,
		Connections: r.Connections,
		Command:     r.Timeout,
		Body:        5 * r.Timeout,
	}
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return route, fmt.Errorf("mail: %s: ca: %w", route.Name, err)
		}
		route.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		if !route.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return route, fmt.Errorf("mail: %s: ca holds no certificate in PEM", route.Name)
		}
	}
	for _, to := range r.To {
		if to == "own" {
			route.Domains = append(route.Domains, cfg.Organisation.Domains...)
			continue
		}
		route.Domains = append(route.Domains, to)
	}
	if r.TLS != "" {
		if err := route.TLS.UnmarshalText([]byte(r.TLS)); err != nil {
			return route, err
		}
	}
	if r.Auth != nil {
		password, err := r.Auth.Password()
		if err != nil {
			return route, fmt.Errorf("mail: %s: %w", route.Name, err)
		}
		route.User, route.Password = r.Auth.Username, password
	}
	return route, nil
}

// openQuarantine opens the store with the keys that the configuration names.
func openQuarantine(cfg *config.Config, l *ledger.Ledger) (*quarantine.Store, error) {
	to, err := recipients(cfg)
	if err != nil {
		return nil, err
	}
	return quarantine.Open(filepath.Join(cfg.Data, "quarantine"), l, to...)
}

// openJournal opens the journal's backend: the embedded one, or a ClickHouse server.
func openJournal(cfg *config.Config) (journal.Store, error) {
	c := cfg.Journal.ClickHouse
	if len(c.Hosts) == 0 {
		db, err := journal.OpenDB(filepath.Join(cfg.Data, "journal"))
		if err != nil {
			return nil, err // and no *DB of nil, which is no nil Store
		}
		return db, nil
	}
	c.Days = inDays(cfg.Journal.Retention)
	db, err := journal.OpenClickHouse(context.Background(), c)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return db, nil
}

// sealer gives the relay a quarantine.
type sealer struct{ *quarantine.Store }

func (s sealer) Seal(ctx context.Context, e smtpd.Entry, x *filter.Inspection, content io.Reader) error {
	env := quarantine.Envelope{From: e.Envelope.From, Parameters: e.Envelope.Parameters}
	for _, r := range e.Envelope.To {
		env.To = append(env.To, quarantine.Recipient(r))
	}
	return s.Store.Seal(ctx, quarantine.Entry{
		ID: e.ID, Time: e.Time, Direction: e.Direction, Purpose: e.Verdict.Purpose, Category: e.Verdict.Category,
		Clause: e.Verdict.Clause, Rule: e.Verdict.Rule, Recipients: len(env.To), Size: e.Size,
	}, env, x, content)
}

// deliverer gives the quarantine a way to the next hop.
type deliverer struct {
	*smtpd.Relay
	cfg *config.Config
}

// Tell implements quarantine.Deliverer.
func (d deliverer) Tell(ctx context.Context, env quarantine.Envelope, note string) error {
	m := notice.Released(notice.Language(d.cfg.Notices.Language), d.cfg.Organisation.Name, note)
	var to []string
	for _, r := range env.To {
		to = append(to, r.Path)
	}
	return notices(d.cfg, d.Relay).Send(ctx, to, m, time.Now())
}

func (d deliverer) Deliver(ctx context.Context, env quarantine.Envelope, size int64, content io.Reader) (quarantine.Reply, error) {
	to := smtpd.Envelope{From: env.From, Parameters: env.Parameters}
	for _, r := range env.To {
		to.To = append(to.To, smtpd.Recipient(r))
	}
	r, err := d.Relay.Deliver(ctx, to, size, content)
	if err != nil {
		return quarantine.Reply{}, err
	}
	codes, text := split(r)
	return quarantine.Reply{OK: r.OK(), Permanent: r.Code/100 == 5, Codes: codes, Text: text}, nil
}

// split takes a reply apart: its codes, such as "550 5.1.1", and what it says.
func split(r smtpd.Reply) (codes, text string) {
	codes = strconv.Itoa(r.Code)
	var lines []string
	for i, l := range r.Lines {
		if enhanced := enhancedCode.FindString(l); enhanced != "" {
			l = strings.TrimSpace(l[len(enhanced):])
			if i == 0 {
				codes += " " + strings.TrimSpace(enhanced)
			}
		}
		lines = append(lines, l)
	}
	return codes, strings.Join(lines, " ")
}

// enhancedCode is a status code of RFC 3463 at the start of a line.
var enhancedCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}( |$)`)
