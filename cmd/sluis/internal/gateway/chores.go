package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// startChores starts the work beside the traffic: the sample of the next day, the retries of
// releases, the retention, and the lists of sites, whose servers may be slow. The channel is
// closed when the work has ended.
func (g *Gateway) startChores(ctx context.Context) <-chan struct{} {
	var running sync.WaitGroup
	hour := time.Time{}
	running.Go(func() {
		everyMinute(ctx, func() {
			g.chore("release", func() error {
				_, err := g.quarantine.Retry(ctx, g.sender())
				return err
			})
			g.chore("roster", func() error { return g.notifyRisks(ctx) })
			g.chore("by header", func() error { return g.data.ByHeader().Flush(time.Now()) })
			g.chore("confidential", func() error { return g.tellConcerned(ctx) })
			g.chore("clock", func() error { return g.clock.run(ctx, time.Now(), g.ledger) })
			g.chore("found under orders", func() error { return g.destroyFound(ctx) })
			g.chore("order notices", func() error { return g.sendOrderSteps(ctx, time.Now()) })
			g.followOrders()
			if now := time.Now(); now.Sub(hour) >= time.Hour {
				g.endExceptions(hour, now)
				hour = now
				g.chore("sampling", func() error { return g.sampler.Prepare(ctx, now) })
				g.chore("orders", func() error { return g.orders.End(ctx) })
				g.chore("outcomes of orders", func() error { return g.sendOverdue(ctx, now) })
				g.chore("roll", func() error { return g.remindOfRoll(ctx, now) })
				g.chore("notices", func() error { return g.sendNotices(ctx, now) })
				g.chore("report", func() error { return g.freezeReports(ctx, now) })
				g.chore("retention", func() error { return g.retention(ctx, now) })
			}
		})
	})
	running.Go(func() {
		everyMinute(ctx, func() { g.chore("lists", func() error { return g.updateLists(ctx, time.Now()) }) })
	})
	running.Go(func() {
		everyMinute(ctx, func() {
			g.chore("ledger", func() error { return g.verified.run(ctx, time.Now(), g.ledger.Check) })
		})
	})
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	return done
}

// everyMinute calls a function at once and then every minute, until ctx ends.
func everyMinute(ctx context.Context, do func()) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-minute.C:
		}
	}
}

// endExceptions asks for a reload if an exception to a rule came to its end between two
// times.
func (g *Gateway) endExceptions(since, now time.Time) {
	var ends []time.Time
	for _, x := range g.inForce.Load().Config.Rules.Exceptions {
		ends = append(ends, x.Until.End())
	}
	made, err := madeExceptions(g.inForce.Load().Config)
	if err != nil {
		g.log.Error("chore failed, it is tried again", "chore", "exceptions", "error", err)
	}
	for _, x := range made {
		ends = append(ends, x.End())
	}
	ended := func(end time.Time) bool { return end.After(since) && !end.After(now) }
	if !since.IsZero() && slices.ContainsFunc(ends, ended) {
		g.askRenewal()
	}
}

func (g *Gateway) chore(name string, do func() error) {
	if err := do(); err != nil && !errors.Is(err, context.Canceled) {
		g.log.Error("chore failed, it is tried again", "chore", name, "error", err)
	}
}
