package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/store"
	"sluis/rules"
)

const schema = `
CREATE TABLE IF NOT EXISTS entries (
	id TEXT PRIMARY KEY, time INTEGER NOT NULL, direction TEXT NOT NULL,
	purpose TEXT NOT NULL, category TEXT NOT NULL, clause TEXT NOT NULL, rule TEXT NOT NULL, score INTEGER NOT NULL,
	recipients INTEGER NOT NULL, size INTEGER NOT NULL,
	state TEXT NOT NULL, decided INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, lease INTEGER NOT NULL DEFAULT 0,
	delivered TEXT NOT NULL DEFAULT '', reply TEXT NOT NULL DEFAULT '', answer BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS proposals (
	id TEXT PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
	act TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, reason TEXT NOT NULL,
	note TEXT NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS concerned (
	row INTEGER PRIMARY KEY, id TEXT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
	address BLOB, link TEXT UNIQUE
) STRICT;
CREATE INDEX IF NOT EXISTS concerned_entry ON concerned (id);
`

// added are columns that an index of an earlier version does not have.
var added = []string{
	"review TEXT NOT NULL DEFAULT ''", "reviewed INTEGER NOT NULL DEFAULT 0", "version INTEGER NOT NULL DEFAULT 1",
	"confidential INTEGER NOT NULL DEFAULT 0",
}

// indexes make lists quick however many entries there are: each way to sort ends in the id,
// so that a page can begin after any entry.
const indexes = `
DROP INDEX IF EXISTS entries_by_time;
DROP INDEX IF EXISTS entries_by_state;
CREATE INDEX IF NOT EXISTS entries_time ON entries (time, id);
CREATE INDEX IF NOT EXISTS entries_score ON entries (score, id);
CREATE INDEX IF NOT EXISTS entries_size ON entries (size, id);
CREATE INDEX IF NOT EXISTS entries_state ON entries (state, review, time, id);
CREATE INDEX IF NOT EXISTS entries_rule ON entries (rule, time, id);
CREATE INDEX IF NOT EXISTS entries_purpose ON entries (purpose, time, id);
`

// openIndex opens the index, for its owner alone. Beside the columns of an Entry it has,
// for release: when the next try is due, until when a process has the message (lease),
// which recipients have it already, and the next hop's answer, sealed.
func openIndex(path string) (*sql.DB, error) {
	db, err := store.OpenSQLite(path, "")
	if err != nil {
		return nil, fmt.Errorf("open quarantine index: %w", err)
	}
	if err := migrate(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("open quarantine index: %w", err)
	}
	return db, nil
}

// migrate makes the tables, or what one of an earlier version lacks.
func migrate(db *sql.DB) error {
	tx, err := db.Begin() // alone: another process may be at it
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	for _, column := range added {
		name, _, _ := strings.Cut(column, " ")
		var n int
		const query = "SELECT count(*) FROM pragma_table_info('entries') WHERE name = ?"
		if err := tx.QueryRow(query, name).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := tx.Exec("ALTER TABLE entries ADD COLUMN " + column); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(indexes); err != nil {
		return err
	}
	return tx.Commit()
}

const columns = "id, time, direction, purpose, category, clause, rule, score, recipients, size, state, " +
	"decided, attempts, reply, review, reviewed, version, confidential"

func scanEntry(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var id, direction, purpose, category, clause, rule string
	var at, decided, reviewed int64
	err := row.Scan(
		&id,
		&at,
		&direction,
		&purpose,
		&category,
		&clause,
		&rule,
		&e.Score,
		&e.Recipients,
		&e.Size,
		&e.State,
		&decided,
		&e.Attempts,
		&e.Reply,
		&e.Review,
		&reviewed,
		&e.Version,
		&e.Confidential,
	)
	if err != nil {
		return Entry{}, err
	}
	e.Time = time.UnixMilli(at).UTC()
	if decided != 0 {
		e.Decided = time.UnixMilli(decided).UTC()
	}
	if reviewed != 0 {
		e.Reviewed = time.UnixMilli(reviewed).UTC()
	}
	err = errors.Join(e.ID.UnmarshalText([]byte(id)), e.Direction.UnmarshalText([]byte(direction)),
		e.Clause.UnmarshalText([]byte(clause)), e.Rule.UnmarshalText([]byte(rule)))
	e.Purpose, _ = rules.ParsePurpose(purpose)    // none stays none
	e.Category, _ = rules.ParseCategory(category) // none stays none
	return e, err
}

func (s *Store) insert(ctx context.Context, e Entry, concerned []string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(
		ctx,
		`INSERT INTO entries
			(id, time, direction, purpose, category, clause, rule, score, recipients, size, state, confidential)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID.String(),
		e.Time.UnixMilli(),
		e.Direction.String(),
		e.Purpose.String(),
		e.Category.String(),
		e.Clause.String(),
		e.Rule.String(),
		e.Score,
		e.Recipients,
		e.Size,
		Quarantined,
		e.Confidential,
	)
	if err != nil {
		return err
	}
	if err := s.addConcerned(ctx, tx, e.ID, concerned); err != nil {
		return err
	}
	return tx.Commit()
}

// ErrNotFound is returned for an id that is not in the quarantine.
var ErrNotFound = errors.New("there is no such message in the quarantine")

// Get returns one entry.
func (s *Store) Get(ctx context.Context, id filter.ID) (Entry, error) {
	e, err := scanEntry(s.db.QueryRowContext(ctx, "SELECT "+columns+" FROM entries WHERE id = ?", id.String()))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, fmt.Errorf("look up in quarantine: %w", err)
	}
	return e, nil
}
