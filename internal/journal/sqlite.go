package journal

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sluis/internal/roster"
	"sluis/internal/store"
)

// DB is the embedded backend: the hourly roll-ups are in an SQLite database, the records
// in compressed files beside it, a file for each day.
type DB struct {
	db      *sql.DB
	archive archive
}

const schema = `
CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS blocks (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, start INTEGER NOT NULL,
	bytes INTEGER NOT NULL, records INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS blocks_by_day ON blocks (day);
CREATE TABLE IF NOT EXISTS hours (
	hour INTEGER NOT NULL, kind INTEGER NOT NULL, direction INTEGER NOT NULL, grp TEXT NOT NULL, action INTEGER NOT NULL,
	purpose INTEGER NOT NULL, category INTEGER NOT NULL, clause TEXT NOT NULL,
	confidential INTEGER NOT NULL, eligible INTEGER NOT NULL, drawn INTEGER NOT NULL,
	records INTEGER NOT NULL, bytes INTEGER NOT NULL, recipients INTEGER NOT NULL,
	PRIMARY KEY (hour, kind, direction, grp, action, purpose, category, clause, confidential, eligible, drawn)
) STRICT, WITHOUT ROWID;
`

// OpenDB opens the backend in a directory, which is made if it is not there.
func OpenDB(dir string) (*DB, error) {
	days := filepath.Join(dir, "days")
	if err := os.MkdirAll(days, 0o700); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	db, err := store.OpenSQLite(filepath.Join(dir, "rollups.db"), schema)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &DB{db, archive{days}}, nil
}

// Close closes the database.
func (d *DB) Close() error { return d.db.Close() }

// batch is what a segment holds, as it goes into the files and the roll-ups.
type batch struct {
	days  map[int64]*packed
	hours map[hourCell]*Sums
}

type hourCell struct {
	hour int64
	Cell
}

func (b *batch) add(r Record) error {
	if !r.counted() {
		if err := b.keep(&r); err != nil {
			return err
		}
	}
	at := hourCell{r.Time.UTC().Truncate(time.Hour).Unix(), r.cell()}
	if b.hours[at] == nil {
		b.hours[at] = &Sums{}
	}
	b.hours[at].add(r.sums())
	return nil
}

// keep adds a record to those of its day.
func (b *batch) keep(r *Record) error {
	d := day(r.Time)
	if b.days[d] == nil {
		p, err := newPacked()
		if err != nil {
			return err
		}
		b.days[d] = p
	}
	return b.days[d].add(r)
}

