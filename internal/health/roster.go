package health

import (
	"context"
	"time"
)

// Roster checks whether changes of the roster wait for the privacy officer. Whom they are about is in no result.
func Roster(waiting func() int) Check {
	return func(context.Context, time.Time) Result {
		n := waiting()
		r := ok(texts.Message("roster"), texts.Message("roster-waiting", n))
		if n > 0 {
			r.State = Attention
			r.Advice = texts.Message("roster-agree")
		}
		return r
	}
}
