package lists

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sluis/filter/domains"
	"sluis/internal/durable"
)

// Store keeps lists in a directory, and the index of them.
type Store struct {
	dir     string
	sources []Source
	client  *http.Client

	mu     sync.Mutex
	states map[string]*State
}

// State is what is known of a source.
type State struct {
	Name     string    `json:"name"`
	Category string    `json:"category,omitempty"`
	Names    int       `json:"names"`
	Checked  time.Time `json:"checked"` // zero: never
	Changed  time.Time `json:"changed"`
	Error    string    `json:"error,omitempty"` // of the last check; the last good list holds
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Sum      string    `json:"sha256,omitempty"`
}

// Open opens the lists in a directory, which is made if it is not there: of the sources,
// which are fetched by the client, and those that were imported.
func Open(dir string, sources []Source, client *http.Client) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, imports), 0o700); err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	imported, err := importedIn(filepath.Join(dir, imports))
	if err != nil {
		return nil, err
	}
	sources = slices.Concat(sources, imported)
	s := &Store{dir: dir, sources: sources, client: client, states: map[string]*State{}}
	for _, src := range sources {
		st := &State{}
		if b, err := os.ReadFile(s.file(src, ".json")); err == nil && json.Unmarshal(b, st) != nil {
			*st = State{} // fetched anew
		}
		st.Name, st.Category = src.Name(), src.Category
		s.states[src.key()] = st
	}
	return s, nil
}

func (s Source) key() string {
	sum := sha256.Sum256([]byte(s.Category + "\n" + s.Name()))
	return hex.EncodeToString(sum[:8])
}

func (s *Store) file(src Source, ext string) string { return filepath.Join(s.dir, src.key()+ext) }

// indexFile is the index within the directory.
func (s *Store) indexFile() string { return filepath.Join(s.dir, "index") }

// Status returns what is known of the sources, in their order.
func (s *Store) Status() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []State
	for _, src := range s.sources {
		all = append(all, *s.states[src.key()])
	}
	return all
}

// Missing reports whether there never was a good list of some source.
func (s *Store) Missing() bool {
	return slices.ContainsFunc(s.Status(), func(st State) bool { return st.Sum == "" })
}

// Update looks at the sources that are due, and makes the index anew if one changed or if
// there is none yet. It reports whether it did. What is wrong with a source is in its
// state and in the error, and the last good list holds.
func (s *Store) Update(ctx context.Context, now time.Time) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, src := range s.sources {
		st := s.states[src.key()]
		if !src.due(st, now) {
			continue
		}
		fresh, err := s.look(ctx, src, st, now)
		st.Checked, st.Error = now, ""
		if err != nil {
			st.Error = err.Error()
			errs = append(errs, fmt.Errorf("list %s: %w", src.Name(), err))
		}
		changed = changed || fresh
		if err := s.save(src, st); err != nil {
			errs = append(errs, err)
		}
	}
	fingerprint := s.fingerprint()
	if old, err := os.ReadFile(s.indexFile() + ".of"); err == nil && string(old) == fingerprint && !changed {
		if _, err := os.Stat(s.indexFile()); err == nil {
			return false, errors.Join(errs...)
		}
	}
	if err := s.build(); err != nil {
		return false, errors.Join(append(errs, err)...)
	}
	errs = append(errs, durable.Replace(s.indexFile()+".of", []byte(fingerprint)))
	return true, errors.Join(errs...)
}

// fingerprint tells which lists an index is of.
func (s *Store) fingerprint() string {
	sum := sha256.New()
	for _, src := range s.sources {
		fmt.Fprintln(sum, src.key(), s.states[src.key()].Sum)
	}
	readStarter(func(category, name string, _ bool) { fmt.Fprintln(sum, category, name) })
	return hex.EncodeToString(sum.Sum(nil))
}

// due reports whether it is time to look at a source. One that failed is looked at again
// soon; a file in the place of an older one at once.
func (s Source) due(st *State, now time.Time) bool {
	every := s.Every
	if every == 0 {
		every = 24 * time.Hour
	}
	if st.Error != "" {
		every = min(every, 15*time.Minute)
	}
	return now.Sub(st.Checked) >= every || s.Path != "" && touched(s.Path, st.Checked)
}

// touched reports whether a file, or one in a directory, was changed since a moment.
func touched(path string, since time.Time) bool {
	changed := false
	filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // said when it is read
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(since) {
			changed = true
			return fs.SkipAll
		}
		return nil
	})
	return changed
}

func (s *Store) save(src Source, st *State) error {
	b, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	return durable.Replace(s.file(src, ".json"), b)
}

