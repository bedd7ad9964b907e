package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sluis/filter/peopleindex"
	"sluis/internal/durable"
	"sluis/internal/ledger"
)

// peopleCmd is sluis people.
type peopleCmd struct {
	Import peopleImportCmd `cmd:"" help:"Import a list of pupils or staff (CSV), so that their data is recognised. Only hashes are kept."`
	List   peopleListCmd   `cmd:"" help:"Name the lists that were imported."`
	Remove peopleRemoveCmd `cmd:"" help:"Destroy a list."`
}

// peopleFile returns where a list is kept.
func peopleFile(data, name string) string { return filepath.Join(data, "people", name+".hashes") }

var listName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)

// peopleKey returns the key of the lists; it is made the first time.
func peopleKey(data string) (peopleindex.Key, error) {
	b, err := durable.ReadOrCreate(filepath.Join(data, "keys", "people.key"), func() []byte { k := peopleindex.NewKey(); return k[:] })
	if err != nil {
		return peopleindex.Key{}, fmt.Errorf("key of the lists of people: %w", err)
	}
	if len(b) != len(peopleindex.Key{}) {
		return peopleindex.Key{}, errors.New("the key of the lists of people is damaged: remove it and import the lists again")
	}
	return peopleindex.Key(b), nil
}

// peopleLists returns the names of the lists that there are.
func peopleLists(data string) ([]string, error) {
	files, err := filepath.Glob(peopleFile(data, "*"))
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".hashes")
	}
	return files, err
}

// loadPeople reads all lists; nil if there are none.
func loadPeople(data string) (*peopleindex.Dictionary, error) {
	names, err := peopleLists(data)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	key, err := peopleKey(data)
	if err != nil {
		return nil, err
	}
	var all []*peopleindex.Dictionary
	for _, n := range names {
		d, err := readPeople(peopleFile(data, n), key)
		if err != nil {
			return nil, fmt.Errorf("list of people %s: %w", n, err)
		}
		all = append(all, d)
	}
	return peopleindex.Merge(all...), nil
}

func readPeople(path string, key peopleindex.Key) (*peopleindex.Dictionary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return peopleindex.Read(f, key)
}

type peopleImportCmd struct {
	source
	Name string `arg:"" help:"What to call the list, such as leerlingen."`
	File string `arg:"" type:"path" help:"CSV file; its first line names the columns: voornaam, tussenvoegsel, achternaam or naam, geboortedatum, leerlingnummer, personeelsnummer, bsn, e-mail, postcode, huisnummer."`
}

// Run imports a list, in place of one with the same name.
func (c peopleImportCmd) Run(ctx context.Context) error {
	if !listName.MatchString(c.Name) {
		return errors.New("the name of a list has small letters, digits and dashes only")
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	in, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	key, err := peopleKey(cfg.Data)
	if err != nil {
		return err
	}
	d, sum, err := peopleindex.Build(in, key)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	var b strings.Builder
	if _, err := d.WriteTo(&b); err != nil {
		return err
	}
	if err := witnessed(ctx, cfg.Data, ledger.PeopleImported, ledger.Data{Reason: c.Name, Count: sum.People}); err != nil {
		return err
	}
	path := peopleFile(cfg.Data, c.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := durable.Replace(path, []byte(b.String())); err != nil {
		return err
	}
	fmt.Printf("%s: %d people, %d values, kept as hashes. A running gateway takes it at its next reload (SIGHUP).\n", c.Name, sum.People, sum.Values)
	if len(sum.Ignored) > 0 {
		fmt.Printf("columns that are not used: %s\n", strings.Join(sum.Ignored, ", "))
	}
	if sum.Skipped > 0 {
		fmt.Printf("%d values are too short, or no date, and left out\n", sum.Skipped)
	}
	return nil
}

// witnessed writes an act in the ledger.
func witnessed(ctx context.Context, data string, kind ledger.Kind, d ledger.Data) error {
	l, err := ledger.Open(filepath.Join(data, "ledger"))
	if err != nil {
		return err
	}
	_, err = l.Append(ctx, kind, d)
	return err
}

type peopleListCmd struct {
	source
	JSON bool `help:"Print one JSON object a line."`
}

// Run names the lists.
func (c peopleListCmd) Run() error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	names, err := peopleLists(cfg.Data)
	if err != nil {
		return err
	}
	for _, n := range names {
		info, err := os.Stat(peopleFile(cfg.Data, n))
		if err != nil {
			return err
		}
		if c.JSON {
			err = json.NewEncoder(os.Stdout).Encode(map[string]any{"name": n, "imported": info.ModTime().UTC(), "bytes": info.Size()})
		} else {
			_, err = fmt.Printf("%-20s imported %s, %d bytes\n", n, info.ModTime().Format("2006-01-02 15:04"), info.Size())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type peopleRemoveCmd struct {
	source
	Name string `arg:"" help:"Name of the list."`
}

// Run destroys a list.
func (c peopleRemoveCmd) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	path := peopleFile(cfg.Data, c.Name)
	if !listName.MatchString(c.Name) || !exists(path) {
		return fmt.Errorf("there is no list %s: sluis people list names them", c.Name)
	}
	if err := witnessed(ctx, cfg.Data, ledger.PeopleRemoved, ledger.Data{Reason: c.Name}); err != nil {
		return err
	}
	return durable.Destroy(path)
}
