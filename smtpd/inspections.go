package smtpd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"sluis/internal/admit"
	"sluis/smtpd/wire"
)

// inspections shares the places for inspecting, and the processor with them, among clients. The
// organisation's own servers keep a quarter of the places and come first. A stranger who has
// used up its budget of processor time is costly: all who are so share one place, and who is
// far over it is asked to come back later, which loses nothing.
type inspections struct {
	places  *admit.Places
	costly  *admit.Places
	budget  *admit.Budget
	metrics *metrics

	mu      sync.Mutex
	running []*running // in the order in which they began
}

// running is an inspection that has a place.
type running struct {
	who     admit.Party
	start   time.Time
	stop    context.CancelCauseFunc
	stopped bool
}

// farOver is how many budgets a stranger may have used up before it is asked to come later.
const farOver = 4

// Who waits longer than patience may stop a stranger's inspection that has taken longer than fair:
// it gets costlyReply, and is inspected to its end when there is more time.
const (
	patience = 2 * time.Second
	fair     = 10 * time.Second
)

// errCostly says that a stranger's mail takes more time to inspect than there is for it.
var errCostly = errors.New("too costly to inspect")

// costlyReply asks it to come back, and loses nothing.
var costlyReply = wire.NewReply(451, "4.7.1 Your mail takes more time to inspect than there is, try again later")

func newInspections(l *Limits, m *metrics) *inspections {
	return &inspections{
		places:  admit.NewPlaces(admit.Share(int64(l.Inspections), float64(l.Strangers))),
		costly:  admit.NewPlaces(admit.Shares{Total: 1}),
		budget:  admit.NewBudget(l.InspectionBudget),
		metrics: m,
	}
}

// reload puts other limits in force; there are as many places as before.
func (i *inspections) reload(l *Limits) {
	i.places.SetShares(admit.Share(int64(l.Inspections), float64(l.Strangers)))
	i.budget.SetMinute(l.InspectionBudget)
}

// admits returns the refusal of a stranger whose mail cost far too much; the zero Reply if it
// may go on.
func (i *inspections) admits(who admit.Party) Reply {
	if i.budget.Debt(who) < farOver {
		return Reply{}
	}
	i.metrics.limit(who, "costly")
	return costlyReply
}

// enter takes a place for a visit, until leave; stop is for when it has to leave early. Its error
// is errCostly or wraps the context's.
func (i *inspections) enter(ctx context.Context, v *admit.Visit, stop context.CancelCauseFunc) (
	leave func(), err error) {
	v.Who.Debt = i.budget.Debt(v.Who)
	costly := v.Who.Debt >= 1
	if costly {
		i.metrics.delayed.WithLabelValues("costly").Inc()
		if err := v.Wait(ctx, i.costly); err != nil {
			i.metrics.limit(v.Who, "costly")
			return nil, errors.Join(errCostly, err)
		}
	}
	if err := i.wait(ctx, v); err != nil {
		if costly {
			i.costly.Give(v.Who, 1)
		}
		i.metrics.limit(v.Who, "inspections")
		return nil, fmt.Errorf("waiting to inspect: %w", err)
	}
	r := &running{who: v.Who, start: time.Now(), stop: stop}
	waited, beside := v.Waited(), i.begin(r)
	return func() {
		beside = (beside + i.end(r)) / 2 // on average
		cost := max(0, time.Since(r.start)-(v.Waited()-waited))
		if cpus := runtime.GOMAXPROCS(0); beside > cpus { // which this one shared
			cost = cost * time.Duration(cpus) / time.Duration(beside)
		}
		i.budget.Charge(v.Who, cost)
		i.places.Give(v.Who, 1)
		if costly {
			i.costly.Give(v.Who, 1)
		}
	}, nil
}

// wait takes a place, and has others make room if that takes long.
func (i *inspections) wait(ctx context.Context, v *admit.Visit) error {
	for {
		short, cancel := context.WithTimeout(ctx, patience)
		err := v.Wait(short, i.places)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		i.makeRoom(v.Who)
	}
}

// makeRoom stops the stranger's inspection that has taken longest, if it has taken longer than fair
// and its place helps.
func (i *inspections) makeRoom(who admit.Party) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.running {
		late := r.who.Rank != admit.Own && time.Since(r.start) > fair
		if late && !r.stopped && i.places.Helps(r.who, who) {
			i.metrics.limit(r.who, "costly")
			r.stopped = true
			r.stop(errCostly)
			return
		}
	}
}

// begin and end note an inspection, and return how many there are with it.
func (i *inspections) begin(r *running) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.running = append(i.running, r)
	return len(i.running)
}

func (i *inspections) end(r *running) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.running)
	i.running = slices.DeleteFunc(i.running, func(o *running) bool { return o == r })
	return n
}
