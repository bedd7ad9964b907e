package health

import (
	"context"
	"errors"
	"strings"
	"time"

	"sluis/internal/lang"
	"sluis/internal/oversight/roll"
)

// Roll checks whether there is a board's roll that fits the ledger. None is no fault: then there are no
// orders.
func Roll(check func(context.Context, time.Time) error) Check {
	return func(ctx context.Context, now time.Time) Result {
		r := ok(texts.Message("roll"), texts.Message("roll-in-force"))
		switch err := check(ctx, now); {
		case err == nil:
		case err == roll.ErrNone || errors.Is(err, roll.ErrNone) && err.Error() == roll.ErrNone.Error():
			r.Found = texts.Message("roll-none")
		default:
			said := strings.ReplaceAll(err.Error(), "\n", "; ")
			r.State, r.Found, r.Advice = Broken, texts.Message("roll-forged", said), texts.Message("roll-forged-advice")
		}
		return r
	}
}

// Orders checks whether the orders of the board fit their signatures and the ledger. faults returns the ids of those
// that do not, and of those of before the roll.
func Orders(faults func(context.Context, time.Time) (forged, unsigned []string, err error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("orders")
		forged, unsigned, err := faults(ctx, now)
		bad := func(s State, found, advice lang.Message) Result {
			return Result{Name: name, State: s, Found: found, Advice: advice}
		}
		switch {
		case err != nil:
			return bad(Broken, texts.Message("unreadable"), texts.Message("files-restore"))
		case len(forged) > 0:
			return bad(Broken, texts.Message("orders-forged", someOf(forged)), texts.Message("orders-forged-advice"))
		case len(unsigned) > 0:
			found := texts.Message("orders-unsigned", someOf(unsigned))
			return bad(Attention, found, texts.Message("orders-unsigned-advice"))
		}
		return ok(name, texts.Message("orders-fit"))
	}
}

// Outcomes checks whether the outcome of an order that ended is recorded in time (C3.2f). overdue returns the ids
// of the others.
func Outcomes(overdue func(context.Context, time.Time) ([]string, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("outcomes")
		ids, err := overdue(ctx, now)
		switch {
		case err != nil:
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("unreadable"),
				Advice: texts.Message("files-restore"),
			}
		case len(ids) > 0:
			return Result{
				Name:   name,
				State:  Attention,
				Found:  texts.Message("outcomes-overdue", someOf(ids)),
				Advice: texts.Message("outcomes-complete"),
			}
		}
		return ok(name, texts.Message("outcomes-recorded"))
	}
}
