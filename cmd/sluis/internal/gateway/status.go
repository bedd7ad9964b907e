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
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.gatherer(), promhttp.HandlerOpts{}))
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

// gatherer returns all that is counted, in this process and in that of the proxy.
func (g *Gateway) gatherer() prometheus.Gatherer {
	if apart, ok := g.webApartSide(); ok {
		return prometheus.Gatherers{g.metrics, apart}
	}
	return g.metrics
}

// webApartSide returns the proxy if it has a process of its own.
func (g *Gateway) webApartSide() (*webApart, bool) {
	if g.web == nil {
		return nil, false
	}
	apart, ok := g.web.side.(*webApart)
	return apart, ok
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
	if apart, ok := g.webApartSide(); ok && !apart.healthy() {
		problems = append(problems, "web: the process of the proxy does not run")
	}
	if free, err := g.data.Reserve().Free(1); err != nil || free < 0 {
		problems = append(problems, "disk: less is free than the reserve: mail is asked to come back later")
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
