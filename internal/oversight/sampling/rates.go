package sampling

import (
	"fmt"
	"time"

	"sluis/internal/ledger"
)

// RateChange is a change of the rate, as the ledger has it.
type RateChange struct {
	Made  time.Time
	Rate  float64
	From  time.Time    // from when it counts
	With  string       // "start" or "reload" of the gateway, with another configuration; empty before that was kept
	Actor ledger.Actor // zero: whoever changed the configuration
}

// Started reports whether the gateway was started with the rate, and not reloaded.
func (c RateChange) Started() bool { return c.With == startWith }

// Rates is what the ledger says of the rate.
type Rates struct {
	Now     float64
	Changes []RateChange // the latest first
}

// maxChanges bounds the changes that are returned.
const maxChanges = 100

// RatesOf returns the rate of today and its changes.
func RatesOf(l ledger.Finder, now time.Time) (r Rates, err error) {
	kinds := []ledger.Kind{ledger.SamplingCommit, ledger.SamplingRate}
	day, known := now.UTC().Format(dayForm), false
	for e, err := range l.Find(ledger.Query{Kinds: kinds, Newest: true}) {
		if err != nil {
			return r, fmt.Errorf("read the rates of the sample: %w", err)
		}
		if !known && e.Data.Day <= day && e.Data.Since <= now.UnixMilli() {
			r.Now, known = e.Data.Rate, true
		}
		if e.Kind == ledger.SamplingRate && len(r.Changes) < maxChanges {
			r.Changes = append(r.Changes, changeOf(e))
		}
		if known && len(r.Changes) == maxChanges {
			break
		}
	}
	return r, nil
}

func changeOf(e ledger.Entry) RateChange {
	return RateChange{
		Made:  e.Time,
		Rate:  e.Data.Rate,
		From:  time.UnixMilli(e.Data.Since).UTC(),
		With:  e.Data.Step,
		Actor: e.Data.Actor,
	}
}
