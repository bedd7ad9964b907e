package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"sluis/filter"
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
CREATE INDEX IF NOT EXISTS entries_by_time ON entries (time);
CREATE INDEX IF NOT EXISTS entries_by_state ON entries (state, time);
`

// openIndex opens the index, for its owner alone. Beside the columns of an Entry it has,
// for release: when the next try is due, until when a process has the message (lease),
// which recipients have it already, and the next hop's answer, sealed.
func openIndex(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would let the group read
	if err != nil {
		return nil, fmt.Errorf("open quarantine index: %w", err)
	}
	f.Close()
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open quarantine index: %w", err)
	}
	db.SetMaxOpenConns(4)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("open quarantine index: %w", err)
	}
	return db, nil
}

const columns = "id, time, direction, purpose, category, clause, rule, score, recipients, size, state, decided, attempts, reply"

func scanEntry(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var id, direction, purpose, category, clause, rule string
	var at, decided int64
	err := row.Scan(&id, &at, &direction, &purpose, &category, &clause, &rule, &e.Score, &e.Recipients, &e.Size, &e.State, &decided, &e.Attempts, &e.Reply)
	if err != nil {
		return Entry{}, err
	}
	e.Time = time.UnixMilli(at).UTC()
	if decided != 0 {
		e.Decided = time.UnixMilli(decided).UTC()
	}
	err = errors.Join(e.ID.UnmarshalText([]byte(id)), e.Direction.UnmarshalText([]byte(direction)),
		e.Clause.UnmarshalText([]byte(clause)), e.Rule.UnmarshalText([]byte(rule)))
	e.Purpose, _ = rules.ParsePurpose(purpose)    // none stays none
	e.Category, _ = rules.ParseCategory(category) // none stays none
	return e, err
}

func (s *Store) insert(ctx context.Context, e Entry) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO entries (id, time, direction, purpose, category, clause, rule, score, recipients, size, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID.String(), e.Time.UnixMilli(), e.Direction.String(), e.Purpose.String(),
		e.Category.String(), e.Clause.String(), e.Rule.String(), e.Score, e.Recipients, e.Size, Held)
	return err
}

// Filter chooses entries. Zero fields choose all.
type Filter struct {
	State    State
	Category rules.Category
	Since    time.Time
	Limit    int // default 100
	Offset   int
}

// List returns entries, newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Entry, error) {
	where, args := []string{"1"}, []any{}
	if f.State != "" {
		where, args = append(where, "state = ?"), append(args, f.State)
	}
	if f.Category != rules.NoCategory {
		where, args = append(where, "category = ?"), append(args, f.Category.String())
	}
	if !f.Since.IsZero() {
		where, args = append(where, "time >= ?"), append(args, f.Since.UnixMilli())
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	args = append(args, f.Limit, f.Offset)
	rows, err := s.db.QueryContext(ctx, "SELECT "+columns+" FROM entries WHERE "+strings.Join(where, " AND ")+" ORDER BY time DESC, id LIMIT ? OFFSET ?", args...)
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
		if c.Of[state] = n; state == Held {
			c.Oldest = time.UnixMilli(oldest).UTC()
		}
	}
	return c, rows.Err()
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
