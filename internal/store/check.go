package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
)

// CheckDatabase returns ErrDamaged if a database of a data directory, such as
// accounts/accounts.db, cannot be read; one that is not there is none. It changes nothing. A
// thorough check reads all of it.
func CheckDatabase(ctx context.Context, dir, name string, thorough bool) error {
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	q := url.Values{"_pragma": {"busy_timeout(2000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return &Damage{name, err}
	}
	defer db.Close()
	query, want := "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_schema)", "ok"
	if thorough {
		query = "PRAGMA quick_check(1)"
	}
	var got string
	if err := db.QueryRowContext(ctx, query).Scan(&got); err != nil {
		return &Damage{name, errors.New("it is no database any more")}
	}
	if got != want {
		return &Damage{File: name}
	}
	return nil
}
