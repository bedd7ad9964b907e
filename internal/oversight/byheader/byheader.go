// Package byheader counts the messages that were exempt because their header alone named somebody with a
// confidential role (C3.2g): whoever names a counsellor in Cc escapes the rules on conduct and leaks, and a
// number that grows shows it.
//
// It promises that a count is of a month and of nothing smaller, and that nothing is known of a message that
// was counted. A crash costs the counts of a minute.
package byheader

import (
	"fmt"
	"sync"
	"time"

	"sluis/internal/store"
)

// layout of the name of a month.
const layout = "2006-01"

// keep is how many months are kept, so that a report of two years has them.
const keep = 25

// Counter is safe for concurrent use.
type Counter struct {
	months *store.Value[map[string]int]

	mu  sync.Mutex
	new map[string]int // not on disk yet
}

// Open returns the counter of a store.
func Open(s store.Store) *Counter {
	return &Counter{months: store.NewValue[map[string]int](s, "by-header"), new: map[string]int{}}
}

// Check returns store.ErrDamaged if the counts cannot be read.
func Check(s store.Store) error {
	_, err := store.NewValue[map[string]int](s, "by-header").Get()
	return err
}

// Add counts a message of a time.
func (c *Counter) Add(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.new[at.UTC().Format(layout)]++
}

// Flush puts on disk what was counted, and forgets months that are too long ago.
func (c *Counter) Flush(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.new) == 0 {
		return nil
	}
	oldest := now.UTC().AddDate(0, -keep, 0).Format(layout)
	err := c.months.Update(func(months *map[string]int) error {
		if *months == nil {
			*months = map[string]int{}
		}
		for month, n := range c.new {
			(*months)[month] += n
		}
		for month := range *months {
			if month < oldest {
				delete(*months, month)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the counts of mail that is exempt by its header: %w", err)
	}
	clear(c.new)
	return nil
}

// Month is the count of one month (UTC).
type Month struct {
	Begin time.Time
	Count int
	Ended bool // the month is over, and the count does not change any more
}

// Between returns the months that a period has a part of, those without a message as well.
func (c *Counter) Between(since, until, now time.Time) ([]Month, error) {
	known, err := c.months.Get()
	if err != nil {
		return nil, fmt.Errorf("read the counts of mail that is exempt by its header: %w", err)
	}
	var all []Month
	since, until = since.UTC(), until.UTC()
	at := time.Date(since.Year(), since.Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; at.Before(until) && !at.After(now) && len(all) < keep; at = at.AddDate(0, 1, 0) {
		all = append(all, Month{at, known[at.Format(layout)], !at.AddDate(0, 1, 0).After(now)})
	}
	return all, nil
}
