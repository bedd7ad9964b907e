package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/domains"
	"sluis/internal/clamd"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/proxy"
	"sluis/proxy/blockpage"
	"sluis/proxy/ca"
	"sluis/proxy/content"
	"sluis/proxy/egress"
	"sluis/proxy/identify"
	"sluis/rules"
)

// webServices are what the proxy works with beside the generation.
type webServices struct {
	lists    *sitelists.Store // nil: they were not fetched
	grounds  proxy.Grounds
	sealer   content.Sealer
	journal  proxy.Journal
	appeals  blockpage.Appeals // nil: no page asks for them
	roots    *x509.CertPool    // authorities of sites; nil: the system's
	resolver *net.Resolver     // nil: the system's
	ordered  []string          // sites that orders take off the list of those that are never inspected
	log      *slog.Logger
}

// index returns the categories of sites, and whether some list is missing from them.
func (s *webServices) index() (index *domains.Index, partial bool, err error) {
	if s.lists == nil {
		return nil, true, nil
	}
	index, err = s.lists.Index()
	return index, s.lists.Missing(), err
}

// webConfig makes the proxy's configuration of a generation: passwords and certificates are
// read anew.
func (g *Generation) webConfig(s webServices) (c proxy.Config, err error) {
	w := &g.Config.Web
	c = proxy.Config{
		Name:    w.Hostname,
		Clients: w.Clients,
		Ports:   w.Ports,
		Plain:   w.Plain,
		Opaque:  w.Opaque,
		Insist:  w.Inspect.Insist,
		Limits:  w.Limits,
		Dialer:  egress.New(egress.Options{Inner: w.Inner, Resolver: s.resolver}),
		Grounds: s.grounds,

		Approved: g.Config.Approved.Upload,

		Journal: g.recorded(s.journal),
		Roots:   s.roots,
		Log:     s.log,
	}
	if w.TLS.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(w.TLS.Certificate, w.TLS.Key)
		if err != nil {
			return c, fmt.Errorf("web: tls: %w", err)
		}
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	if w.Inspect.Certificate != "" {
		if c.Authority, err = ca.Load(w.Inspect.Certificate, w.Inspect.Key); err != nil {
			return c, fmt.Errorf("web: inspect: %w", err)
		}
	}
	if c.Identify, err = identifier(w.Identify, g.Roster); err != nil {
		return c, err
	}
	index, partial, err := s.index()
	if err != nil {
		return c, err
	}
	if c.Policy, err = sitePolicy(g.Config, s.ordered, index, partial); err != nil {
		return c, err
	}
	if w.Code.Version != "" {
		c.Acknowledged, err = roster.OpenAcknowledged(NewData(g.Config).path("acknowledged"), w.Code.Version)
		if err != nil { // until it is put back, people are not asked
			s.log.Error("web: who has read the code is not known", "error", err)
			c.Acknowledged = nil
		}
	}
	if c.Content, err = g.webContent(s.sealer); err != nil {
		return c, err
	}
	c.Pages, err = webPages(g.Config, g.Roster.Groups(), c.Authority, s.appeals)
	return c, err
}

func identifier(c config.Identify, people *roster.Roster) (*identify.Identifier, error) {
	o := identify.Options{Roster: people, Required: c.Required}
	var err error
	if c.Passwords != "" {
		if o.Passwords, err = identify.LoadPasswords(c.Passwords); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	if k := c.Kerberos; k.Keytab != "" {
		if o.Kerberos, err = identify.LoadKerberos(k.Keytab, k.Principal, k.Realms); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	return identify.New(o)
}

// webContent makes the inspector of requests and responses.
func (g *Generation) webContent(sealer content.Sealer) (*content.Inspector, error) {
	o := content.Options{
		Settings: g.Config.Web.Content,
		Engine:   g.Engine,
		Sealer:   sealer,
		Dir:      NewData(g.Config).spool(),
		Room:     NewData(g.Config).Reserve().Room(1),
	}
	if o.Malware {
		if g.Config.Policy.Malware.Clamd == "" {
			return nil, errors.New("web: content: malware: there is no scanner: set policy.malware.clamd")
		}
		o.Scanner = clamd.New(g.Config.Policy.Malware.Clamd)
	}
	return content.New(o)
}

// uploads quarantines uploads.
type uploads struct{ *quarantine.Store }

// SealUpload implements content.Sealer. There is no envelope: a stopped upload is
// never delivered after all, it is reviewed.
func (u uploads) SealUpload(ctx context.Context, x *content.Exchange, v filter.Verdict, e *filter.Inspection,
	body io.Reader, size int64) error {
	return u.Seal(ctx, quarantine.Entry{
		ID:        x.ID,
		Time:      x.Time,
		Direction: rules.Out,
		Purpose:   v.Purpose,
		Category:  v.Category,
		Clause:    v.Clause,
		Rule:      v.Rule,
		Size:      size,
	}, quarantine.Envelope{}, e, body)
}

func webPages(cfg *config.Config, groups []roster.Group, authority *ca.Authority,
	appeals blockpage.Appeals) (*blockpage.Pages, error) {

	w := &cfg.Web
	o := blockpage.Options{
		Name:         w.Hostname,
		Proxies:      browserProxies(w),
		Organisation: cfg.Organisation.Name,
		CodeURL:      cfg.Organisation.CodeURL,
		Direct:       cfg.Organisation.Domains,
		Appeals:      appeals,
		Groups:       groups,
	}
	if authority != nil {
		o.Authority = authority.Certificate()
	}
	return blockpage.New(o)
}
