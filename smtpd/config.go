package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/setting"
	"sluis/rules"
)

// Policy says what may be inspected, inspects it, and says what is to be done.
type Policy interface {
	Grounds(id filter.ID, at time.Time, ds rules.Directions, parties ...string) (filter.Grounds, error)
	// RecordUse records the orders that grounds rest on, before the message is inspected.
	RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error
	Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error)
	Decide(x *filter.Inspection, d rules.Direction) filter.Verdict
}

// Quarantine keeps messages that are set aside. Seal returns once the message is durable
// (file, directory and index synced); Withdraw takes it back as if it had never been.
type Quarantine interface {
	Seal(ctx context.Context, e Entry, x *filter.Inspection, content io.Reader) error
	Withdraw(ctx context.Context, id filter.ID) error
}

// Entry is what the quarantine has to know of a message to show and to release it.
type Entry struct {
	ID           filter.ID
	Time         time.Time
	Direction    rules.Direction // of the recipients it is set aside for
	Verdict      filter.Verdict
	Confidential bool
	Envelope     Envelope
	Size         int64 // of the message as received, without the Received line
}

// Envelope is all that a next hop has to be told before the message itself. Paths are
// as the client wrote them, without angle brackets; parameters too.
type Envelope struct {
	From       string      `json:"from"` // empty for the null sender
	Parameters []string    `json:"parameters,omitempty"`
	To         []Recipient `json:"to"`
}

// Recipient is one recipient of an Envelope.
type Recipient struct {
	Path       string          `json:"path"`
	Parameters []string        `json:"parameters,omitempty"`
	Direction  rules.Direction `json:"direction"`
}

// Journal takes the record of a message off the hot path.
type Journal interface {
	Put(r journal.Record, s roster.Subject)
}

// Roster tells which domains are the organisation's own, and whom a record is about.
type Roster interface {
	OwnDomain(domain string) bool
	Subject(address string) roster.Subject
}

// Config is one version of everything that can change while the relay runs.
type Config struct {
	Hostname string      // what the relay calls itself, in greetings and trace fields
	TLS      *tls.Config // nil: neither STARTTLS nor implicit TLS

	// Trusted networks may relay to anywhere. So may clients with a certificate that
	// TLS.ClientCAs has signed: it has to be the organisation's own authority.
	Trusted []netip.Prefix
	Shared  []Shared

	Routes []Route // the first that fits a recipient is taken
	Limits Limits
	Spool  string // directory of temporary files; empty: the system's

	// OpenForLeak lets a message pass without the leak rules if they, and not the other
	// rules, fail or run out of time. Nothing else ever opens.
	OpenForLeak bool

	// About is where people read the code of conduct; it ends the text of a refusal.
	About string

	// Notice is the text of the 250 for a message that was set aside for all its
	// recipients, after the enhanced code; empty: the same as for any other.
	Notice string

	// Subscribers hear of accepted messages to an address of theirs.
	Subscribers []Subscription

	Policy     Policy
	Quarantine Quarantine
	Journal    Journal
	Roster     Roster
	Log        *slog.Logger // nil: no log
}

// Subscription has messages to an address counted: Notify is called once for each message
// that was accepted for it, after the final 2xx and whoever sent it, with the message's ID and
// nothing of what it says. An error is logged; the message stays accepted.
type Subscription struct {
	Address string
	Notify  func(ctx context.Context, id filter.ID) error
}

// generation is a Config made ready, immutable but for its routes' connections. A transaction
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
	for i := range cfg.Shared {
		if err := cfg.Shared[i].check(); err != nil {
			return nil, fmt.Errorf("smtpd: %w", err)
		}
	}
	cfg.Limits.SetDefaults()
	rs, err := newRoutes(cfg.Hostname, cfg.Routes, m)
	if err != nil {
		return nil, err
	}
	return &generation{cfg, rs}, nil
}

// Route says where mail for some recipients goes.
type Route struct {
	Name       string           // for logs and metrics
	Domains    []string         // recipient domains; ".school.nl" takes the domains below; none or "*": any
	Directions rules.Directions // none: any
	Hosts      []string         // host:port, tried in their order
	TLS        TLSMode
	Implicit   bool        // TLS from the first byte (port 465)
	TLSConfig  *tls.Config // roots and own certificate; may be nil

	User, Password string // SASL PLAIN or LOGIN, after TLS only, if User is set

	Connections int           // at once; 0: as many as there are clients
	Idle        time.Duration // keep an unused connection; default 20 s, negative: do not
	Dial        time.Duration // per host; default 15 s, or Command if that is less
	Command     time.Duration // for a reply to a command; default 2 minutes
	Body        time.Duration // for the reply to a whole message; default 10 minutes
}

// TLSMode says what is asked of the connection to a next hop.
type TLSMode uint8

// The modes.
const (
	TLSOpportunistic TLSMode = iota // if it is offered and works
	TLSNone
	TLSRequired // encrypted, to anybody
	TLSVerified // encrypted, to the host that we mean
)

var tlsModeNames = [...]string{"opportunistic", "none", "required", "verified"}

// String returns the name that configuration uses.
func (m TLSMode) String() string {
	if int(m) < len(tlsModeNames) {
		return tlsModeNames[m]
	}
	return fmt.Sprintf("tls(%d)", m)
}

// MarshalText implements encoding.TextMarshaler.
func (m TLSMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *TLSMode) UnmarshalText(b []byte) error {
	for i, n := range tlsModeNames {
		if n == string(b) {
			*m = TLSMode(i)
			return nil
		}
	}
	return fmt.Errorf("unknown TLS mode %q: use none, opportunistic, required or verified", b)
}

func (r *Route) check() error {
	if len(r.Hosts) == 0 {
		return fmt.Errorf("route %s: no hosts", r.Name)
	}
	loopback := true
	for _, h := range r.Hosts {
		host, _, err := net.SplitHostPort(h)
		if err != nil {
			return fmt.Errorf("route %s: host: %w", r.Name, err)
		}
		ip, err := netip.ParseAddr(host)
		loopback = loopback && (host == "localhost" || err == nil && ip.IsLoopback())
	}
	if r.User != "" && r.TLS != TLSRequired && r.TLS != TLSVerified && !loopback {
		return fmt.Errorf("route %s: a password needs TLS required or verified", r.Name)
	}
	if r.Implicit && r.TLS == TLSNone {
		return fmt.Errorf("route %s: implicit TLS and no TLS exclude each other", r.Name)
	}
	setting.Default(&r.Command, 2*time.Minute)
	setting.Default(&r.Dial, min(15*time.Second, r.Command))
	setting.Default(&r.Body, 10*time.Minute)
	if r.Idle == 0 {
		r.Idle = 20 * time.Second
	}
	return nil
}
