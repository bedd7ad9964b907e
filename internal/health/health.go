// Package health says how it is with all that the gateway needs: its next hops, journal,
// quarantine, virus scanner, lists, certificates, disk and clock.
//
// It promises that a check takes a bounded time whatever is on the other side, sends no mail
// and changes nothing, and that what it finds comes with an advice in words. No address, name
// or content of anybody is in it: only names out of the configuration, and counts.
package health

import (
	"context"
	"sync"
	"time"
)

// State is how something is. A larger value is worse.
type State string

// The states.
const (
	OK        State = "ok"
	Attention State = "attention" // it works, and will not for long, or not as it should
	Broken    State = "broken"
)

// States are all states.
var States = []State{OK, Attention, Broken}

// Text is a text in both languages.
type Text struct {
	NL string `json:"nl"`
	EN string `json:"en"`
}

// In returns the text in a language: en, or Dutch.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.NL
}

// Result is what a check found.
type Result struct {
	Name   Text  `json:"name"`
	State  State `json:"state"`
	Found  Text  `json:"found"`
	Advice Text  `json:"advice,omitzero"` // what to do about it; zero if it is all right
}

// Check looks at one thing.
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
