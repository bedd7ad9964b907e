package journal

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

func (r *Record) setEnums(kind, direction, action, purposes, purpose, category uint8) {
	r.Kind, r.Direction, r.Action = Kind(kind), rules.Direction(direction), filter.Action(action)
	r.Purposes, r.Purpose, r.Category = rules.Purposes(purposes), rules.Purpose(purpose), rules.Category(category)
}

// period returns the condition for records from since to until. Numbers are written into
// the query, for old servers bind no parameters.
func period(since, until time.Time) string {
	from, to := max(since.UnixMilli(), 0), until.UnixMilli()
	first, last := from/86_400_000, min(to/86_400_000, math.MaxUint16)
	return fmt.Sprintf(
		"day >= toDate(%d) AND day <= toDate(%d) AND time >= %d AND time < %d",
		min(first, math.MaxUint16),
		last,
		since.UnixMilli(),
		to,
	)
}

// records is the condition for rows that are more than a part of an hourly count, as earlier versions kept
// confidential traffic.
const records = " AND bitAnd(flags, 3) != 1"

// Each implements Store.
func (c *ClickHouse) Each(
	ctx context.Context,
	since, until time.Time,
	after Position,
	use func(Record) error,
) (Position, error) {
	where := period(since, until) + records + " AND seg > " + strconv.FormatInt(int64(after), 10) + " ORDER BY seg, n"
	err := c.records(ctx, where, func(r Record, seg int64) error {
		after = Position(seg)
		return use(r)
	})
	return after, err
}

