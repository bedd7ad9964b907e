package health

import (
	"context"
	"time"
)

// glassTime is how long an emergency is shown.
const glassTime = 30 * 24 * time.Hour

// BreakGlass shows for a month that messages were opened or released in an emergency, without an account.
func BreakGlass(since func(ctx context.Context, since time.Time) (int, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("break-glass")
		n, err := since(ctx, now.Add(-glassTime))
		switch {
		case err != nil:
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("unreadable"),
				Advice: texts.Message("ledger-adopt"),
			}
		case n == 0:
			return ok(name, texts.Message("break-glass-none"))
		}
		return Result{
			Name:   name,
			State:  Attention,
			Found:  texts.Message("break-glass-used", n),
			Advice: texts.Message("break-glass-review"),
		}
	}
}
