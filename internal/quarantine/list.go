package quarantine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluis/rules"
)

// Sort is an order of entries.
type Sort string

// The orders.
const (
	Newest  Sort = ""
	Oldest  Sort = "oldest"
	Largest Sort = "largest"
	Gravest Sort = "gravest" // by score
)

// by returns the column, and whether the highest comes first.
func (s Sort) by() (column string, falling bool) {
	switch s {
	case Oldest:
		return "time", false
	case Largest:
		return "size", true
	case Gravest:
		return "score", true
	}
	return "time", true
}

// value returns what an entry is sorted by.
func (s Sort) value(e Entry) int64 {
	switch s {
	case Largest:
		return e.Size
	case Gravest:
		return int64(e.Score)
	}
	return e.Time.UnixMilli()
}

// Filter chooses entries. Zero fields choose all.
type Filter struct {
	State     State
	Review    Review
	Undecided bool // quarantined, and not reviewed; State and Review do not count
	Purpose   rules.Purpose
	Category  rules.Category
	Rule      rules.ID
	Direction *rules.Direction
	Since     time.Time
	Before    time.Time
	Sort      Sort
	After     *Entry // the last entry of the page before
	Limit     int    // default 100
}

// where returns the condition, without After.
func (f Filter) where() (string, []any) {
	where, args := []string{"1"}, []any{}
	add := func(ok bool, condition string, arg ...any) {
		if ok {
			where, args = append(where, condition), append(args, arg...)
		}
	}
	if f.Undecided {
		add(true, "state = ? AND review = ?", Quarantined, Unreviewed)
	} else {
		add(f.State != "", "state = ?", f.State)
		add(f.Review != "", "review = ?", f.Review)
	}
	add(f.Purpose != rules.NoPurpose, "purpose = ?", f.Purpose.String())
	add(f.Category != rules.NoCategory, "category = ?", f.Category.String())
	add(f.Rule != rules.ID{}, "rule = ?", f.Rule.String())
	if f.Direction != nil {
		add(true, "direction = ?", f.Direction.String())
	}
	add(!f.Since.IsZero(), "time >= ?", f.Since.UnixMilli())
	add(!f.Before.IsZero(), "time < ?", f.Before.UnixMilli())
	return strings.Join(where, " AND "), args
}

// List returns entries.
func (s *Store) List(ctx context.Context, f Filter) ([]Entry, error) {
	where, args := f.where()
	column, falling := f.Sort.by()
	sign, order := ">", column+", id"
	if falling {
		sign, order = "<", column+" DESC, id DESC"
	}
	if f.After != nil {
		where += " AND (" + column + ", id) " + sign + " (?, ?)"
		args = append(args, f.Sort.value(*f.After), f.After.ID.String())
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT "+columns+" FROM entries WHERE "+where+" ORDER BY "+order+" LIMIT ?",
		append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	defer rows.Close()
	es := []Entry{}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("list quarantine: %w", err)
		}
		es = append(es, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	return es, nil
}

// MaxCount is the highest exact number that Count returns: beyond it, it is "more than".
const MaxCount = 10_000

// Count returns how many entries a filter chooses, and at most MaxCount+1.
func (s *Store) Count(ctx context.Context, f Filter) (n int, err error) {
	where, args := f.where()
	query := "SELECT count(*) FROM (SELECT 1 FROM entries WHERE " + where + " LIMIT ?)"
	err = s.db.QueryRowContext(ctx, query, append(args, MaxCount+1)...).
		Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count quarantine: %w", err)
	}
	return n, nil
}

// Rules returns the rules that quarantined something, sorted.
func (s *Store) Rules(ctx context.Context) ([]rules.ID, error) {
	// From one rule to the next in the index, where DISTINCT would read every entry.
	rows, err := s.db.QueryContext(ctx, `WITH RECURSIVE found (rule) AS (
		SELECT min(rule) FROM entries UNION ALL
		SELECT (SELECT min(rule) FROM entries WHERE rule > found.rule) FROM found WHERE found.rule IS NOT NULL)
		SELECT rule FROM found WHERE rule IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	defer rows.Close()
	var all []rules.ID
	for rows.Next() {
		var text string
		var id rules.ID
		if err := errors.Join(rows.Scan(&text), id.UnmarshalText([]byte(text))); err != nil {
			return nil, fmt.Errorf("list quarantine: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// Counts are how many messages there are in each state, and since when the oldest waits
// for review.
type Counts struct {
	Of     map[State]int
	Oldest time.Time // zero: none waits
}

// Counts counts the entries.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Of: map[State]int{}}
	rows, err := s.db.QueryContext(ctx, "SELECT state, count(*), min(time) FROM entries GROUP BY state")
	if err != nil {
		return c, fmt.Errorf("count quarantine: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state State
		var n int
		var oldest int64
		if err := rows.Scan(&state, &n, &oldest); err != nil {
			return c, fmt.Errorf("count quarantine: %w", err)
		}
		if c.Of[state] = n; state == Quarantined {
			c.Oldest = time.UnixMilli(oldest).UTC()
		}
	}
	return c, rows.Err()
}
