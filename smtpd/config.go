package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"sluis/filter"
	"sluis/filter/parties"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// Policy gives the grounds to inspect a message, inspects it, and decides what happens to it.
type Policy interface {
	Grounds(id filter.ID, at time.Time, ds rules.Directions, between filter.Parties) (filter.Grounds, error)
	// RecordUse records the orders that grounds rest on, before the message is inspected.
	RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error
	Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error)
	Decide(x *filter.Inspection, d rules.Direction) filter.Verdict
}

// Quarantine keeps messages for a reviewer. Seal returns once the message is durable (file,
// directory and index synced); Withdraw takes it back as if it had never been.
type Quarantine interface {
	Seal(ctx context.Context, e Entry, x *filter.Inspection, content io.Reader) error
	Withdraw(ctx context.Context, id filter.ID) error
}

// Journal takes the record of a message off the hot path.
type Journal interface {
	Put(r journal.Record, s roster.Subject)
}

// SplitMemory remembers confidential messages of which the client has to send a part again, so
// that the part is as confidential (C3.2g). A message is known once Remember returns.
type SplitMemory interface {
	Remember(ctx context.Context, sender, identity string, own bool) error
	Knows(sender, identity string) bool
}

// Roster knows which domains are the organisation's own, and whom a record is about.
type Roster interface {
	OwnDomain(domain string) bool
	Subject(address string) roster.Subject
	parties.Roster
}

// Config is one version of everything that can change while the relay runs.
type Config struct {
	Hostname string      // what the relay calls itself, in greetings and trace fields
	TLS      *tls.Config // nil: neither STARTTLS nor implicit TLS

	// Trusted networks may relay to anywhere. So may clients with a certificate that
	// TLS.ClientCAs has signed: it has to be the organisation's own authority.
	Trusted []netip.Prefix
	Shared  []Shared

	// Carriers are networks that strangers' mail comes through, such as a spam filter in
	// front. They may send to own domains only, and no limit for an address or a network holds
	// for them. So it is with Shared.
	Carriers []netip.Prefix

	// Receiver is what a receiving server of the organisation in front, among Carriers, calls itself in
	// Authentication-Results (RFC 8601). It has to write that field on each message, and to take away
	// others that say they are its own; empty: there is none.
	Receiver string

	Routes []Route // the first that fits a recipient is taken
	Limits Limits
	Spool  string // directory of temporary files; empty: the system's

	// Reserve is what bodies leave free on disk; nil: nothing. It stays as New got it.
	Reserve *disk.Reserve

	// OpenForLeak lets a message pass without the leak rules if they, and not the other
	// rules, fail or run out of time. Nothing else ever opens.
	OpenForLeak bool

	// Approved reports whether the organisation has an agreement with whoever receives mail in a domain, so that
	// data of persons may go there (C2.4a); nil: with none.
	Approved func(domain string, at time.Time) bool

	// Advise is asked for each message with attachments that left, of a sender of the organisation, and
	// returns whether it sends them a note on its size (C2.1a); nil: none gets one. It does not wait.
	Advise func(sender string, size int64, at time.Time) bool

	// About is where people read the code of conduct; it ends the text of a refusal.
	About string

	// Notice is the text of the 250 for a message that is quarantined for all its
	// recipients, after the enhanced code; empty: the same as for any other.
	Notice string

	// Subscribers hear of accepted messages to an address of theirs.
	Subscribers []Subscription

	Policy     Policy
	Quarantine Quarantine
	Journal    Journal
	Split      SplitMemory // nil: parts are judged by themselves
	Roster     Roster
	Log        *slog.Logger // nil: no log
}

// generation is a Config made ready to use, immutable but for its routes' connections. A transaction
// keeps the generation that it started in.
type generation struct {
	cfg    Config
	routes routes
}

// Check returns what New and Reload would refuse.
func (c Config) Check() error {
	_, err := newGeneration(c, newMetrics(nil))
	return err
}

func newGeneration(cfg Config, m *metrics) (*generation, error) {
	switch {
	case cfg.Hostname == "":
		return nil, errors.New("smtpd: no host name")
	case cfg.Policy == nil || cfg.Quarantine == nil || cfg.Journal == nil || cfg.Roster == nil:
		return nil, errors.New("smtpd: policy, quarantine, journal and roster are all needed")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Shared = slices.Clone(cfg.Shared)
	for i := range cfg.Shared {
		if err := cfg.Shared[i].prepare(); err != nil {
			return nil, fmt.Errorf("smtpd: shared network %d: %w", i+1, err)
		}
	}
	cfg.Limits.SetDefaults()
	rs, err := newRoutes(cfg.Hostname, cfg.Routes, float64(cfg.Limits.Strangers), m)
	if err != nil {
		return nil, err
	}
	return &generation{cfg, rs}, nil
}
