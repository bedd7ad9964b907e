package roster

import (
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNoTable is returned for a roster whose people are not in a table of their own, so that
// none can take its place.
var ErrNoTable = errors.New("the people of this roster are not in a CSV file")

// Table returns the CSV file that the people of a roster are in.
func Table(path string) (string, error) {
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return path, nil
	}
	if path == "" {
		return "", ErrNoTable
	}
	text, err := read(path)
	if err != nil {
		return "", err
	}
	f, err := parseYAML(path, text)
	if err != nil {
		return "", err
	}
	switch table := f.PeopleFile.text; {
	case table == "":
		return "", ErrNoTable
	case filepath.IsAbs(table):
		return table, nil
	default:
		return filepath.Join(filepath.Dir(path), table), nil
	}
}

// LoadWith reads a roster as Load does, as if its table of people were another one.
func LoadWith(path string, table []byte, domains []string, separate ...string) (*Roster, error) {
	if len(table) > maxFile {
		return nil, errors.New("the table of people is too large")
	}
	people, err := parseCSV("table", table)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return build("table", people, domains, separate, table)
	}
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	f, err := parseYAML(path, text)
	if err != nil {
		return nil, err
	}
	f.People = append(f.People, people.People...)
	return build(path, f, domains, separate, text, table) // what is wrong with the table has its name already
}

// Changes is how one roster differs from another. Addresses are in their canonical form.
type Changes struct {
	Added, Removed, Moved    []string // people: Moved are in another group
	Confidential, Ordinary   []string // people who get, or lose, a confidential role
	NewGroups, RemovedGroups []string

	Rebound []string // addresses that would be another person's
	Outside []string // addresses at no domain of the organisation
	Small   []string // groups and networks that would point at few people
	Risks   []Risk   // what waits for the privacy officer
}

// None reports whether there are none.
func (c Changes) None() bool {
	return len(c.Added)+len(c.Removed)+len(c.Moved) == 0 &&
		len(c.Confidential)+len(c.Ordinary)+len(c.Risks) == 0 &&
		len(c.NewGroups)+len(c.RemovedGroups) == 0
}

// Count returns how many addresses, groups and networks differ, of those whose change may be about people.
func (c Changes) Count() int {
	all := map[string]bool{}
	for _, a := range slices.Concat(c.Added, c.Removed, c.Moved, c.Confidential, c.Ordinary, c.Rebound, c.Outside) {
		all[a] = true
	}
	return len(all) + len(c.Small)
}

// usualFewest is the minimum of people where a configuration says nothing.
const usualFewest = 10

// Compare returns what changes when one roster takes the place of another.
func Compare(old, with *Roster) (c Changes) {
	for _, address := range slices.Sorted(maps.Keys(with.subjects)) {
		before, was := old.subjects[address]
		now := with.subjects[address]
		switch {
		case !was:
			c.Added = append(c.Added, address)
		case before.group != now.group:
			c.Moved = append(c.Moved, address)
		}
		if now.confidential && !before.confidential {
			c.Confidential = append(c.Confidential, address)
		}
		if was && before.confidential && !now.confidential {
			c.Ordinary = append(c.Ordinary, address)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(old.subjects)) {
		if _, is := with.subjects[address]; !is {
			c.Removed = append(c.Removed, address)
			if old.subjects[address].confidential {
				c.Ordinary = append(c.Ordinary, address)
			}
		}
	}
	c.NewGroups, c.RemovedGroups = without(with.groups, old.groups), without(old.groups, with.groups)
	known, fewest := old.known, cmp.Or(old.fewest, usualFewest)
	if known == nil {
		begun := Begin(old, fewest, time.Time{})
		known = &begun
	}
	c.Risks = known.Risks(with, fewest)
	for _, k := range c.Risks {
		switch k.Kind {
		case Rebound:
			c.Rebound = append(c.Rebound, k.Of)
		case Outside:
			c.Outside = append(c.Outside, k.Of)
		case SmallGroup, FewAddresses:
			c.Small = append(c.Small, k.Of)
		}
	}
	return c
}

func without(groups, others []Group) (names []string) {
	for _, g := range groups {
		if !slices.Contains(others, g) {
			names = append(names, g.name)
		}
	}
	return names
}
