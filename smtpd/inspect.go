package smtpd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/filter"
	"sluis/internal/admit"
	"sluis/rules"
)

// without returns purposes less one.
func without(ps rules.Purposes, p rules.Purpose) rules.Purposes {
	var kept rules.Purposes
	for _, q := range ps.List() {
		if q != p {
			kept = kept.With(q)
		}
	}
	return kept
}

// inspect has the policy inspect the message, once there is a place for it, within the time that
// there is. An inspection that does not stop in time keeps its place until it does: an engine that
// hangs stops the mail, it does not fill memory.
func (m *message) inspect(item filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	limit := m.tx.generation.cfg.Limits.Inspect
	wait, cancel := context.WithTimeout(m.tx.ctx, limit)
	defer cancel()
	ctx, stop := context.WithCancelCause(m.tx.ctx)
	defer stop(nil)
	ctx, visit := admit.NewVisit(ctx, m.tx.who)
	leave, err := m.relay.inspections.enter(wait, visit, stop)
	if err != nil {
		return nil, err
	}
	ctx, cancel = context.WithTimeout(ctx, limit)
	defer cancel()
	type result struct {
		x   *filter.Inspection
		err error
	}
	done := make(chan result, 1)
	m.readers.Add(1)
	go func() {
		res := result{err: errors.New("inspection panicked")}
		defer func() {
			recover() // its value may quote content
			leave()
			m.readers.Done()
			done <- res
		}()
		start := time.Now()
		x, err := m.tx.generation.cfg.Policy.Inspect(ctx, item, ps)
		m.relay.metrics.inspect.Observe(time.Since(start).Seconds())
		if err == nil && x == nil {
			err = errors.New("no inspection")
		}
		res = result{x, err}
	}()
	var res result
	select {
	case res = <-done:
	case <-ctx.Done():
		select {
		case res = <-done:
		case <-time.After(time.Second):
			m.abandoned = true
			res.err = fmt.Errorf("inspecting: %w", context.Cause(ctx))
		}
	}
	switch {
	case res.err == nil:
		return res.x, nil
	case errors.Is(context.Cause(ctx), errCostly):
		return nil, errCostly
	}
	return nil, res.err
}
