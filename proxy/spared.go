package proxy

import (
	"errors"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/prometheus/client_golang/prometheus"

	"sluis/internal/roster"
)

const (
	sparedSites = 1024          // that are remembered
	sparedTime  = 3 * time.Hour // for which a site is spared
	refusals    = 3             // within refusalTime, after which a site is spared
	refusalTime = 10 * time.Minute
	hastyTime   = 5 * time.Second // in which a program that saw the wrong certificate hangs up
)

// spared remembers sites that inspection breaks: programs that trust a certificate of their own only refuse that of the
// gateway, and sites that ask for a certificate of their visitor cannot get it. After a few refusals the connections of
// a group to such a site are passed on closed for a while; by its name it is judged as before. All is kept in memory,
// and in no log.
type spared struct {
	metrics *metrics

	mu      sync.Mutex
	refused *expirable.LRU[sparedKey, *refusal]
	sites   *expirable.LRU[sparedKey, struct{}]
}

// sparedKey is a site and the group that it is spared for; the zero group: for all.
type sparedKey struct {
	host  string
	group roster.Group
}

// refusal counts how a group's connections to a site ended lately.
type refusal struct {
	alerts int  // the client said that it does not trust the certificate
	ends   int  // it hung up
	served bool // a request was made: the certificate is trusted, if not by every program
}

// UninspectedSites is the metric of how many sites are spared now.
const UninspectedSites = "sluis_web_uninspected_sites"

func newSpared(m *metrics, reg prometheus.Registerer) *spared {
	s := &spared{
		metrics: m,
		refused: expirable.NewLRU[sparedKey, *refusal](sparedSites, nil, refusalTime),
		sites:   expirable.NewLRU[sparedKey, struct{}](sparedSites, nil, sparedTime),
	}
	if reg != nil {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: UninspectedSites,
			Help: "Sites that pass without inspection for a while, because programs or the sites refuse it.",
		}, func() float64 { return float64(s.sites.Len()) }))
	}
	return s
}

// has reports whether a group's connections to a site are passed on closed.
func (s *spared) has(host string, g roster.Group) bool {
	return s.sites.Contains(sparedKey{host, g}) || s.sites.Contains(sparedKey{host: host})
}

// note changes what is remembered of a group's connections to a site, and spares it when there were enough refusals.
func (s *spared) note(host string, g roster.Group, change func(*refusal)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sparedKey{host, g}
	r, ok := s.refused.Get(key)
	if !ok {
		r = &refusal{}
		s.refused.Add(key, r)
	}
	change(r)
	n := r.alerts
	if !r.served {
		n += r.ends
	}
	if n >= refusals {
		s.refused.Remove(key)
		s.sites.Add(key, struct{}{})
	}
}

// distrusted notes that a client said that it does not trust the gateway's certificate for a site.
func (s *spared) distrusted(host string, g roster.Group) {
	s.metrics.uninspectable.WithLabelValues("client").Inc()
	s.note(host, g, func(r *refusal) { r.alerts++ })
}

// hungUp notes that a client ended the connection when it had seen that certificate.
func (s *spared) hungUp(host string, g roster.Group) {
	s.metrics.uninspectable.WithLabelValues("client").Inc()
	s.note(host, g, func(r *refusal) { r.ends++ })
}

// served notes that a request was made within an inspected connection.
func (s *spared) served(host string, g roster.Group) {
	key := sparedKey{host, g}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.refused.Get(key); ok {
		r.served = true
		return
	}
	s.refused.Add(key, &refusal{served: true})
}

// asksCertificate notes that a site asks for a certificate of its visitor.
func (s *spared) asksCertificate(host string) {
	s.metrics.uninspectable.WithLabelValues("site").Inc()
	s.sites.Add(sparedKey{host: host}, struct{}{})
}

// isEnd reports whether the other side ended the connection.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE)
}
