package smtpd

import (
	"context"
	"errors"
	"io"
	"strconv"

	"sluis/smtpd/wire"
)

// Deliver sends a message, such as one released from quarantine, past the policy through
// the route of its recipients, who must share one. Content is sent as it is; it has to
// have clean line ends. With a nil error the reply is the next hop's, or our own 4xx if
// it cannot be reached; only a 2xx means that it was delivered, to all of them.
func (r *Relay) Deliver(ctx context.Context, e Envelope, size int64, content io.Reader) (Reply, error) {
	wd := r.world.Load()
	t := &transaction{world: wd, ctx: ctx, params: wire.Params(e.Parameters).Only("BODY", "SMTPUTF8", "REQUIRETLS", "RET", "ENVID")}
	t.params = append(t.params, "SIZE="+strconv.FormatInt(size, 10))
	_, t.utf8 = t.params.Get("SMTPUTF8")
	_, t.requireTLS = t.params.Get("REQUIRETLS")
	if e.From != "" {
		from, ok := wire.ParsePath(e.From)
		if !ok {
			return Reply{}, errors.New("deliver: bad sender")
		}
		t.from = from
	}
	for _, to := range e.To {
		p, ok := wire.ParsePath(to.Path)
		if !ok {
			return Reply{}, errors.New("deliver: bad recipient")
		}
		rt := wd.routeFor(p, to.Direction)
		if rt == nil {
			return Reply{}, errors.New("deliver: no route")
		}
		if t.route != nil && rt != t.route {
			return Reply{}, errors.New("deliver: recipients have different routes")
		}
		t.route = rt
		t.to = append(t.to, recipient{p, wire.Params(to.Parameters), to.Direction})
	}
	if t.route == nil {
		return Reply{}, errors.New("deliver: no recipients")
	}
	h, rep := begin(ctx, t.route, t.check, t.envelope(nil))
	if h == nil {
		return rep, nil
	}
	rep, err := h.recipients(e.To)
	if err == nil && rep.OK() {
		rep, err = h.command("DATA")
	}
	switch {
	case err != nil || rep.Code == 421:
		t.route.drop(h)
		return lost(rep, err), nil
	case rep.Code != 354:
		t.route.settle(h)
		return refused(rep), nil
	}
	return t.route.transmit(h, nil, &pure{guard{r: content}}), nil
}

// pure reads what has to have clean line ends already, and fails on what has not.
type pure struct{ g guard }

func (p *pure) Read(b []byte) (int, error) {
	n, err := p.g.Read(b)
	if p.g.bareCR || p.g.nul || p.g.repaired > 0 {
		return 0, errors.New("line ends are not clean")
	}
	return n, err
}
