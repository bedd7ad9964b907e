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

// confirmedSites is the end of the name of a file beside an imported list: the well-known sites on it that are blocked
// all the same, one a line.
const confirmedSites = ".confirmed"

// importedIn returns the sources in the directory of imports.
func importedIn(dir string) ([]Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	var all []Source
	for _, e := range entries {
		src := Source{Path: filepath.Join(dir, e.Name())}
		category, single := strings.CutSuffix(e.Name(), ".list")
		if single {
			src.Category = category
		} else if !strings.HasSuffix(e.Name(), ".archive") {
			continue
		}
		text, err := os.ReadFile(src.Path + confirmedSites)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("lists: %w", err)
		}
		src.Confirmed = strings.Fields(string(text))
		all = append(all, src)
	}
	return all, nil
}

// ErrUnconfirmed is returned for a list that has sites which schools cannot do without.
var ErrUnconfirmed = errors.New("well-known sites are on the list: nothing is imported before that is confirmed")

// Import takes a list or archive over from a file or an address, once it was found to be good, and returns what is in
// it. The next Update makes the index with it. A list with well-known sites is taken over, with them, if that is
// confirmed; else the error is ErrUnconfirmed, and the report names them.
func (s *Store) Import(ctx context.Context, src Source, confirmed bool) (Report, error) {
	candidate := src
	var err error
	if src.Path == "" {
		if candidate.Path, _, err = s.fetch(ctx, src, State{}); err != nil {
			return Report{}, err
		}
		defer os.Remove(candidate.Path)
	}
	switch info, err := os.Stat(candidate.Path); {
	case err != nil:
		return Report{}, err
	case info.IsDir():
		return Report{}, errors.New("import a file or an address; a directory is named in the configuration")
	}
	read := func() (Report, error) { return readPath(candidate, s.options.newGuard(src), func(string, string) {}) }
	report, err := read()
	if report.Withheld > 0 && confirmed {
		src.Confirmed = report.WellKnown
		report, err = read()
	}
	switch {
	case err != nil: // also where the category is a path
		return report, err
	case report.Withheld > 0:
		return report, ErrUnconfirmed
	case report.Names == 0:
		return report, errors.New("there is no name in it")
	}
	name := src.Category + ".list"
	if src.Category == "" {
		name = archiveName(src) + ".archive"
	}
	imported := Source{Category: src.Category, Path: filepath.Join(s.dir, imports, name)}
	if err := s.copyIn(candidate.Path, imported.Path); err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	sites := []byte(strings.Join(report.WellKnown, "\n"))
	err = errors.Join(disk.Replace(imported.Path+confirmedSites, sites),
		disk.Remove(s.file(imported, ".json"))) // who imports knows: it may be much smaller than the last
	return report, err
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
