package journal

import (
	"context"
	"time"

	"sluis/filter"
)

// Persons calls use for the records of a calendar month (UTC) with these ids, and with the number that
// stands for the person in the month, as in a Contribution; 0 if the record has no pseudonym.
func Persons(
	ctx context.Context,
	s Store,
	month time.Time,
	blind [32]byte,
	ids map[filter.ID]bool,
	use func(id filter.ID, person uint64),
) error {
	if len(ids) == 0 {
		return nil
	}
	since, until := monthOf(month)
	b := newBlinder(blind)
	_, err := s.Each(ctx, since, until, 0, func(r Record) error {
		if ids[r.ID] {
			use(r.ID, b.person(r.pseudonym))
		}
		return nil
	})
	return err
}
