package rules

import (
	_ "embed"
	"fmt"
	"sync"

	"sluis/internal/lang"
	"sluis/internal/strictyaml"
)

// Clause names a clause of the code of conduct, such as C3.3b. Only ParseClause
// makes one, so that a Clause is always of the closed list in clauses.yaml.
type Clause struct{ id string }

// ParseClause returns the clause with the given id.
func ParseClause(id string) (Clause, error) {
	if _, ok := clauses().byID[id]; !ok {
		return Clause{}, fmt.Errorf("unknown clause %q: sluis rules clauses lists them", id)
	}
	return Clause{id}, nil
}

// MustClause is ParseClause for a clause that stands in the program; it panics if that is none.
func MustClause(id string) Clause {
	c, err := ParseClause(id)
	if err != nil {
		panic(err)
	}
	return c
}

// Clauses returns all clauses, in the order of the code.
func Clauses() []Clause {
	var all []Clause
	for _, c := range clauses().list {
		all = append(all, Clause{c.ID})
	}
	return all
}

// String returns the id; it is empty for the zero Clause.
func (c Clause) String() string { return c.id }

// Text returns what the clause asks, in one plain sentence, in a language.
func (c Clause) Text(code string) string { return c.Texts().In(code) }

// Texts returns that sentence in all languages.
func (c Clause) Texts() lang.Text { return clauses().byID[c.id].Text }

// MarshalText implements encoding.TextMarshaler.
func (c Clause) MarshalText() ([]byte, error) { return []byte(c.id), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clause) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*c = Clause{}
		return nil
	}
	*c, err = ParseClause(string(b))
	return err
}

//go:embed clauses.yaml
var clausesFile []byte

// clauseEntry is a clause as clauses.yaml has it.
type clauseEntry struct {
	ID   string    `yaml:"id"`
	Text lang.Text `yaml:"text"`
}

// clauseList is the list of clauses, in order and by id.
type clauseList struct {
	list []clauseEntry
	byID map[string]clauseEntry
}

// clauses reads the list once. It is part of the program and tested, so that it cannot fail.
var clauses = sync.OnceValue(func() clauseList {
	l, err := readClauses(clausesFile)
	if err != nil {
		panic(err)
	}
	return l
})

func readClauses(text []byte) (clauseList, error) {
	var file struct {
		Clauses []clauseEntry `yaml:"clauses"`
	}
	if err := (strictyaml.File{Name: "clauses.yaml", Text: text}).Decode(&file); err != nil {
		return clauseList{}, err
	}
	l := clauseList{list: file.Clauses, byID: map[string]clauseEntry{}}
	for _, c := range file.Clauses {
		switch _, twice := l.byID[c.ID]; {
		case c.ID == "" || twice:
			return clauseList{}, fmt.Errorf("clauses.yaml: clause %q has no id of its own", c.ID)
		}
		if err := c.Text.Check(); err != nil {
			return clauseList{}, fmt.Errorf("clauses.yaml: clause %s: %w", c.ID, err)
		}
		l.byID[c.ID] = c
	}
	return l, nil
}
