package report

import (
	"sluis/internal/lang"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

// Names are how totals are called for people, in the language of this code.
type Names string

// Table returns the title of a table.
func (n Names) Table(name string) string { return n.name("table-"+name, name) }

// Row returns the name of a row: a category has its title, and a group or clause its own name.
func (n Names) Row(name string) string {
	if c, err := rules.ParseCategory(name); err == nil {
		return c.Title().In(string(n))
	}
	return n.name("row-"+name, name)
}

// Measure returns the name of a measure.
func (n Names) Measure(m string) string { return n.name("measure-"+m, m) }

// Figure writes a figure, or that it is not shown.
func (n Names) Figure(f totals.Figure, measure string) string {
	p := texts.In(string(n))
	switch {
	case f.Hidden == totals.Few:
		return p.Text("figure-few")
	case f.Hidden != totals.Shown:
		return p.Text("figure-hidden")
	case measure == totals.Bytes:
		return p.Text("figure-megabytes", f.Value/1_000_000)
	}
	return p.Number(f.Value)
}

// name returns the text of a key, or a name that has none as it is.
func (n Names) name(key, name string) string {
	if !texts.In(lang.Default).Has(key) {
		return name
	}
	return texts.In(string(n)).Text(key)
}
