package health

import (
	"context"
	"time"
)

// anewTime is how long it shows that the memory of whose addresses are was lost.
const anewTime = 30 * 24 * time.Hour

// Roster checks whether changes of the roster wait for the privacy officer, and whether the memory of whose
// addresses are was lost in the last month, so that none waited. Whom it is about is in no result.
func Roster(waiting func() int, anew func(since time.Time) (bool, error)) Check {
	return func(_ context.Context, now time.Time) Result {
		if lost, err := anew(now.Add(-anewTime)); err != nil || lost {
			return Result{
				Name:   texts.Message("roster"),
				State:  Attention,
				Found:  texts.Message("roster-anew"),
				Advice: texts.Message("roster-compare"),
			}
		}
		n := waiting()
		r := ok(texts.Message("roster"), texts.Message("roster-waiting", n))
		if n > 0 {
			r.State = Attention
			r.Advice = texts.Message("roster-agree")
		}
		return r
	}
}