// look takes a source over if it is new and good.
func (s *Store) look(ctx context.Context, src Source, st *State, now time.Time) (fresh bool, err error) {
	candidate := src
	var header http.Header
	if src.Path == "" {
		path, h, err := s.fetch(ctx, src, st)
		if err != nil || path == "" {
			return false, err
		}
		defer os.Remove(path)
		candidate.Path, header = path, h
	}
	sum := sha256.New()
	names := 0
	err = readPath(candidate, func(category, name string, address bool) {
		names++
		io.WriteString(sum, category+"\n"+name+"\n")
	})
	total := hex.EncodeToString(sum.Sum(nil))
	switch {
	case err != nil:
		return false, err
	case names == 0:
		return false, errors.New("there is no name in it")
	case names > maxNames:
		return false, fmt.Errorf("%d names: more than %d are not taken", names, maxNames)
	case names < st.Names/2:
		return false, fmt.Errorf("%d names, where there were %d: too much has gone to be right. If it is, remove %s.json", names, st.Names, s.file(src, ""))
	case total == st.Sum:
		s.remember(st, header)
		return false, nil
	}
	if src.Path == "" {
		if err := os.Rename(candidate.Path, s.file(src, ".list")); err != nil {
			return false, err
		}
		if err := durable.SyncDir(s.dir); err != nil {
			return false, err
		}
	}
	st.Names, st.Sum, st.Changed = names, total, now
	s.remember(st, header)
	return true, nil
}

func (s *Store) remember(st *State, h http.Header) {
	if h != nil {
		st.ETag, st.Modified = h.Get("ETag"), h.Get("Last-Modified")
	}
}

// fetch fetches a list into a file, unless it is the one that is there.
func (s *Store) fetch(ctx context.Context, src Source, st *State) (path string, h http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, src.URL, nil)
	if err != nil {
		return "", nil, errors.New("not an address")
	}
	if _, err := os.Stat(s.file(src, ".list")); err == nil {
		if st.ETag != "" {
			req.Header.Set("If-None-Match", st.ETag)
		}
		if st.Modified != "" {
			req.Header.Set("If-Modified-Since", st.Modified)
		}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("fetch: %w", err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return "", nil, nil
	case resp.StatusCode != http.StatusOK:
		return "", nil, fmt.Errorf("fetch: the server answers %s", resp.Status)
	}
	f, err := os.CreateTemp(s.dir, "new-")
	if err != nil {
		return "", nil, err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, sum), &bounded{r: resp.Body, left: maxList})
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil && src.Checksum != "" {
		err = s.verify(ctx, src, sum.Sum(nil))
	}
	if err != nil {
		os.Remove(f.Name())
		return "", nil, err
	}
	return f.Name(), resp.Header, nil
}

// verify compares a sum with the published one.
func (s *Store) verify(ctx context.Context, src Source, sum []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, src.Checksum, nil)
	if err != nil {
		return errors.New("checksum: not an address")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("checksum: the server answers %s", resp.Status)
	}
	if !slices.Contains(strings.Fields(strings.ToLower(string(b))), hex.EncodeToString(sum)) {
		return errors.New("it is not the list that its checksum is of")
	}
	return nil
}

// build makes the index of the starter lists and of all sources that are there.
func (s *Store) build() error {
	for {
		err := s.buildOnce()
		if !errors.Is(err, domains.ErrCollision) { // by another key it goes well
			return err
		}
	}
}

func (s *Store) buildOnce() error {
	var categories []string
	number := map[string]int{}
	each := func(take use) error {
		if err := readStarter(take); err != nil {
			return err
		}
		for _, src := range s.sources {
			if s.states[src.key()].Sum == "" {
				continue // there never was a good one
			}
			if src.Path == "" {
				src.Path = s.file(src, ".list")
			}
			if err := readPath(src, take); err != nil {
				return fmt.Errorf("list %s: %w", src.Name(), err)
			}
		}
		return nil
	}
	if err := each(func(c, _ string, _ bool) {
		if _, ok := number[c]; !ok && len(categories) < domains.MaxCategories-1 {
			number[c] = len(categories)
			categories = append(categories, c)
		}
	}); err != nil {
		return fmt.Errorf("build index: %w", err)
	}
	b, err := domains.NewBuilder(categories...)
	if err != nil {
		return fmt.Errorf("build index: %w", err)
	}
	if err := each(func(c, name string, address bool) {
		n, ok := number[c]
		switch {
		case !ok:
		case address:
			b.AddURL(n, name)
		default:
			b.Add(n, name)
		}
	}); err != nil {
		return fmt.Errorf("build index: %w", err)
	}
	return WriteIndex(b, s.indexFile())
}

// WriteIndex writes an index beside the old one and puts it in its place: who has that one
// mapped keeps it.
func WriteIndex(w io.WriterTo, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new-")
	if err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	defer os.Remove(f.Name())
	if _, err = w.WriteTo(f); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return errors.Join(os.Rename(f.Name(), path), durable.SyncDir(filepath.Dir(path)))
}

// Index opens the index. There is one after the first Update.
func (s *Store) Index() (*domains.Index, error) { return domains.Open(s.indexFile()) }
