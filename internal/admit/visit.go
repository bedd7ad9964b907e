package admit

import (
	"context"
	"sync/atomic"
	"time"
)

// Visit is the work on one thing that a party brought. What works on it may have to wait for
// others' work meanwhile; that is no cost of the party's.
type Visit struct {
	Who    Party
	waited atomic.Int64 // nanoseconds
}

type visitKey struct{}

// NewVisit returns a visit of a party, and a context that knows it.
func NewVisit(ctx context.Context, who Party) (context.Context, *Visit) {
	v := &Visit{Who: who}
	return context.WithValue(ctx, visitKey{}, v), v
}

// VisitOf returns the visit that a context knows; without one it is an own one.
func VisitOf(ctx context.Context) *Visit {
	if v, ok := ctx.Value(visitKey{}).(*Visit); ok {
		return v
	}
	return &Visit{Who: Party{Rank: Own}}
}

// Wait takes a place for the visitor as Places.Wait does.
func (v *Visit) Wait(ctx context.Context, p *Places) error {
	start := time.Now()
	defer func() { v.waited.Add(int64(time.Since(start))) }()
	return p.Wait(ctx, v.Who)
}

// Waited returns how long the visitor waited for places.
func (v *Visit) Waited() time.Duration { return time.Duration(v.waited.Load()) }
