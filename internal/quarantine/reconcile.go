package quarantine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sluis/filter"
	"sluis/internal/store/disk"
)

// ErrInUse is returned by Reconcile if another process takes mail for this quarantine.
var ErrInUse = errors.New("another gateway uses this quarantine")

// row is what Reconcile has to know of an entry.
type row struct {
	state  State
	leased bool // a process is at it now
}

// kept reports whether there has to be a sealed file.
func (r row) kept() bool { return r.state == Quarantined || r.state == Releasing || r.state == Failed }

// Reconcile mends what a crash left. A sealed file that is not in the index belongs to a
// message that was never accepted, and is removed. A message that is in the index and has
// no file is a loss: those are returned, and stay listed. Only the gateway calls
// Reconcile, before it takes mail; until Close no other process can.
func (s *Store) Reconcile(ctx context.Context) (missing []filter.ID, err error) {
	if err := s.own(); err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	if err := s.mend(ctx); err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	rows, err := s.rows(ctx)
	if err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	sealed, err := s.sweep("sealed", func(r row, whole bool) bool { return whole && r.kept() }, rows)
	if err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	release, err := s.sweep(
		"release",
		func(r row, whole bool) bool { return r.leased || whole && r.state == Releasing },
		rows,
	)
	if err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	for id, r := range rows {
		if r.kept() && !sealed[id] {
			missing = append(missing, id)
		}
		if r.state != Releasing || r.leased || release[id] {
			continue
		}
		const query = "UPDATE entries SET state = ? WHERE id = ? AND state = ?"
		if _, err := s.db.ExecContext(ctx, query, Failed, id.String(), Releasing); err != nil {
			return nil, fmt.Errorf("reconcile quarantine: %w", err)
		}
	}
	return missing, nil
}

// own takes the lock of the process that takes mail: to another, what is being sealed
// looks like what a crash left.
func (s *Store) own() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owned != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "gateway.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return ErrInUse
		}
		return err
	}
	s.owned = f
	return nil
}

// disown gives the lock back.
func (s *Store) disown() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.owned
	s.owned = nil
	return f.Close()
}

func (s *Store) rows(ctx context.Context) (map[filter.ID]row, error) {
	found, err := s.db.QueryContext(ctx, "SELECT id, state, lease >= ? FROM entries", s.now().UnixMilli())
	if err != nil {
		return nil, err
	}
	defer found.Close()
	rows := map[filter.ID]row{}
	for found.Next() {
		var text string
		var r row
		if err := found.Scan(&text, &r.state, &r.leased); err != nil {
			return nil, err
		}
		id, err := filter.ParseID(text)
		if err != nil {
			return nil, err
		}
		rows[id] = r
	}
	return rows, found.Err()
}

// sweep removes the files that nothing keeps and returns the messages with a whole one.
func (s *Store) sweep(
	sub string,
	keep func(r row, whole bool) bool,
	rows map[filter.ID]row,
) (map[filter.ID]bool, error) {
	dir := filepath.Join(s.dir, sub)
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	there, removed := map[filter.ID]bool{}, false
	for _, f := range files {
		name, rest, dotted := strings.Cut(f.Name(), ".age")
		id, err := filter.ParseID(name)
		if !dotted || err != nil {
			if f.Name() == releaseKey || s.fresh(f) {
				continue
			}
		} else if keep(rows[id], rest == "") {
			there[id] = there[id] || rest == ""
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		removed = true
	}
	if removed {
		return there, disk.SyncDir(dir)
	}
	return there, nil
}

// fresh reports whether a file may be the release key that another process is making.
func (s *Store) fresh(f os.DirEntry) bool {
	info, err := f.Info()
	return err == nil && time.Since(info.ModTime()) < time.Minute
}
