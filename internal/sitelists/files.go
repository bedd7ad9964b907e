package sitelists

import (
	"errors"
	"fmt"
	"os"

	"sluis/filter/domains"
)

// File is a list of names of one category, in a file, and how much of it was understood.
type File struct {
	Category string
	Path     string
	Names    int // new ones: of the same name in two categories the first counts
	Strange  int // lines that are no names
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

// addTo adds the names of a list to an index, as a category with a number.
func (l *File) addTo(b *domains.Builder, number int) error {
	f, err := os.Open(l.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	l.Strange, err = domains.ReadList(f, func(name string) {
		if b.Add(number, name) {
			l.Names++
		}
	})
	if err == nil && l.Names == 0 {
		err = errors.New("there is no name in it: is it a list?")
	}
	return err
}
