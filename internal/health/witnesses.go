package health

import (
	"context"
	"time"

	"sluis/internal/oversight/witness"
)

// Witnesses checks whether enough witnesses outside the organisation have a recent checkpoint of the ledger.
func Witnesses(standing func(time.Time) (witness.Standing, error), fewest int) Check {
	return func(_ context.Context, now time.Time) Result {
		name := texts.Message("witnesses")
		s, err := standing(now)
		if err != nil {
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("unreadable"),
				Advice: texts.Message("witnesses-again"),
			}
		}
		r := ok(name, texts.Message("witnesses-have", s.Having, s.Outside, s.Missing))
		switch {
		case s.Outside < fewest:
			r.State, r.Advice = Attention, texts.Message("witnesses-name", fewest)
		case s.Having < fewest:
			r.State, r.Advice = Broken, texts.Message("witnesses-missing", fewest)
		case s.Missing > 0:
			r.State, r.Advice = Attention, texts.Message("witnesses-some")
		}
		return r
	}
}
