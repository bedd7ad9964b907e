package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openStatus opens the port of /metrics and /healthz, unless there is to be none.
func (g *Gateway) openStatus() (err error) {
	if g.started.Metrics.Listen == "" {
		return nil
	}
	g.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sluis_journal_dropped_total",
		Help: "Records that were lost because the disk could not keep up.",
	}, func() float64 { return float64(g.journal.Dropped()) }))
	g.status, err = listenTCP("metrics.listen", g.started.Metrics.Listen)
	return err
}

// serveStatus serves /metrics and /healthz until the function that it returns is called.
func (g *Gateway) serveStatus(failed chan<- error) (stop func()) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", g.health)
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	go func() {
		if err := srv.Serve(g.status); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve metrics: %w", err)
		}
	}()
	return func() { srv.Close() }
}

// health answers 200 if all that the gateway needs works, and else says what does not.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
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
