package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"sluis/filter"
)

// OnDisk has a function called with the ids of eligible records once these are on disk (C3.3b). It
// comes before the first Put.
func (w *Writer) OnDisk(kept func([]filter.ID)) { w.kept = kept }

// Recorded removes from ids those that have a record in the segments of a directory, also in the one
// that a crash left open.
func Recorded(ctx context.Context, dir string, ids map[filter.ID]bool) error {
	list, err := segments(dir)
	if err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"+openName))
	if err != nil {
		return err
	}
	for _, path := range left {
		list = append(list, Segment{Name: strings.TrimSuffix(filepath.Base(path), openName), path: path})
	}
	for _, s := range list {
		_, err := s.Each(ctx, func(r Record) error {
			delete(ids, r.ID)
			return nil
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
