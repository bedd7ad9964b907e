package health

import (
	"context"
	"strings"
	"time"
)

// Readers checks whether the kernel confines the processes that read documents: lacking are the guards that it does
// not have.
func Readers[Guard ~string](lacking []Guard) Check {
	return func(context.Context, time.Time) Result {
		if len(lacking) == 0 {
			return ok(texts.Message("readers"), texts.Message("readers-confined"))
		}
		var names []string
		for _, g := range lacking {
			names = append(names, string(g))
		}
		return Result{
			Name:   texts.Message("readers"),
			State:  Attention,
			Found:  texts.Message("readers-lacking", strings.Join(names, ", ")),
			Advice: texts.Message("readers-kernel"),
		}
	}
}
