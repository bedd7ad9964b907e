package sitelists

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sluis/internal/store/disk"
)

// imports is the directory of lists that were imported by hand, beside those that the
// configuration names. A single list is CATEGORY.list; an archive in the layout of UT1,
// which names its categories itself, is NAME.archive.
const imports = "imported"

// importedIn returns the sources in the directory of imports.
func importedIn(dir string) ([]Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	var all []Source
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if category, ok := strings.CutSuffix(e.Name(), ".list"); ok {
			all = append(all, Source{Category: category, Path: path})
		} else if strings.HasSuffix(e.Name(), ".archive") {
			all = append(all, Source{Path: path})
		}
	}
	return all, nil
}

// Import takes a list or archive over from a file or an address, once it was found to be
// good, and returns how many names are in it. The next Update makes the index with it.
func (s *Store) Import(ctx context.Context, src Source) (names int, err error) {
	candidate := src
	if src.Path == "" {
		if candidate.Path, _, err = s.fetch(ctx, src, State{}); err != nil {
			return 0, err
		}
		defer os.Remove(candidate.Path)
	}
	switch info, err := os.Stat(candidate.Path); {
	case err != nil:
		return 0, err
	case info.IsDir():
		return 0, errors.New("import a file or an address; a directory is named in the configuration")
	}
	if err := readPath(candidate, func(string, string) { names++ }); err != nil { // of which the category is no path
		return 0, err
	}
	if names == 0 {
		return 0, errors.New("there is no name in it")
	}
	name := src.Category + ".list"
	if src.Category == "" {
		name = archiveName(src) + ".archive"
	}
	imported := Source{Category: src.Category, Path: filepath.Join(s.dir, imports, name)}
	if err := s.copyIn(candidate.Path, imported.Path); err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	return names, disk.Remove(s.file(imported, ".json")) // who imports knows: it may be much smaller than the last
}

// copyIn puts a copy of a file in the place of another one.
func (s *Store) copyIn(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(s.dir, temporary)
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return errors.Join(os.Rename(out.Name(), to), disk.SyncDir(filepath.Dir(to)))
}

// archiveName names an archive by where it came from, so that the same one imported later
// takes its place.
func archiveName(src Source) string {
	from := src.Path
	if u, err := url.Parse(src.URL); from == "" && err == nil {
		from = u.Host + "-" + u.Path
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(filepath.Base(from)))
	return strings.Trim(name, "-")
}
