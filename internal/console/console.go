package console

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/accounts"
)

// Site is what the console says of the organisation, and how.
type Site struct {
	Organisation string
	CodeURL      string         // of the code of conduct; empty: not shown
	Demo         bool           // sluis demo: pages show the codes
	Zone         *time.Location // of the times on pages; nil: that of the machine
}

// Console is the web interface. It is safe for concurrent use.
type Console struct {
	config   Config
	site     Site
	secure   bool     // reached over TLS
	hosts    []string // that it answers to
	log      *slog.Logger
	accounts *accounts.Store
	sessions *scs.SessionManager
	begun    *scs.SessionManager // of people who are signing in
	pages    *pages
	routes   []route
	handler  http.Handler
	pace     rate.Limit // of one client
	rates    *expirable.LRU[netip.Addr, *rate.Limiter]
	now      func() time.Time
}

// New returns a console that shows and works with the services.
func New(cfg Config, site Site, s Services, log *slog.Logger) (*Console, error) {
	origin, err := url.Parse(cfg.Address)
	if err != nil || origin.Host == "" || origin.Path != "" || origin.Scheme != "http" && origin.Scheme != "https" {
		return nil, fmt.Errorf("console: its address has to be http:// or https://, and a host without a path")
	}
	if site.Zone == nil {
		site.Zone = time.Local
	}
	c := &Console{
		config:   cfg,
		site:     site,
		secure:   origin.Scheme == "https",
		hosts:    cfg.hosts(origin.Host),
		log:      log,
		accounts: s.Accounts,
		pace:     perSecond,
		rates:    expirable.NewLRU[netip.Addr, *rate.Limiter](maxClients, nil, time.Minute),
		now:      time.Now,
	}
	passkeys, err := s.Accounts.Passkeys(c.issuer(), cfg.Address)
	if err != nil {
		return nil, err
	}
	if c.pages, err = newPages(); err != nil {
		return nil, err
	}
	c.sessions = c.newSessions("sluis", maxSessions, sessionTime)
	c.begun = c.newSessions("sluis-begin", maxBegun, begunTime)
	c.routes = c.areas(s, passkeys)
	mux := http.NewServeMux()
	for _, rt := range c.routes {
		mux.HandleFunc(rt.pattern, c.serve(rt))
	}
	lost := route{who: anybody, do: func(*visit) error { return errNoPage }}
	mux.HandleFunc("/", c.serve(lost))
	c.handler = c.guard(mux)
	return c, nil
}

// issuer is the name under which passkeys and codes are kept.
func (c *Console) issuer() string { return cmp.Or(c.site.Organisation, "Sluis") }

// ServeHTTP serves a request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }
