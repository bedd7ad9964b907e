package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"sluis/filter/peopleindex"
	"sluis/internal/ledger"
	"sluis/internal/store"
	"sluis/internal/store/disk"
)

// PeopleList is an imported list of people.
type PeopleList struct {
	Name     string    `json:"name"`
	Imported time.Time `json:"imported"`
	Bytes    int64     `json:"bytes"`
}

var listName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)

// peopleFile returns where a list of people is kept.
func (d *Data) peopleFile(name string) string { return d.path("people", name+".hashes") }

// peopleKey returns the key of the lists of people.
func (d *Data) peopleKey(read func() ([]byte, error)) (peopleindex.Key, error) {
	b, err := read()
	if err != nil {
		return peopleindex.Key{}, fmt.Errorf("key of the lists of people: %w", err)
	}
	if len(b) != len(peopleindex.Key{}) {
		return peopleindex.Key{}, errors.New("the key of the lists of people is damaged: " +
			"remove it and import the lists again")
	}
	return peopleindex.Key(b), nil
}

// PeopleLists returns the lists of people that there are.
func (d *Data) PeopleLists() ([]PeopleList, error) {
	files, err := filepath.Glob(d.peopleFile("*"))
	if err != nil {
		return nil, err
	}
	var lists []PeopleList
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return nil, err
		}
		lists = append(lists, PeopleList{
			Name:     strings.TrimSuffix(filepath.Base(f), ".hashes"),
			Imported: info.ModTime().UTC(),
			Bytes:    info.Size(),
		})
	}
	return lists, nil
}

// peopleIndex reads all lists of people that can be read; nil if there are none. The error names
// the others.
func (d *Data) peopleIndex() (*peopleindex.Index, error) {
	if d.cfg.Data == "" {
		return nil, nil
	}
	lists, err := d.PeopleLists()
	if err != nil || len(lists) == 0 {
		return nil, err
	}
	key, err := d.peopleKey(func() ([]byte, error) { return os.ReadFile(d.path("keys", "people.key")) })
	if err != nil {
		return nil, &store.Damage{File: "keys/people.key", Err: err}
	}
	var all []*peopleindex.Index
	var errs []error
	for _, l := range lists {
		path := d.peopleFile(l.Name)
		list, err := readPeople(path, key)
		if err != nil {
			errs = append(errs, &store.Damage{File: "people/" + filepath.Base(path), Err: err})
			continue
		}
		all = append(all, list)
	}
	if len(all) == 0 {
		return nil, errors.Join(errs...)
	}
	return peopleindex.Merge(all...), errors.Join(errs...)
}

func readPeople(path string, key peopleindex.Key) (*peopleindex.Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return peopleindex.Read(f, key)
}

// ImportPeople makes a list of people of a table, in place of one with the same name. The
// import is in the ledger first.
func (d *Data) ImportPeople(ctx context.Context, name string, table io.Reader) (peopleindex.Summary, error) {
	var none peopleindex.Summary
	if !listName.MatchString(name) {
		return none, errors.New("the name of a list has small letters, digits and dashes only")
	}
	l, err := d.Ledger()
	if err != nil {
		return none, err
	}
	key, err := d.peopleKey(func() ([]byte, error) {
		return d.peopleKeyFile().Open(ctx, l, func() []byte {
			k := peopleindex.NewKey()
			return k[:]
		})
	})
	if err != nil {
		return none, err
	}
	index, sum, err := peopleindex.Build(table, key)
	if err != nil {
		return none, err
	}
	var b strings.Builder
	if _, err := index.WriteTo(&b); err != nil {
		return none, err
	}
	if err := d.Record(ctx, ledger.PeopleImported, ledger.Data{Reason: name, Count: sum.People}); err != nil {
		return none, err
	}
	if err := os.MkdirAll(d.path("people"), 0o700); err != nil {
		return none, err
	}
	return sum, disk.Replace(d.peopleFile(name), []byte(b.String()))
}

// RemovePeople destroys a list of people. The removal is in the ledger first.
func (d *Data) RemovePeople(ctx context.Context, name string) error {
	path := d.peopleFile(name)
	if _, err := os.Stat(path); !listName.MatchString(name) || err != nil {
		return fmt.Errorf("there is no list %s: sluis people list names them", name)
	}
	if err := d.Record(ctx, ledger.PeopleRemoved, ledger.Data{Reason: name}); err != nil {
		return err
	}
	return disk.Destroy(path)
}
