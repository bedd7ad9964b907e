package journal

import (
	"context"
	"time"

	"sluis/rules"
)

// Count is all that there is of the confidential traffic of an hour (C3.2g).
type Count struct {
	Hour      time.Time
	Kind      Kind
	Direction rules.Direction
	Sums
}

// Counts calls use for the hourly counts of confidential traffic from since to until, by hour.
func Counts(ctx context.Context, s Store, since, until time.Time, use func(Count) error) error {
	type cell struct {
		kind      Kind
		direction rules.Direction
	}
	var hour time.Time
	sums := map[cell]Sums{}
	hand := func() error {
		for _, k := range []Kind{Mail, Web} {
			for _, d := range []rules.Direction{rules.In, rules.Out, rules.Internal} {
				n, ok := sums[cell{k, d}]
				if !ok {
					continue
				}
				if err := use(Count{hour, k, d, n}); err != nil {
					return err
				}
			}
		}
		clear(sums)
		return nil
	}
	err := s.Hours(ctx, since, until, func(h Hour) error {
		if !h.Confidential || h.Eligible {
			return nil
		}
		if !h.Hour.Equal(hour) {
			if err := hand(); err != nil {
				return err
			}
			hour = h.Hour
		}
		at := cell{h.Kind, h.Direction}
		n := sums[at]
		n.add(h.Sums)
		sums[at] = n
		return nil
	})
	if err != nil {
		return err
	}
	return hand()
}
