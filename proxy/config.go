package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/proxy/blockpage"
	"sluis/proxy/ca"
	"sluis/proxy/content"
	"sluis/proxy/egress"
	"sluis/proxy/identify"
)

// Identifier identifies the sender of a request.
type Identifier interface {
	Identify(ctx context.Context, client netip.Addr, authorization string) (identify.Identity, error)
	Challenges() []string
}

// Policy decides where a request may go.
type Policy interface {
	Decide(sitepolicy.Request) sitepolicy.Decision
}

// Grounds settles which purposes may be served on a request (C3.2a).
type Grounds interface {
	Grounds(id filter.ID, at time.Time, sender identify.Identity, upload bool) (filter.Grounds, error)
	// RecordUse records the orders that grounds rest on, before anything is inspected.
	RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error
}

// Content inspects requests and responses that can be read. It may replace bodies. If it reports true the request or
// response is blocked; its findings are in the exchange.
type Content interface {
	Request(ctx context.Context, x *content.Exchange, r *http.Request) (blocked bool, err error)
	Response(ctx context.Context, x *content.Exchange, r *http.Response) (blocked bool, err error)
}

// Pages are shown to people. As a handler it is the gateway's own site.
type Pages interface {
	http.Handler
	Block(w http.ResponseWriter, r *http.Request, b blockpage.Blocked)
	Error(w http.ResponseWriter, r *http.Request, status int)
	Certificate(w http.ResponseWriter, r *http.Request, f blockpage.Fault)
	Acknowledge(w http.ResponseWriter, r *http.Request)
	Thank(w http.ResponseWriter, r *http.Request)
}

// Acknowledged remembers which people have confirmed that they know the code of conduct (K3).
type Acknowledged interface {
	Asked(roster.Subject) bool
	Mark(roster.Subject) error
}

// Journal takes the record of a request off the hot path.
type Journal interface {
	Put(r journal.Record, s roster.Subject)
}

// Config is one version of everything that can change while the proxy runs.
type Config struct {
	Name    string         // host name of the gateway's own site
	Clients []netip.Prefix // networks that may use the proxy
	// Approved reports whether the organisation has an agreement about an application, so that data of persons
	// may be uploaded to it (C2.4a); nil: about none.
	Approved func(host string, at time.Time) bool
	Ports    []uint16 // of sites, to which tunnels may lead; none: 443
	Plain    []uint16 // of sites without TLS; none: 80
	Opaque   bool     // tunnels may carry other things than TLS
	Limits   Limits

	TLS       *tls.Config    // of the proxy itself; nil: it does not listen over TLS
	Authority *ca.Authority  // nil: nothing is inspected
	Insist    bool           // connections that programs or sites refuse to have inspected are not passed on closed
	Roots     *x509.CertPool // authorities of sites; nil: the system's
	Dialer    *egress.Dialer

	Identify Identifier
	Policy   Policy
	Grounds  Grounds
	Content  Content // nil: no content is inspected
	Pages    Pages
	Journal  Journal

	Acknowledged Acknowledged // nil: no one is asked

	Log *slog.Logger // nil: no log
}

// Check returns an error that says what is missing.
func (c *Config) Check() error {
	switch {
	case c.Identify == nil || c.Policy == nil || c.Grounds == nil,
		c.Pages == nil || c.Journal == nil || c.Dialer == nil:
		return errors.New("proxy: identification, policy, grounds, pages, journal and dialer are needed")
	case c.Name == "":
		return errors.New("proxy: the gateway's own host name is needed")
	case len(c.Clients) == 0:
		return errors.New("proxy: no client may use it: name the networks of the clients")
	}
	return nil
}

func (c *Config) defaults() {
	c.Limits.SetDefaults()
	if len(c.Ports) == 0 {
		c.Ports = []uint16{443}
	}
	if len(c.Plain) == 0 {
		c.Plain = []uint16{80}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func (c *Config) isClient(a netip.Addr) bool {
	return slices.ContainsFunc(c.Clients, func(p netip.Prefix) bool { return p.Contains(a) })
}
