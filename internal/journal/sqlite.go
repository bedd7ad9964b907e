package journal

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// DB is the embedded database of the journal.
type DB struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS traffic (
	seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, direction INTEGER NOT NULL,
	pseudonym BLOB, grp TEXT NOT NULL, peer TEXT NOT NULL,
	action INTEGER NOT NULL, purposes INTEGER NOT NULL, purpose INTEGER NOT NULL, category INTEGER NOT NULL, clause TEXT NOT NULL, rule TEXT NOT NULL,
	flags INTEGER NOT NULL, recipients INTEGER NOT NULL, refused INTEGER NOT NULL, parts INTEGER NOT NULL, repaired INTEGER NOT NULL,
	reply INTEGER NOT NULL, bytes INTEGER NOT NULL, duration INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS traffic_by_time ON traffic (time);
CREATE TABLE IF NOT EXISTS hourly (
	hour INTEGER NOT NULL, kind INTEGER NOT NULL, direction INTEGER NOT NULL, action INTEGER NOT NULL, purpose INTEGER NOT NULL, category INTEGER NOT NULL,
	messages INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (hour, kind, direction, action, purpose, category)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT;
`

// OpenDB opens the database in a file, which is made if it is not there.
func OpenDB(path string) (*DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	db.SetMaxOpenConns(4)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &DB{db}, nil
}

// Close closes the database.
func (d *DB) Close() error { return d.db.Close() }

// load brings the records of a segment in, and its name, in one transaction. A segment
// that is in already is passed over. It returns how many bytes were no records.
func (d *DB) load(path, name string) (unread int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	defer f.Close()
	tx, err := d.db.Begin()
	if err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	defer tx.Rollback() // no effect after Commit
	res, err := tx.Exec("INSERT OR IGNORE INTO segments VALUES (?, ?)", name, time.Now().UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	if unread, err = insert(tx, f); err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("load journal segment: %w", err)
	}
	return unread, nil
}

func insert(tx *sql.Tx, f *os.File) (unread int64, err error) {
	row, err := tx.Prepare("INSERT INTO traffic VALUES (NULL" + placeholders(21) + ")")
	if err != nil {
		return 0, err
	}
	defer row.Close()
	hour, err := tx.Prepare(`INSERT INTO hourly VALUES (?, ?, ?, ?, ?, ?, 1, ?)
		ON CONFLICT DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes`)
	if err != nil {
		return 0, err
	}
	defer hour.Close()
	return readSegment(f, func(r Record) error {
		var pseudonym any
		if r.pseudonym != (Pseudonym{}) {
			pseudonym = r.pseudonym[:]
		}
		flags := 0
		for i, f := range r.flags() {
			if *f {
				flags |= 1 << i
			}
		}
		_, err := row.Exec(r.Time.UnixMilli(), r.ID[:], r.Kind, r.Direction, pseudonym, r.Group.String(), r.Peer.String(),
			r.Action, r.Purposes, r.Purpose, r.Category, r.Clause.String(), r.Rule.String(),
			flags, r.Recipients, r.Refused, r.Parts, r.Repaired, r.Reply, r.Bytes, int64(r.Duration))
		if err != nil {
			return err
		}
		_, err = hour.Exec(r.Time.Truncate(time.Hour).Unix(), r.Kind, r.Direction, r.Action, r.Purpose, r.Category, r.Bytes)
		return err
	})
}

func placeholders(n int) string {
	b := []byte{}
	for range n {
		b = append(b, ", ?"...)
	}
	return string(b)
}

// Position is a place in the journal, to read on from.
type Position int64

// Each calls use for the records from since to until, in the order in which they came
// in, that are behind a position. It returns the position of the last one.
func (d *DB) Each(ctx context.Context, since, until time.Time, after Position, use func(Record) error) (Position, error) {
	rows, err := d.db.QueryContext(ctx, "SELECT * FROM traffic WHERE seq > ? AND time >= ? AND time < ? ORDER BY seq", after, since.UnixMilli(), until.UnixMilli())
	if err != nil {
		return after, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, seq, err := scan(rows)
		if err != nil {
			return after, fmt.Errorf("read journal: %w", err)
		}
		after = seq
		if err := use(r); err != nil {
			return after, err
		}
	}
	return after, rows.Err()
}

// Last returns the position that has n records behind it.
func (d *DB) Last(ctx context.Context, n int) (Position, error) {
	var p sql.NullInt64
	err := d.db.QueryRowContext(ctx, "SELECT min(seq) - 1 FROM (SELECT seq FROM traffic ORDER BY seq DESC LIMIT ?)", n).Scan(&p)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	return Position(p.Int64), nil
}

func scan(rows *sql.Rows) (Record, Position, error) {
	var r Record
	var seq Position
	var at, duration int64
	var flags int
	var id, pseudonym []byte
	var group, peer, clause, rule string
	err := rows.Scan(&seq, &at, &id, &r.Kind, &r.Direction, &pseudonym, &group, &peer, &r.Action, &r.Purposes, &r.Purpose, &r.Category, &clause, &rule,
		&flags, &r.Recipients, &r.Refused, &r.Parts, &r.Repaired, &r.Reply, &r.Bytes, &duration)
	if err != nil {
		return r, 0, err
	}
	r.Time, r.Duration = time.UnixMilli(at).UTC(), time.Duration(duration)
	for i, f := range r.flags() {
		*f = flags&(1<<i) != 0
	}
	if len(id) == len(r.ID) {
		r.ID = filter.ID(id)
	}
	if len(pseudonym) == len(r.pseudonym) {
		r.pseudonym = Pseudonym(pseudonym)
	}
	if r.Group, err = roster.ParseGroup(group); err != nil {
		return r, 0, err
	}
	if r.Peer, err = parseDomain(peer); err != nil {
		return r, 0, err
	}
	if clause != "" {
		if r.Clause, err = rules.ParseClause(clause); err != nil {
			return r, 0, err
		}
	}
	return r, seq, r.Rule.UnmarshalText([]byte(rule))
}

// Prune destroys the records from before a time; the hourly totals stay, since they point
// at nobody. It returns how many.
func (d *DB) Prune(ctx context.Context, before time.Time) (int64, error) {
	res, err := d.db.ExecContext(ctx, "DELETE FROM traffic WHERE time < ?", before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	// The names of old segments are needed only until their files are surely gone.
	if _, err := d.db.ExecContext(ctx, "DELETE FROM segments WHERE time < ?", before.UnixMilli()); err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	// The write-ahead log has older states of the pages.
	if _, err := d.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	return res.RowsAffected()
}
