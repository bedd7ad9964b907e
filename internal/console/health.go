package console

import (
	"context"
	"sync"
	"time"

	"sluis/internal/health"
	"sluis/internal/ledger"
)

// healthPages show the state of all that the gateway needs.
type healthPages struct {
	checks *Health
}

func (p *healthPages) routes() []route {
	return []route{
		get("/health", only(ledger.ICT, ledger.Admin), p.show).inMenu("nav-health"),
	}
}

// healthView is the page.
type healthView struct {
	Results []health.Result
	Worst   health.State
	At      time.Time
}

func (p *healthPages) show(v *visit) error {
	all, at := p.checks.results(v.r.Context(), v.now())
	return v.show("health", healthView{all, health.Worst(all), at})
}

// Health makes checks: once in checkPace, for any number of visitors.
type Health struct {
	checks func() []health.Check

	mu  sync.Mutex
	at  time.Time
	all []health.Result
}

// NewHealth returns a Health that makes the checks of that moment.
func NewHealth(checks func() []health.Check) *Health { return &Health{checks: checks} }

// checkPace is how long results count.
const checkPace = 10 * time.Second

func (h *Health) results(ctx context.Context, now time.Time) ([]health.Result, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.at) >= checkPace {
		// A visitor who closes the page meanwhile does not spoil it for the others.
		h.all, h.at = health.Run(context.WithoutCancel(ctx), now, h.checks()...), now
	}
	return h.all, h.at
}
