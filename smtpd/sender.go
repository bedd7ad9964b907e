package smtpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"sluis/internal/admit"
	"sluis/smtpd/wire"
)

// Reply is an SMTP reply; see package wire.
type Reply = wire.Reply

// Sender sends messages past the policy: what a person released from quarantine, and what the
// gateway itself has to say. It takes the routes of the relay, with their TLS, AUTH and idle
// connections; Relay.Sender returns that of a relay. All methods may be called from any
// goroutine.
type Sender struct {
	routes atomic.Pointer[routes]
}

// NewSender returns a sender that needs no relay. hostname is what it calls itself.
func NewSender(hostname string, all ...Route) (*Sender, error) {
	rs, err := newRoutes(hostname, all, 0, newMetrics(nil))
	if err != nil {
		return nil, err
	}
	s := &Sender{}
	s.routes.Store(&rs)
	return s, nil
}

// Close lets go of idle connections. Send works as before.
func (s *Sender) Close() { s.routes.Load().close() }

// Send sends a message of size bytes to all recipients of an envelope, who have to share a
// route. Content is sent as it is; its line ends have to be CR LF. With a nil error the reply
// is the next hop's, or our own 4xx if it cannot be reached; a 2xx alone means that the
// message was delivered, to all of them.
func (s *Sender) Send(ctx context.Context, e Envelope, size int64, content io.Reader) (Reply, error) {
	params := wire.Params(e.Parameters).Only("BODY", "SMTPUTF8", "REQUIRETLS", "RET", "ENVID")
	t := &transaction{
		ctx:    ctx,
		who:    admit.Party{Rank: admit.Own},
		params: append(params, "SIZE="+strconv.FormatInt(size, 10)),
	}
	_, t.utf8 = t.params.Get("SMTPUTF8")
	_, t.requireTLS = t.params.Get("REQUIRETLS")
	if e.From != "" {
		from, ok := wire.ParsePath(e.From)
		if !ok {
			return Reply{}, errors.New("send: bad sender")
		}
		t.from = from
	}
	to, route, err := s.routes.Load().share(e.To)
	if err != nil {
		return Reply{}, fmt.Errorf("send: %w", err)
	}
	defer t.close()
	if rep := t.open(route); !rep.OK() {
		return rep, nil
	}
	if rep := t.offer(to); !rep.OK() {
		return rep, nil
	}
	t.to = to
	return t.forward(to, nil, func() io.Reader { return &clean{repairer{r: content}} }), nil
}

// clean reads what has to have clean line ends already, and fails on what has not.
type clean struct{ guard repairer }

// Read implements io.Reader.
func (c *clean) Read(b []byte) (int, error) {
	n, err := c.guard.Read(b)
	if c.guard.bareCR || c.guard.nul || c.guard.repaired > 0 {
		return 0, errors.New("line ends are not clean")
	}
	return n, err
}

// NextHop is a host that a route names.
type NextHop struct {
	route *route
	host  string
}

// NextHops returns every host of every route; one that several routes reach in the same way
// once.
func (s *Sender) NextHops() []NextHop {
	type way struct {
		host     string
		login    Auth
		tls      TLSMode
		implicit bool
		roots    any
	}
	var all []NextHop
	seen := map[way]bool{}
	for _, r := range *s.routes.Load() {
		for _, host := range r.Hosts {
			w := way{host: host, tls: r.TLS, implicit: r.Implicit, roots: r.TLSConfig}
			if r.CA != "" { // each route has read it for itself
				w.roots = r.CA
			}
			if r.Auth != nil {
				w.login = *r.Auth
			}
			if !seen[w] {
				seen[w] = true
				all = append(all, NextHop{r, host})
			}
		}
	}
	return all
}

// Address returns the host as host:port.
func (n NextHop) Address() string { return n.host }

// Ask connects to the host as for mail, with the route's TLS and AUTH, and takes leave: no
// mail is sent. Its error is a *ConnectError.
func (n NextHop) Ask(ctx context.Context) error {
	h, err := n.route.connect(ctx, n.host)
	if err != nil {
		return err
	}
	h.quit()
	return nil
}
