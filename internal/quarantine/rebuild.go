package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// The index can be damaged, or lost, while the sealed messages are there: then it is made anew. A row that can still be
// read is kept. For a message without one only its id, time and size are known until a person opens it.
const (
	indexFile   = "index.db"
	rebuiltFile = "index.db.rebuilt"
)

// rebuiltRule stands for the rule of a message whose row is lost.
var (
	rebuiltRule   = rules.MustID("quarantine.rebuilt")
	rebuiltClause = rules.MustClause("C3.3g")
)

// openOrRebuild opens the index. If it is damaged, or gone with messages left, it is made anew.
func (s *Store) openOrRebuild(ctx context.Context) error {
	path := filepath.Join(s.dir, indexFile)
	sealed, err := s.sealedFiles("sealed")
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	empty := errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
	if !empty || len(sealed) == 0 {
		if s.db, err = openIndex(path); err == nil || !store.IsDamage(err) {
			return err
		}
	}
	had := s.owned != nil
	if err := s.own(); err != nil {
		return fmt.Errorf("make the quarantine's index anew: %w", err)
	}
	err = s.rebuild(ctx, sealed)
	if !had { // Reconcile takes it again
		err = errors.Join(err, s.disown())
	}
	return err
}

// mend makes the index anew if a part of it is damaged. The process owns the quarantine.
func (s *Store) mend(ctx context.Context) error {
	var found string
	err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	if err == nil && found == "ok" || err != nil && !store.IsDamage(err) {
		return err
	}
	sealed, err := s.sealedFiles("sealed")
	if err != nil {
		return err
	}
	return s.rebuild(ctx, sealed)
}

// rebuild makes an index of the rows that can still be read and of the sealed messages, and puts it in the place of the
// old one, which is kept beside it.
func (s *Store) rebuild(ctx context.Context, sealed map[filter.ID]os.FileInfo) error {
	path, fresh := filepath.Join(s.dir, indexFile), filepath.Join(s.dir, rebuiltFile)
	rows := s.salvage(ctx)
	if s.db != nil {
		s.db.Close()
	}
	if _, err := s.ledger.Append(ctx, ledger.QuarantineRebuilt, ledger.Data{Count: len(sealed)}); err != nil {
		return fmt.Errorf("write in the ledger that the quarantine's index is made anew: %w", err)
	}
	removeDatabase(fresh)
	db, err := openIndex(fresh)
	if err != nil {
		return err
	}
	for _, r := range rows {
		err = errors.Join(err, r.insert(ctx, db))
		delete(sealed, r.id)
	}
	err = errors.Join(err, s.addUnknown(ctx, db, sealed), db.Close())
	if err != nil {
		return fmt.Errorf("make the quarantine's index anew: %w", err)
	}
	kept := fmt.Sprintf("%s.damaged-%d", path, s.now().Unix())
	if err := os.Link(path, kept); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("keep the quarantine's damaged index: %w", err)
	}
	for _, more := range []string{"-wal", "-shm"} { // of the old one, or they would be taken for the new one's
		if err := os.Remove(path + more); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := errors.Join(os.Rename(fresh, path), disk.SyncDir(s.dir)); err != nil {
		return err
	}
	s.db, err = openIndex(path)
	return err
}

func removeDatabase(path string) {
	for _, more := range []string{"", "-wal", "-shm"} {
		os.Remove(path + more) // what is left of an attempt before
	}
}

// addUnknown adds messages of which the row is lost. One that is sealed for release as well was decided on.
func (s *Store) addUnknown(ctx context.Context, db *sql.DB, sealed map[filter.ID]os.FileInfo) error {
	release, err := s.sealedFiles("release")
	if err != nil {
		return err
	}
	to := &Store{db: db}
	for id, f := range sealed {
		e := Entry{
			ID:         id,
			Time:       f.ModTime(),
			Direction:  rules.In,
			Clause:     rebuiltClause,
			Rule:       rebuiltRule,
			Recipients: 1, // at least
			Size:       f.Size(),
		}
		if err := to.insert(ctx, e, nil); err != nil {
			return err
		}
		if release[id] == nil {
			continue
		}
		const query = "UPDATE entries SET state = ?, decided = ?, attempts = 1 WHERE id = ?"
		if _, err := db.ExecContext(ctx, query, Releasing, s.now().UnixMilli(), id.String()); err != nil {
			return err
		}
	}
	return nil
}

// sealedFiles returns the whole files of messages in a directory of the quarantine.
func (s *Store) sealedFiles(sub string) (map[filter.ID]os.FileInfo, error) {
	files, err := os.ReadDir(filepath.Join(s.dir, sub))
	if err != nil {
		return nil, err
	}
	all := map[filter.ID]os.FileInfo{}
	for _, f := range files {
		name, whole := strings.CutSuffix(f.Name(), ".age")
		id, err := filter.ParseID(name)
		if !whole || err != nil {
			continue
		}
		if all[id], err = f.Info(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// salvaged is a row that can still be read.
type salvaged struct {
	id      filter.ID
	columns []string
	values  []any
}

// salvage reads the rows of a damaged index as far as that goes.
func (s *Store) salvage(ctx context.Context) (rows []salvaged) {
	db := s.db
	if db == nil {
		var err error
		if db, err = sql.Open("sqlite", filepath.Join(s.dir, indexFile)); err != nil {
			return nil
		}
		defer db.Close()
	}
	found, err := db.QueryContext(ctx, "SELECT * FROM entries NOT INDEXED")
	if err != nil {
		return nil
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil
	}
	for found.Next() {
		r := salvaged{columns: columns, values: make([]any, len(columns))}
		to := make([]any, len(columns))
		for i := range to {
			to[i] = &r.values[i]
		}
		if found.Scan(to...) != nil {
			continue
		}
		text, _ := r.value("id").(string)
		if r.id, err = filter.ParseID(text); err == nil && r.sound() {
			rows = append(rows, r)
		}
	}
	return rows
}

func (r *salvaged) value(column string) any {
	for i, name := range r.columns {
		if name == column {
			return r.values[i]
		}
	}
	return nil
}

// sound reports whether a row has a state that there is, at a time that was.
func (r *salvaged) sound() bool {
	state, _ := r.value("state").(string)
	at, ok := r.value("time").(int64)
	switch State(state) {
	case Quarantined, Releasing, Released, Failed, Destroyed:
		return ok && at > 0 && at < time.Now().AddDate(1, 0, 0).UnixMilli()
	}
	return false
}

func (r *salvaged) insert(ctx context.Context, db *sql.DB) error {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(r.columns)), ", ")
	query := "INSERT OR IGNORE INTO entries (" + strings.Join(r.columns, ", ") + ") VALUES (" + marks + ")"
	_, err := db.ExecContext(ctx, query, r.values...)
	return err
}
