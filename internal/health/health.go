// Package health monitors what the gateway needs (health checks): its next hops, journal, quarantine, virus scanner,
// lists, certificates, disk and clock.
//
// It promises that a check takes a bounded time whatever is on the other side, sends no mail and changes nothing, and
// that a state that is not OK comes with an advice. Results name only what the configuration names, and counts; no
// address, name or content of a person is in them. It does not promise that a next hop takes a given message.
package health

import (
	"context"
	"embed"
	"sync"
	"time"

	"sluis/internal/lang"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// State is how something is.
type State string

// The states, from good to bad.
const (
	OK        State = "ok"
	Attention State = "attention" // it works, and will not for long, or not as it should
	Broken    State = "broken"
)

// States are all states.
var States = []State{OK, Attention, Broken}

// Result is what a check found.
type Result struct {
	Name   lang.Message `json:"name"`
	State  State        `json:"state"`
	Found  lang.Message `json:"found"`
	Advice lang.Message `json:"advice,omitzero"` // what to do about it; zero if the state is OK
}

// ok is a result with nothing to do.
func ok(name, found lang.Message) Result { return Result{Name: name, State: OK, Found: found} }

// Check checks one thing.
type Check func(ctx context.Context, now time.Time) Result

// perCheck is how long one check may take.
const perCheck = 10 * time.Second

// Run makes all checks at once and returns what they found, in their order.
func Run(ctx context.Context, now time.Time, checks ...Check) []Result {
	ctx, cancel := context.WithTimeout(ctx, perCheck)
	defer cancel()
	all := make([]Result, len(checks))
	var running sync.WaitGroup
	for i, check := range checks {
		running.Go(func() { all[i] = check(ctx, now) })
	}
	running.Wait()
	return all
}

// Worst returns the worst state of some results.
func Worst(all []Result) State {
	worst := OK
	for _, r := range all {
		if r.State == Broken || r.State == Attention && worst == OK {
			worst = r.State
		}
	}
	return worst
}

// Gateway checks whether a gateway runs.
func Gateway(running func() bool) Check {
	return func(context.Context, time.Time) Result {
		r := ok(texts.Message("gateway"), texts.Message("gateway-runs"))
		if !running() {
			r.State = Broken
			r.Found = texts.Message("gateway-stopped")
			r.Advice = texts.Message("gateway-start")
		}
		return r
	}
}

// Proxy checks whether the process of the web proxy runs.
func Proxy(running func() bool) Check {
	return func(context.Context, time.Time) Result {
		r := ok(texts.Message("proxy"), texts.Message("gateway-runs"))
		if !running() {
			r.State = Broken
			r.Found = texts.Message("gateway-stopped")
			r.Advice = texts.Message("proxy-start")
		}
		return r
	}
}

// days are the whole days of a duration.
func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
