package report

import "sluis/internal/oversight/totals"

// Names are how totals are written for people, in nl or en.
type Names string

// Table returns the title of a table.
func (n Names) Table(name string) string { return words{string(n)}.table(name) }

// Row returns the name of a row.
func (n Names) Row(name string) string { return words{string(n)}.row(name) }

// Measure returns the name of a measure.
func (n Names) Measure(m string) string { return words{string(n)}.measure(m) }

// Figure writes a figure, or that it is not shown.
func (n Names) Figure(f totals.Figure, measure string) string {
	return words{string(n)}.figure(f, true, measure)
}
