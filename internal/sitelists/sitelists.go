package sitelists

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sluis/filter/domains"
	"sluis/internal/store/disk"
)

// Store keeps lists in a directory, and the index of them. Several processes can use one
// directory: what one takes over the others see at their next Update.
type Store struct {
	dir        string
	configured []Source
	options    Options
	client     *http.Client

	updating sync.Mutex // one at a time
	mu       sync.Mutex // guards what follows, and is not held while a list is fetched
	sources  []Source   // configured and imported
	states   map[string]State
}

// Options are what a Store works with.
type Options struct {
	Client    *http.Client // fetches lists; nil: the usual one
	Own       []string     // domains of the organisation: no list blocks them
	Forbidden []string     // lists that the organisation's own code forbids: they block as the code's categories do
}

// State is what is known of a source.
type State struct {
	Name       string    `json:"name"`
	Category   string    `json:"category,omitempty"`
	Categories []string  `json:"categories,omitempty"` // that the list has
	Names      int       `json:"names"`
	Checked    time.Time `json:"checked"` // zero: never
	Changed    time.Time `json:"changed"`
	Error      string    `json:"error,omitempty"` // of the last check; the last good list holds
	ETag       string    `json:"etag,omitempty"`
	Modified   string    `json:"modified,omitempty"`
	Sum        string    `json:"sha256,omitempty"` // of the kept list; empty: there never was a good one
	Reader     string    `json:"reader,omitempty"` // how it was read
	Report
}

// temporary names files that are being written.
const temporary = "new-"

// Open opens the lists in a directory, which is made if it is not there: of the sources, and those that were imported.
func Open(dir string, sources []Source, o Options) (*Store, error) {
	for _, src := range sources {
		if err := src.check(); err != nil {
			return nil, fmt.Errorf("list %s: %w", src.Name(), err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, imports), 0o700); err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	s := &Store{dir: dir, configured: sources, options: o, client: careful(o.Client)}
	s.tidy(time.Now().Add(-2 * fetchTime))
	return s, s.read()
}

// read reads what is known of the sources from disk.
func (s *Store) read() error {
	imported, err := importedIn(filepath.Join(s.dir, imports))
	if err != nil {
		return err
	}
	sources, states := slices.Concat(s.configured, imported), map[string]State{}
	for _, src := range sources {
		var st State
		b, err := os.ReadFile(s.file(src, ".json"))
		if err == nil && json.Unmarshal(b, &st) != nil {
			st = State{} // checked anew
		}
		st.Name, st.Category = src.Name(), src.Category
		states[src.key()] = st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources, s.states = sources, states
	return nil
}

// tidy removes what a process left behind that ended while it wrote.
func (s *Store) tidy(before time.Time) {
	left, _ := filepath.Glob(filepath.Join(s.dir, temporary+"*"))
	for _, f := range left {
		if info, err := os.Stat(f); err == nil && info.ModTime().Before(before) {
			os.Remove(f)
		}
	}
}

func (s *Store) file(src Source, ext string) string { return filepath.Join(s.dir, src.key()+ext) }

// Status returns what is known of the sources, in their order. It waits for nothing.
func (s *Store) Status() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []State
	for _, src := range s.sources {
		all = append(all, s.states[src.key()])
	}
	return all
}

// Missing reports whether there is no good list of some source.
func (s *Store) Missing() bool { return slices.ContainsFunc(s.Status(), State.missing) }

// missing reports whether there never was a good list, or it is damaged.
func (st State) missing() bool { return st.Sum == "" || st.Error == errDamaged.Error() }

// Update checks the sources that are due, and makes the index anew if one changed or if
// there is none yet. It reports whether it did. What is wrong with a source is in its
// state and in the error, and the last good list holds.
func (s *Store) Update(ctx context.Context, now time.Time) (changed bool, err error) {
	return s.update(ctx, now, func(Source) bool { return true })
}

// UpdateFiles is an Update of the sources on disk only: it waits for no server.
func (s *Store) UpdateFiles(ctx context.Context, now time.Time) (changed bool, err error) {
	return s.update(ctx, now, func(src Source) bool { return src.Path != "" })
}

func (s *Store) update(ctx context.Context, now time.Time, wanted func(Source) bool) (changed bool, err error) {
	s.updating.Lock()
	defer s.updating.Unlock()
	if err := s.read(); err != nil {
		return false, err
	}
	var errs []error
	for i, st := range s.Status() {
		src := s.sources[i]
		if !wanted(src) || !src.due(st, s.options.newGuard(src).reader(), now) {
			continue
		}
		err := s.look(ctx, src, &st, now)
		if ctx.Err() != nil { // not the fault of the source
			return false, errors.Join(append(errs, ctx.Err())...)
		}
		st.Checked, st.Error = now, ""
		if err != nil {
			st.Error = err.Error()
			errs = append(errs, fmt.Errorf("list %s: %w", src.Name(), err))
		}
		errs = append(errs, s.save(src, st))
	}
	changed, err = s.index()
	return changed, errors.Join(append(errs, err)...)
}

func (s *Store) save(src Source, st State) error {
	s.mu.Lock()
	s.states[src.key()] = st
	s.mu.Unlock()
	b, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	return disk.Replace(s.file(src, ".json"), b)
}

// look takes a source over if it is new and good.
func (s *Store) look(ctx context.Context, src Source, st *State, now time.Time) error {
	candidate, g := src, s.options.newGuard(src)
	reader, known := g.reader(), *st
	if st.Reader != reader {
		known.ETag, known.Modified = "", "" // what the list is now has to be read anew
	}
	var header http.Header
	if src.Path == "" {
		path, h, err := s.fetch(ctx, src, known)
		if err != nil || path == "" {
			return err
		}
		defer os.Remove(path)
		candidate.Path, header = path, h
	}
	k, err := newKeeper(s.dir)
	if err != nil {
		return err
	}
	defer k.discard()
	report, err := readPath(candidate, g, k.take)
	if err != nil {
		return err
	}
	sum, err := k.finish()
	switch {
	case err != nil:
		return err
	case k.names < st.Names/2 && st.Reader == reader:
		return fmt.Errorf(
			"%d names, where there were %d: too much has gone to be right. If it is, remove %s",
			k.names,
			st.Names,
			s.file(src, ".json"),
		)
	}
	if sum != st.Sum || !intact(s.file(src, ".kept"), sum) {
		if err := os.Rename(k.file.Name(), s.file(src, ".kept")); err != nil {
			return err
		}
		if err := disk.SyncDir(s.dir); err != nil {
			return err
		}
		st.Names, st.Categories, st.Sum, st.Changed = k.names, k.categories, sum, now
	}
	st.Reader, st.Report = reader, report
	if header != nil {
		st.ETag, st.Modified = header.Get("ETag"), header.Get("Last-Modified")
	}
	return nil
}

// Index opens the index. There is one after the first Update.
func (s *Store) Index() (*domains.Index, error) { return domains.Open(s.indexFile()) }

// indexFile is the index within the directory.
func (s *Store) indexFile() string { return filepath.Join(s.dir, "index") }
