package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver
)

// pragmas of every database: writers wait for one another; a committed transaction survives a
// power cut; what is deleted is overwritten.
var pragmas = []string{
	"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
}

// connections bounds those of one database.
const connections = 4

// OpenSQLite opens the database in a file, for its owner alone. In a transaction it executes
// the schema, which makes the tables that are not there. Transactions begin as writers
// (BEGIN IMMEDIATE), so that none fails halfway for another.
func OpenSQLite(path, schema string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would let the group read
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	f.Close()
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(connections)
	if err := prepare(db, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

func prepare(db *sql.DB, schema string) error {
	tx, err := db.Begin() // alone: another process may be at it
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	return tx.Commit()
}
