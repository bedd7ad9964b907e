package health

import (
	"context"
	"time"
)

// Inspection checks whether programs or sites refuse to have their connections inspected. Which ones is in no result.
func Inspection(sites func() int) Check {
	return func(context.Context, time.Time) Result {
		n := sites()
		r := ok(texts.Message("inspection"), texts.Message("inspection-refused", n))
		if n > 0 {
			r.State = Attention
			r.Advice = texts.Message("inspection-name")
		}
		return r
	}
}
