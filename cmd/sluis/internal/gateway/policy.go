package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"sluis/filter"
	"sluis/internal/clamd"
	"sluis/internal/oversight/byheader"
	"sluis/rules"
)

// mailPolicy is the policy of one generation for mail: grounds, inspection and decision.
type mailPolicy struct {
	*Generation
	sampler filter.Sampler
	orders  filter.Orders
	used    orderLog
	clamd   *clamd.Daemon // nil: none
	count   *byheader.Counter
	log     *slog.Logger
}

// orderLog records that an item is inspected under orders of the board.
type orderLog interface {
	RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error
}

func (g *Generation) mailPolicy(sampler filter.Sampler, orders filter.Orders, used orderLog,
	count *byheader.Counter, log *slog.Logger) mailPolicy {
	p := mailPolicy{
		Generation: g,
		sampler:    sampler,
		orders:     orders,
		used:       used,
		count:      count,
		log:        log,
	}
	if address := g.Config.Policy.Malware.Clamd; address != "" {
		p.clamd = clamd.New(address)
	}
	return p
}

// Grounds implements smtpd.Policy.
func (p mailPolicy) Grounds(id filter.ID, at time.Time, ds rules.Directions,
	between filter.Parties) (filter.Grounds, error) {
	g, err := filter.GroundsFor(p.Roster, p.sampler, p.orders, id, at, ds, between)
	if err == nil && g.ByHeader {
		p.count.Add(at)
	}
	return g, err
}

// RecordUse implements smtpd.Policy.
func (p mailPolicy) RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error {
	return p.used.RecordUse(ctx, used, id)
}

// Inspect implements smtpd.Policy. A virus scanner adds to what the rules find (C2.9a).
func (p mailPolicy) Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	x, err := p.Engine.Inspect(ctx, item, ps)
	if err != nil || p.clamd == nil || !ps.Has(rules.Security) {
		return x, err
	}
	signature, err := p.clamd.Scan(ctx, io.NewSectionReader(item.Content, 0, item.Size))
	switch {
	case errors.Is(err, clamd.ErrTooLarge):
		x.Unscanned()
	case err != nil && p.Config.Policy.Malware.OnFailure == "open":
		p.log.Error("message passes without a virus scan", "error", err)
	case err != nil:
		return nil, err
	case signature != "":
		x.Infected(signature)
	}
	return x, nil
}

// Decide implements smtpd.Policy.
func (p mailPolicy) Decide(x *filter.Inspection, d rules.Direction) filter.Verdict {
	return filter.Decide(x, d, p.Actions())
}
