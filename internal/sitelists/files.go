package sitelists

import (
	"errors"
	"fmt"

	"sluis/filter/domains"
)

// File is a list of names of one category, in a file, and what was read of it.
type File struct {
	Category string
	Path     string
	Report
}

// BuildIndex makes an index of lists, in place of one at the same path, and returns the lists
// with what was read of them.
func BuildIndex(path string, lists []File) ([]File, error) {
	for {
		read, err := buildIndex(path, lists)
		if !errors.Is(err, domains.ErrCollision) { // by another key it goes well
			return read, err
		}
	}
}

func buildIndex(path string, lists []File) ([]File, error) {
	var categories []string
	for _, l := range lists {
		categories = append(categories, l.Category)
	}
	b, err := domains.NewBuilder(categories...)
	if err != nil {
		return nil, err
	}
	var read []File
	for i, l := range lists {
		if err := l.addTo(b, i); err != nil {
			return append(read, l), fmt.Errorf("%s: %w", l.Path, err)
		}
		read = append(read, l)
	}
	return read, WriteIndex(b, path)
}

// addTo adds what is on a list to an index, as a category with a number.
func (l *File) addTo(b *domains.Builder, number int) error {
	suffixes := &guard{} // the rest is for who makes the file to say
	report, err := readPath(Source{Category: l.Category, Path: l.Path}, suffixes, func(_, entry string) {
		b.AddEntry(number, entry)
	})
	l.Report = report
	if err == nil && l.Names == 0 {
		err = errors.New("there is no name in it: is it a list?")
	}
	return err
}
