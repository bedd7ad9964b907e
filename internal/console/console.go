package console

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
)

// Options are what the console shows and works with.
type Options struct {
	Organisation string
	CodeURL      string   // of the code of conduct; empty: not told
	Origin       string   // that browsers reach it at, such as https://sluis.school.nl
	Hosts        []string // host:port that it is reached at as well
	BehindProxy  bool     // the one in front tells the client's address, last in X-Forwarded-For
	Demo         bool     // sluis demo: codes are told on the page
	Zone         *time.Location
	Log          *slog.Logger

	Accounts  *accounts.Store
	Providers []*provider.Provider
	Ledger    *ledger.Ledger

	Quarantine Quarantine
	Orders     Orders
	Control    Control
	Roster     Roster
	Health     *Health
	Breaches   Breaches
	Imagery    *imagery.Store
	Retention  Retention
	Totals     Totals
	Sampling   Sampling
}

// Console is the web interface. It is safe for concurrent use.
type Console struct {
	o          Options
	secure     bool               // reached over TLS
	hosts      []string           // that it answers to
	passkeys   *accounts.Passkeys // nil: the origin cannot have any
	sessions   *scs.SessionManager
	begun      *scs.SessionManager // what is remembered of somebody who is signing in
	pages      *pages
	openings   *expirable.LRU[string, opening] // what is open just now
	complaints complaintPace
	routes     []route
	handler    http.Handler
	pace       rate.Limit // of one client
	rates      *expirable.LRU[netip.Addr, *rate.Limiter]
	now        func() time.Time
}

// New returns a console.
func New(o Options) (*Console, error) {
	origin, err := url.Parse(o.Origin)
	if err != nil || origin.Host == "" || origin.Path != "" || origin.Scheme != "http" && origin.Scheme != "https" {
		return nil, fmt.Errorf("console: its address has to be http:// or https://, and a host without a path")
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	c := &Console{o: o, secure: origin.Scheme == "https", hosts: append([]string{origin.Host}, o.Hosts...), routes: slices.Concat(tables...), now: time.Now, pace: perSecond,
		rates: expirable.NewLRU[netip.Addr, *rate.Limiter](maxClients, nil, time.Minute)}
	if c.passkeys, err = o.Accounts.Passkeys(cmpOr(o.Organisation, "Sluis"), o.Origin); err != nil {
		return nil, err
	}
	if c.pages, err = newPages(); err != nil {
		return nil, err
	}
	c.sessions, c.begun = c.newSessions("sluis", maxSessions, sessionTime), c.newSessions("sluis-begin", maxBegun, begunTime)
	c.openings, c.complaints = newOpenings(), newComplaintPace()
	mux := http.NewServeMux()
	for _, rt := range c.routes {
		mux.HandleFunc(rt.pattern, c.serve(rt))
	}
	lost := route{who: anybody, do: func(*visit) error { return errNoPage }}
	mux.HandleFunc("/", c.serve(lost))
	c.handler = c.guard(mux)
	return c, nil
}

// ServeHTTP serves a request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

func cmpOr(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}
