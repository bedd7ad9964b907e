package gateway

import (
	"context"
	"time"

	"sluis/internal/journal"
	"sluis/internal/oversight/sampling"
)

// AuditDay repeats every draw of a day (C3.3b).
func (d *Data) AuditDay(ctx context.Context, begin time.Time) (sampling.Report, error) {
	l, err := d.Ledger()
	if err != nil {
		return sampling.Report{}, err
	}
	db := d.Journal()
	draws := func(_ string, use func(sampling.Draw) error) error {
		_, err := db.Each(ctx, begin, begin.Add(24*time.Hour), 0, func(r journal.Record) error {
			if !r.Eligible {
				return nil
			}
			return use(sampling.Draw{
				ID:        r.ID,
				Time:      r.Time,
				Direction: r.Direction.String(),
				Group:     r.Group.String(),
				Drawn:     r.Drawn,
			})
		})
		return err
	}
	return sampling.Audit(begin.Format(time.DateOnly), d.path("sampling"), l, draws)
}
