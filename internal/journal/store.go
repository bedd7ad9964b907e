package journal

import (
	"context"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Store is a backend of the journal: the embedded one (DB), or a ClickHouse server.
type Store interface {
	// Load brings a segment in: once, whatever crashes when and however often it
	// is called. It returns how many bytes of the segment are no record.
	Load(ctx context.Context, s Segment) (unread int64, err error)

	// Each calls use for the records from since to until, in the order in which they came
	// in, that are behind a position. It returns the position of the last one.
	Each(ctx context.Context, since, until time.Time, after Position, use func(Record) error) (Position, error)
	// Last returns a position that has at least n records behind it; fewer if there are no
	// more.
	Last(ctx context.Context, n int) (Position, error)
	// Of calls use for the records of some pseudonyms, which only an order of the board
	// (C3.2c) or a person's own request (C3.2f) unlocks.
	Of(ctx context.Context, who []Pseudonym, since, until time.Time, use func(Record) error) error

	// Contributions calls use for what people contributed to each cell in the calendar
	// month (UTC) that a time is in, in no order. What belongs together may come in
	// several pieces, to be added up. blind is a key under which people are counted.
	Contributions(ctx context.Context, month time.Time, blind [32]byte, use func(Contribution) error) error
	// Hours calls use for the hourly roll-ups from since to until, by hour. They outlive
	// the records, since they point at no person.
	Hours(ctx context.Context, since, until time.Time, use func(Hour) error) error

	// Prune destroys the records of all days that begin before a time, so that none is
	// older than it. The roll-ups stay. It returns how many records there were.
	Prune(ctx context.Context, before time.Time) (int64, error)
	// Held returns the extent of what the store has.
	Held(ctx context.Context) (Held, error)
	// Close ends the use of the backend.
	Close() error
}

// Position is a place in the journal, to read on from. Zero is before all records.
type Position int64

// Cell is what a record is counted under: closed vocabularies alone.
type Cell struct {
	Kind         Kind
	Direction    rules.Direction
	Group        roster.Group
	Action       filter.Action
	Purpose      rules.Purpose
	Category     rules.Category
	Clause       rules.Clause
	Confidential bool
	Eligible     bool
	Drawn        bool
}

// cell returns the cell that a record is counted under.
func (r *Record) cell() Cell {
	return Cell{
		r.Kind,
		r.Direction,
		r.Group,
		r.Action,
		r.Purpose,
		r.Category,
		r.Clause,
		r.Confidential,
		r.Eligible,
		r.Drawn,
	}
}

// Hour is a roll-up: what was counted under a cell in an hour (UTC).
type Hour struct {
	Hour time.Time
	Cell
	Sums
}

// Sums are the figures that are added up.
type Sums struct {
	Records    int64
	Bytes      int64
	Recipients int64
}

func (s *Sums) add(t Sums) {
	s.Records += t.Records
	s.Bytes += t.Bytes
	s.Recipients += t.Recipients
}

// sums returns what a record counts for.
func (r *Record) sums() Sums { return Sums{1, r.Bytes, int64(r.Recipients)} }

// Contribution is what one person contributed to a cell in a part of a month.
type Contribution struct {
	Cell
	Part   uint8  // of the month: 1 has the days 1-7, 2 8-14, 3 15-21, 4 the rest
	Person uint64 // a keyed hash of the month's pseudonym; 0 for records without one
	Sums
}

// part returns the part of its month that a time is in.
func part(t time.Time) uint8 { return uint8(min((t.UTC().Day()-1)/7+1, 4)) }

// Held is what a backend holds.
type Held struct {
	Records int64
	Bytes   int64     // on disk, of records and roll-ups; 0 if the backend does not say
	Since   time.Time // midnight (UTC) that the oldest day begins with; zero if there are no records
	Until   time.Time // midnight (UTC) that the newest day ends with
}
