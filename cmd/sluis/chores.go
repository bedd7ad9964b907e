package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// startChores does what has to be done beside the mail: the sample of the next day, the
// retries of releases, the retention, and the lists of sites, whose servers may take their
// time. The channel is closed when it has ended.
func (g *gateway) startChores(ctx context.Context) <-chan struct{} {
	var running sync.WaitGroup
	hour := time.Time{}
	running.Go(func() {
		everyMinute(ctx, func() {
			g.chore("release", func() error { _, err := g.quarantine.Retry(ctx, deliverer{g.relay, g.current.Load()}); return err })
			if now := time.Now(); now.Sub(hour) >= time.Hour {
				g.endExceptions(hour, now)
				hour = now
				g.chore("sampling", func() error { return g.sampler.Prepare(ctx, now) })
				g.chore("orders", func() error { return g.orders.End(ctx) })
				g.chore("notices", func() error { return g.sendNotices(ctx, now) })
				g.chore("report", func() error { return g.freezeReports(ctx, now) })
				g.chore("retention", func() error { return g.retention(ctx, now) })
			}
		})
	})
	running.Go(func() {
		everyMinute(ctx, func() { g.chore("lists", func() error { return g.updateLists(ctx, time.Now()) }) })
	})
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	return done
}

// everyMinute does something at once and then every minute, until it is to end.
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
func (g *gateway) endExceptions(since, now time.Time) {
	var ends []time.Time
	for _, x := range g.current.Load().Rules.Exceptions {
		ends = append(ends, x.Until.End())
	}
	made, err := exceptionsOf(g.current.Load())
	if err != nil {
		g.log.Error("chore failed, it is tried again", "chore", "exceptions", "error", err)
	}
	for _, x := range made {
		ends = append(ends, x.End())
	}
	if !since.IsZero() && slices.ContainsFunc(ends, func(end time.Time) bool { return end.After(since) && !end.After(now) }) {
		g.askRenewal()
	}
}

func (g *gateway) chore(name string, do func() error) {
	if err := do(); err != nil && !errors.Is(err, context.Canceled) {
		g.log.Error("chore failed, it is tried again", "chore", name, "error", err)
	}
}

// serveStatus serves /metrics and /healthz until the function that it returns is called.
func (g *gateway) serveStatus(failed chan<- error) (stop func(), err error) {
	g.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sluis_journal_dropped_total", Help: "Records that were lost because the disk could not keep up.",
	}, func() float64 { return float64(g.journal.Dropped()) }))
	ln, err := net.Listen("tcp", g.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", g.health)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve metrics: %w", err)
		}
	}()
	return func() { srv.Close() }, nil
}

// health answers 200 if all that the gateway needs works, and else says what does not.
func (g *gateway) health(w http.ResponseWriter, r *http.Request) {
	problems := []string{}
	if !g.journal.Healthy() {
		problems = append(problems, "journal: records do not reach the disk or the database")
	}
	if _, _, err := g.quarantine.Files(); err != nil {
		problems = append(problems, "quarantine: "+err.Error())
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(problems) == 0 {
		fmt.Fprintln(w, "ok")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
}
