package smtpd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/filter"
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

// inspect has the policy inspect the message within the time and the number of
// inspections at once that there are. An inspection that does not stop in time keeps
// its place until it does: an engine that hangs stops the mail, it does not fill memory.
func (m *message) inspect(item filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	ctx, cancel := context.WithTimeout(m.tx.ctx, m.tx.generation.cfg.Limits.Inspect)
	defer cancel()
	select {
	case m.relay.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to inspect: %w", ctx.Err())
	}
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
			<-m.relay.slots
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
	select {
	case res := <-done:
		return res.x, res.err
	case <-ctx.Done():
	}
	select {
	case res := <-done:
		if res.err == nil {
			return res.x, nil
		}
		return nil, res.err
	case <-time.After(time.Second):
		m.abandoned = true
		return nil, fmt.Errorf("inspecting: %w", ctx.Err())
	}
}