// Load implements Store: the records go to the files of their days; what counts of these,
// the roll-ups and the segment's name go into the database in one transaction.
func (d *DB) Load(ctx context.Context, s Segment) (unread int64, err error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	defer tx.Rollback() // no effect after Commit
	res, err := tx.Exec("INSERT OR IGNORE INTO segments VALUES (?, ?)", s.Name, time.Now().UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	b := &batch{map[int64]*packed{}, map[hourCell]*Sums{}}
	if unread, err = s.Each(ctx, b.add); err != nil {
		return 0, err
	}
	for _, day := range slices.Sorted(maps.Keys(b.days)) {
		if err := d.keep(tx, day, b.days[day]); err != nil {
			return 0, fmt.Errorf("load journal segment: %w", err)
		}
	}
	if err := rollUp(tx, b.hours); err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	return unread, nil
}

// keep appends a block to the file of its day. Transactions that write come one after
// another, so that no other block gets in between.
func (d *DB) keep(tx *sql.Tx, day int64, p *packed) error {
	var start int64
	if err := tx.QueryRow("SELECT coalesce(max(start + bytes), 0) FROM blocks WHERE day = ?",
		day).Scan(&start); err != nil {
		return err
	}
	n, err := d.archive.append(day, start, p)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO blocks (day, start, bytes, records) VALUES (?, ?, ?, ?)", day, start, n, p.records)
	return err
}

func rollUp(tx *sql.Tx, hours map[hourCell]*Sums) error {
	row, err := tx.Prepare(`INSERT INTO hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
		SET records = records + excluded.records, bytes = bytes + excluded.bytes,
			recipients = recipients + excluded.recipients`)
	if err != nil {
		return err
	}
	defer row.Close()
	for c, s := range hours {
		if _, err := row.Exec(c.hour, c.Kind, c.Direction, c.Group.String(), c.Action, c.Purpose, c.Category,
			c.Clause.String(),
			c.Confidential, c.Eligible, c.Drawn, s.Records, s.Bytes, s.Recipients); err != nil {
			return err
		}
	}
	return nil
}

// Each implements Store.
func (d *DB) Each(
	ctx context.Context,
	since, until time.Time,
	after Position,
	use func(Record) error,
) (Position, error) {
	var dec decoder
	err := d.bodies(ctx, since, until, after, &after, func(body []byte) (bool, error) {
		r, err := dec.decode(body)
		if err != nil {
			return false, nil
		}
		if r.Time.Before(since) || !r.Time.Before(until) || r.counted() { // counted: of an earlier version
			return true, nil
		}
		return true, use(r)
	})
	return after, err
}

// Of implements Store: the pseudonym is compared before a record is decoded.
func (d *DB) Of(ctx context.Context, who []Pseudonym, since, until time.Time, use func(Record) error) error {
	wanted := map[Pseudonym]bool{}
	for _, p := range who {
		if p != (Pseudonym{}) {
			wanted[p] = true
		}
	}
	var last Position
	return d.bodies(ctx, since, until, 0, &last, func(body []byte) (bool, error) {
		p, ok := pseudonymOf(body)
		if !ok || !wanted[p] {
			return ok, nil
		}
		r, err := decode(body)
		if err != nil {
			return false, nil
		}
		if r.Time.Before(since) || !r.Time.Before(until) {
			return true, nil
		}
		return true, use(r)
	})
}

// bodies calls use for the bytes of each record of the days from since to until, in the
// order in which they came in, and names the block that is done.
func (d *DB) bodies(
	ctx context.Context,
	since, until time.Time,
	after Position,
	last *Position,
	use func([]byte) (bool, error),
) error {
	for {
		list, err := d.blocks(ctx, since, until, after)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		for _, b := range list {
			var failed error
			err := d.archive.read(b, func(r *tolerant) error {
				_, err := readBodies(r, func(body []byte) (ok bool, _ error) {
					if failed = ctx.Err(); failed == nil {
						ok, failed = use(body)
					}
					return ok, failed
				})
				return err
			})
			if failed != nil {
				return failed // of use, as it is
			}
			if err != nil {
				return fmt.Errorf("read journal: %w", err)
			}
			after, *last = b.seq, b.seq
		}
	}
}

// blocks returns the next blocks behind a position.
func (d *DB) blocks(ctx context.Context, since, until time.Time, after Position) ([]block, error) {
	rows, err := d.db.QueryContext(
		ctx,
		"SELECT seq, day, start, bytes, records FROM blocks WHERE seq > ? AND day > ? AND day < ? ORDER BY seq "+
			"LIMIT 1000",
		after,
		since.Unix()-int64(24*time.Hour/time.Second),
		until.Unix(),
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []block
	for rows.Next() {
		var b block
		if err := rows.Scan(&b.seq, &b.day, &b.start, &b.bytes, &b.records); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

// Last implements Store.
func (d *DB) Last(ctx context.Context, n int) (Position, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT seq, records FROM blocks ORDER BY seq DESC")
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	for left := int64(n); rows.Next(); {
		if left <= 0 {
			var p Position
			var records int64
			return p, rows.Scan(&p, &records)
		}
		var p Position
		var records int64
		if err := rows.Scan(&p, &records); err != nil {
			return 0, fmt.Errorf("read journal: %w", err)
		}
		left -= records
	}
	return 0, rows.Err()
}

// Hours implements Store.
func (d *DB) Hours(ctx context.Context, since, until time.Time, use func(Hour) error) error {
	rows, err := d.db.QueryContext(
		ctx,
		`SELECT hour, kind, direction, grp, action, purpose, category, clause, confidential, eligible, drawn,
		records, bytes, recipients FROM hours WHERE hour >= ? AND hour < ? ORDER BY hour`,
		since.Unix(),
		until.Unix(),
	)
	if err != nil {
		return fmt.Errorf("read roll-ups of the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		h, err := scanHour(rows)
		if err != nil {
			return fmt.Errorf("read roll-ups of the journal: %w", err)
		}
		if err := use(h); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanHour(rows *sql.Rows) (h Hour, err error) {
	var at int64
	var group, clause string
	if err := rows.Scan(&at, &h.Kind, &h.Direction, &group, &h.Action, &h.Purpose, &h.Category, &clause,
		&h.Confidential, &h.Eligible, &h.Drawn,
		&h.Records, &h.Bytes, &h.Recipients); err != nil {
		return h, err
	}
	h.Hour = time.Unix(at, 0).UTC()
	if h.Group, err = roster.ParseGroup(group); err != nil {
		return h, err
	}
	return h, h.Clause.UnmarshalText([]byte(clause))
}

// Prune implements Store.
func (d *DB) Prune(ctx context.Context, before time.Time) (destroyed int64, err error) {
	rows, err := d.db.QueryContext(
		ctx,
		"SELECT day, sum(records) FROM blocks WHERE day < ? GROUP BY day",
		before.Unix(),
	)
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	defer rows.Close()
	days := map[int64]int64{}
	for rows.Next() {
		var day, records int64
		if err := rows.Scan(&day, &records); err != nil {
			return 0, fmt.Errorf("prune journal: %w", err)
		}
		days[day] = records
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		// The file goes first: a crash in between leaves blocks of a day without a file,
		// which are none, and are removed the next time.
		if err := d.archive.destroy(day); err != nil {
			return destroyed, fmt.Errorf("prune journal: %w", err)
		}
		if _, err := d.db.ExecContext(ctx, "DELETE FROM blocks WHERE day = ?", day); err != nil {
			return destroyed, fmt.Errorf("prune journal: %w", err)
		}
		destroyed += days[day]
	}
	// The names of old segments are needed only until their files are surely gone.
	if _, err := d.db.ExecContext(ctx, "DELETE FROM segments WHERE time < ?", before.UnixMilli()); err != nil {
		return destroyed, fmt.Errorf("prune journal: %w", err)
	}
	return destroyed, nil
}

// Held implements Store.
func (d *DB) Held(ctx context.Context) (h Held, err error) {
	var oldest, newest sql.NullInt64
	if err := d.db.QueryRowContext(ctx, "SELECT coalesce(sum(records), 0), coalesce(sum(bytes), 0), min(day), "+
		"max(day) FROM blocks").
		Scan(&h.Records, &h.Bytes, &oldest, &newest); err != nil {
		return h, fmt.Errorf("look what the journal holds: %w", err)
	}
	var pages int64
	if err := d.db.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, "+
		"pragma_page_size").Scan(&pages); err != nil {
		return h, fmt.Errorf("look what the journal holds: %w", err)
	}
	h.Bytes += pages
	if oldest.Valid {
		h.Since, h.Until = time.Unix(oldest.Int64, 0).UTC(), time.Unix(newest.Int64, 0).UTC().Add(24*time.Hour)
	}
	return h, nil
}
