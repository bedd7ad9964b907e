package sitelists

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluis/filter/domains"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// room is how many categories an index has room for: one less than its most, which it
// needs itself where addresses are listed.
const room = domains.MaxCategories - 1

// index makes the index anew if it is not of the lists that are kept, and reports whether
// it did.
func (s *Store) index() (made bool, err error) {
	want := s.fingerprint()
	if of, err := os.ReadFile(s.indexFile() + ".of"); err == nil && string(of) == want {
		if _, err := s.Index(); err == nil {
			return false, nil
		}
	}
	damaged := s.mend()
	if damaged != nil {
		if _, err := s.Index(); err == nil {
			return false, damaged // the index that is there holds until the list is back
		}
		left, err := s.build() // of the others; without its fingerprint it is made again
		if err != nil {
			return false, errors.Join(damaged, fmt.Errorf("make index: %w", err))
		}
		return true, errors.Join(damaged, full(left))
	}
	left, err := s.build()
	if err != nil {
		return false, fmt.Errorf("make index: %w", err)
	}
	if err := disk.Replace(s.indexFile()+".of", []byte(want)); err != nil {
		return true, err
	}
	return true, full(left)
}

// full returns the error for categories that there is no room for on their own.
func full(left []string) error {
	if len(left) == 0 {
		return nil
	}
	const text = "an index has room for %d categories: together in %s are %s"
	return fmt.Errorf(text, room, other, strings.Join(left, ", "))
}

// mend has kept lists that are damaged taken over anew.
func (s *Store) mend() error {
	var errs []error
	for i, st := range s.Status() {
		src := s.sources[i]
		if st.Sum == "" || intact(s.file(src, ".kept"), st.Sum) {
			continue
		}
		errs = append(errs, fmt.Errorf("list %s: %w", src.Name(), errDamaged))
		st.Checked, st.ETag, st.Modified, st.Error = time.Time{}, "", "", errDamaged.Error()
		errs = append(errs, s.save(src, st))
	}
	return errors.Join(errs...)
}

// fingerprint is of the lists an index is of.
func (s *Store) fingerprint() string {
	sum := sha256.New()
	for _, st := range s.Status() {
		fmt.Fprintln(sum, st.Name, st.Category, st.Sum)
	}
	readStarter(func(category, name string) { fmt.Fprintln(sum, category, name) })
	return hex.EncodeToString(sum.Sum(nil))
}

// build makes the index of the starter lists and of all that are kept. It returns the
// categories that there is no room for on their own.
func (s *Store) build() (left []string, err error) {
	categories, left, names := s.categories()
	if left != nil {
		categories = append(categories, other)
	}
	for {
		err := s.buildOf(categories, names)
		if !errors.Is(err, domains.ErrCollision) { // by another key it goes well
			return left, err
		}
	}
}

// other is the category of what there is no room for: it has no name of its own, but its
// sites are no unknown ones.
const other = "other"

// categories returns those of all lists: what the code forbids comes first, so that it
// always has room.
func (s *Store) categories() (in, left []string, names int) {
	take := func(c string) {
		if !slices.Contains(in, c) {
			in = append(in, c)
		}
	}
	readStarter(func(c, _ string) {
		names++
		take(c)
	})
	all := s.Status()
	for _, forbidden := range []bool{true, false} {
		for _, st := range all {
			for _, c := range st.Categories {
				if _, is := rules.SiteCategory(c); is == forbidden {
					take(c)
				}
			}
		}
	}
	for _, st := range all {
		names += st.Names
	}
	if len(in) > room {
		in, left = in[:room-1:room-1], in[room-1:]
	}
	return in, left, names
}

func (s *Store) buildOf(categories []string, names int) error {
	b, err := domains.NewBuilder(categories...)
	if err != nil {
		return err
	}
	b.Grow(names)
	number := map[string]int{}
	for i, c := range categories {
		number[c] = i
	}
	add := func(category, name string) {
		n, ok := number[category]
		if !ok {
			n = number[other]
		}
		b.AddEntry(n, name)
	}
	if err := readStarter(add); err != nil {
		return err
	}
	for i, st := range s.Status() {
		if st.missing() {
			continue
		}
		if err := readKept(s.file(s.sources[i], ".kept"), add); err != nil {
			return fmt.Errorf("list %s: %w", st.Name, err)
		}
	}
	return WriteIndex(b, s.indexFile())
}

// WriteIndex writes an index beside the old one and puts it in its place: who has that one
// mapped keeps it.
func WriteIndex(w io.WriterTo, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary)
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
	return errors.Join(os.Rename(f.Name(), path), disk.SyncDir(filepath.Dir(path)))
}
