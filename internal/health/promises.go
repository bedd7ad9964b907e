package health

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Sample checks that the share of messages that is drawn has a reason where it is hardly a sample
// (C3.3b).
func Sample(rate float64, unreasoned bool) Check {
	return func(context.Context, time.Time) Result {
		name, share := texts.Message("sample"), fmt.Sprintf("%.3g%%", 100*rate)
		if !unreasoned {
			return ok(name, texts.Message("sample-share", share))
		}
		return Result{
			Name:   name,
			State:  Attention,
			Found:  texts.Message("sample-unreasoned", share),
			Advice: texts.Message("sample-say"),
		}
	}
}

// Groups checks that no network of a group has so few addresses that the group's name would single out who
// uses it (C3.2c). small are these networks, with their groups.
func Groups(small []string) Check {
	return func(context.Context, time.Time) Result {
		name := texts.Message("groups")
		if len(small) == 0 {
			return ok(name, texts.Message("groups-large"))
		}
		const most = 10
		if n := len(small) - most; n > 0 {
			small = append(small[:most:most], fmt.Sprintf("+%d", n))
		}
		return Result{
			Name:   name,
			State:  Attention,
			Found:  texts.Message("groups-small", strings.Join(small, ", ")),
			Advice: texts.Message("groups-join"),
		}
	}
}

// Agreements checks that no agreement with a partner or about an application has ended, so that leak rules apply
// there again (C2.4a). ended are their names.
func Agreements(ended func(now time.Time) []string) Check {
	return func(_ context.Context, now time.Time) Result {
		name, names := texts.Message("agreements"), ended(now)
		if len(names) == 0 {
			return ok(name, texts.Message("agreements-hold"))
		}
		return Result{
			Name:   name,
			State:  Attention,
			Found:  texts.Message("agreements-ended", strings.Join(names, ", ")),
			Advice: texts.Message("agreements-renew"),
		}
	}
}
