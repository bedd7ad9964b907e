package roster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// file is what a roster file says, before it is checked as a whole. Its tags are the
// keys of the YAML form; the CSV form has people only.
type file struct {
	Domains    []cell        `yaml:"domains"`            // own domains, beside those of the configuration
	Groups     []groupEntry  `yaml:"groups"`             //
	Roles      []cell        `yaml:"confidential-roles"` // beside those that every organisation has
	People     []personEntry `yaml:"people"`             //
	PeopleFile cell          `yaml:"people-file"`        // CSV with more people
	Lists      []listEntry   `yaml:"lists"`              //
}

type groupEntry struct {
	Name     cell   `yaml:"name"`
	Kind     cell   `yaml:"kind"`
	Size     cell   `yaml:"size"`     // how many people; of pupils, who need not be listed
	Networks []cell `yaml:"networks"` // where the group's devices are
}

type personEntry struct {
	Name    cell   `yaml:"name"` // for who maintains the file; not kept
	Address cell   `yaml:"address"`
	Aliases []cell `yaml:"aliases"`
	Group   cell   `yaml:"group"`
	Role    cell   `yaml:"role"` // confidential role
	kind    cell   // of the group, in a CSV file
	table   bool   // stands in a CSV file
}

type listEntry struct {
	Address cell   `yaml:"address"`
	Members []cell `yaml:"members"`
}

// cell is one value, and where it stands.
type cell struct {
	text   string
	file   string // empty: the roster file itself
	line   int
	column int
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (c *cell) UnmarshalYAML(n ast.Node) error {
	t := n.GetToken()
	*c = cell{line: t.Position.Line, column: t.Position.Column}
	switch n := n.(type) {
	case *ast.StringNode:
		c.text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		c.text = t.Value
	case *ast.NullNode:
	default:
		return &yaml.SyntaxError{Message: "expected one value here", Token: t}
	}
	return nil
}

// problem is one thing that is wrong with a roster file.
type problem struct {
	at      cell
	message string
}

// problems gathers them. They say where, and never what stands there: it is personal.
type problems []problem

func (ps *problems) add(at cell, format string, args ...any) {
	*ps = append(*ps, problem{at, fmt.Sprintf(format, args...)})
}

// maxListed is how many problems an error lists.
const maxListed = 20

// err returns the first of the problems as one error, in the order of the lines.
func (ps problems) err(name string) error {
	slices.SortStableFunc(ps, func(a, b problem) int {
		return cmp.Or(
			cmp.Compare(a.at.file, b.at.file),
			cmp.Compare(a.at.line, b.at.line),
			cmp.Compare(a.at.column, b.at.column),
		)
	})
	var errs []error
	for _, p := range ps[:min(len(ps), maxListed)] {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", cmp.Or(p.at.file, name), p.at.line, p.at.column, p.message))
	}
	if more := len(ps) - maxListed; more > 0 {
		errs = append(errs, fmt.Errorf("%s: and %d more like these", name, more))
	}
	return errors.Join(errs...)
}