// records calls use for the rows that a condition chooses.
func (c *ClickHouse) records(ctx context.Context, where string, use func(Record, int64) error) error {
	rows, err := c.office.Query(ctx, "SELECT "+list(columns)+" FROM traffic WHERE "+where)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, seg, err := record(rows)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if err := use(r, seg); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Last implements Store.
func (c *ClickHouse) Last(ctx context.Context, n int) (Position, error) {
	rows, err := c.office.Query(
		ctx,
		"SELECT seg, count() AS records FROM traffic GROUP BY seg ORDER BY seg DESC LIMIT "+strconv.Itoa(max(n, 0)+1),
	)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	for left := int64(n); rows.Next(); {
		var seg int64
		var records uint64
		if err := rows.Scan(&seg, &records); err != nil {
			return 0, fmt.Errorf("read journal: %w", err)
		}
		if left <= 0 {
			return Position(seg), nil
		}
		left -= int64(records)
	}
	return 0, rows.Err()
}

// Of implements Store.
func (c *ClickHouse) Of(ctx context.Context, who []Pseudonym, since, until time.Time, use func(Record) error) error {
	var sought []string
	for _, p := range who {
		if p != (Pseudonym{}) {
			sought = append(sought, "unhex('"+hex.EncodeToString(p[:])+"')")
		}
	}
	if len(sought) == 0 {
		return nil
	}
	where := period(since, until) + " AND pseudonym IN (" + strings.Join(sought, ", ") + ") ORDER BY time, seg, n"
	return c.records(ctx, where, func(r Record, _ int64) error { return use(r) })
}

// contributionsQuery adds up a month.
func contributionsQuery(month time.Time) string {
	since, until := monthOf(month)
	return "SELECT pseudonym, toUInt8(least(intDiv(toDayOfMonth(day) - 1, 7) + 1, 4)) AS part, kind, direction, " +
		"grp, action, purpose, category, clause, toUInt16(bitAnd(flags, " + strconv.Itoa(
		cellFlags,
	) + ")) AS cell_flags, " +
		"toInt64(count()) AS records, toInt64(sum(bytes)) AS size, toInt64(sum(recipients)) AS parties FROM " +
		"traffic WHERE " + period(
		since,
		until,
	) + records +
		" GROUP BY pseudonym, part, kind, direction, grp, action, purpose, category, clause, cell_flags"
}

// hoursQuery reads the roll-up.
func hoursQuery(since, until time.Time) string {
	return fmt.Sprintf(
		"SELECT hour, %s, toInt64(sum(records)) AS n, toInt64(sum(bytes)) AS size, toInt64(sum(recipients)) AS "+
			"parties FROM hours WHERE hour >= %d AND hour < %d GROUP BY hour, %s ORDER BY hour",
		cellColumns,
		since.Unix(),
		until.Unix(),
		cellColumns,
	)
}

// Contributions implements Store: the server adds up.
func (c *ClickHouse) Contributions(
	ctx context.Context,
	month time.Time,
	blind [32]byte,
	use func(Contribution) error,
) error {
	rows, err := c.office.Query(ctx, contributionsQuery(month))
	if err != nil {
		return fmt.Errorf("add up the journal: %w", err)
	}
	defer rows.Close()
	b := newBlinder(blind)
	for rows.Next() {
		var x Contribution
		var pseudonym string
		c := cellScan{cell: &x.Cell}
		if err := rows.Scan(append(append([]any{&pseudonym, &x.Part}, c.targets()...), &x.Records, &x.Bytes,
			&x.Recipients)...); err != nil {
			return fmt.Errorf("add up the journal: %w", err)
		}
		if err := c.done(); err != nil || len(pseudonym) != len(Pseudonym{}) {
			return fmt.Errorf("add up the journal: %w", errEncoding)
		}
		x.Person = b.person(Pseudonym([]byte(pseudonym)))
		if err := use(x); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cellScan reads the columns of a cell.
type cellScan struct {
	cell                                        *Cell
	kind, direction, action, purpose, categorie uint8
	group, clause                               string
	flags                                       uint16
}

func (s *cellScan) targets() []any {
	return []any{&s.kind, &s.direction, &s.group, &s.action, &s.purpose, &s.categorie, &s.clause, &s.flags}
}

func (s *cellScan) done() (err error) {
	var r Record
	r.setEnums(s.kind, s.direction, s.action, 0, s.purpose, s.categorie)
	r.setFlags(s.flags)
	if r.Group, err = roster.ParseGroup(s.group); err != nil {
		return err
	}
	if err := r.Clause.UnmarshalText([]byte(s.clause)); err != nil {
		return err
	}
	*s.cell = r.cell()
	return nil
}

// Hours implements Store.
func (c *ClickHouse) Hours(ctx context.Context, since, until time.Time, use func(Hour) error) error {
	rows, err := c.office.Query(ctx, hoursQuery(since, until))
	if err != nil {
		return fmt.Errorf("read roll-ups of the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h Hour
		var at int64
		cell := cellScan{cell: &h.Cell}
		if err := rows.Scan(append(append([]any{&at}, cell.targets()...), &h.Records, &h.Bytes,
			&h.Recipients)...); err != nil {
			return fmt.Errorf("read roll-ups of the journal: %w", err)
		}
		if err := cell.done(); err != nil {
			return fmt.Errorf("read roll-ups of the journal: %w", err)
		}
		h.Hour = time.Unix(at, 0).UTC()
		if err := use(h); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Prune implements Store: partitions are dropped.
func (c *ClickHouse) Prune(ctx context.Context, before time.Time) (destroyed int64, err error) {
	last := min(max(before.Unix()-1, 0)/86400, math.MaxUint16) // the day of the last second before it
	rows, err := c.office.Query(
		ctx,
		"SELECT day, count() FROM traffic WHERE day <= toDate("+strconv.FormatInt(
			last,
			10,
		)+") GROUP BY day ORDER BY day",
	)
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	days, err := countsByDay(rows)
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	for _, d := range days {
		s := "ALTER TABLE " + c.dialect.local(
			"traffic",
		) + c.dialect.on() + " DROP PARTITION '" + d.day.Format(
			time.DateOnly,
		) + "'"
		if err := c.office.Exec(ctx, s); err != nil {
			return destroyed, fmt.Errorf("prune journal: %w", err)
		}
		destroyed += d.records
	}
	return destroyed, nil
}

type dayCount struct {
	day     time.Time
	records int64
}

func countsByDay(rows driver.Rows) (days []dayCount, err error) {
	defer rows.Close()
	for rows.Next() {
		var d dayCount
		var n uint64
		if err := rows.Scan(&d.day, &n); err != nil {
			return nil, err
		}
		d.records = int64(n)
		days = append(days, d)
	}
	return days, rows.Err()
}

// Held implements Store.
func (c *ClickHouse) Held(ctx context.Context) (h Held, err error) {
	var n uint64
	var oldest, newest time.Time
	if err := c.office.QueryRow(ctx, "SELECT count(), min(day), max(day) FROM traffic").Scan(&n, &oldest,
		&newest); err != nil {
		return h, fmt.Errorf("look what the journal holds: %w", err)
	}
	if h.Records = int64(n); n > 0 {
		h.Since, h.Until = oldest.UTC().Truncate(24*time.Hour), newest.UTC().Truncate(24*time.Hour).Add(24*time.Hour)
	}
	var size uint64
	if c.office.QueryRow(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = "+
		"currentDatabase() AND table IN ('traffic', 'hours', 'traffic_local', 'hours_local')").
		Scan(&size) ==
		nil { // 0 without the right to read system tables
		h.Bytes = int64(size)
	}
	return h, nil
}
