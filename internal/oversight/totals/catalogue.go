package totals

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
)

// Source is the journal.
type Source interface {
	Contributions(ctx context.Context, month time.Time, blind [32]byte, use func(journal.Contribution) error) error
	Hours(ctx context.Context, since, until time.Time, use func(journal.Hour) error) error
}

// Row is a row of a table.
type Row struct {
	Name    string            `json:"name"`
	Figures map[string]Figure `json:"figures"` // by measure
}

// Table is one of the catalogue.
type Table struct {
	Name string `json:"name"`
	Rows []Row  `json:"rows"`
}

// The tables. Those of traffic have a row "total".
const (
	Volume     = "volume"     // by kind and direction
	Groups     = "groups"     // by group
	Parts      = "parts"      // by part of the month
	Decisions  = "decisions"  // by what was decided
	Sample     = "sample"     // what took part in the draw, what was drawn
	Categories = "categories" // what was found, by category
	Clauses    = "clauses"    // by clause of the code
	Threats    = "threats"    // from outside
	Reviewed   = "review"     // the outcome of quarantined messages
	Capacity   = "capacity"   // bytes and peaks (C3.3c)
)

// The measures.
const (
	Records = "records"
	Bytes   = "bytes"
	Hours   = "hours"
)

// Measures returns the measures in the order in which they are shown.
func Measures() []string { return []string{Records, Bytes, Hours} }

// dimension sorts contributions into the rows of a table; a row without a name: into none.
type dimension struct {
	table string
	row   func(journal.Contribution) string
}

// traffic are the tables of the amount of traffic, in one dimension each.
var traffic = []dimension{
	{Volume, func(c journal.Contribution) string {
		if c.Kind == journal.Web {
			return "web"
		}
		return "mail-" + c.Direction.String()
	}},
	{Groups, func(c journal.Contribution) string { return cmp.Or(c.Group.String(), "other") }},
	{Parts, func(c journal.Contribution) string { return fmt.Sprint(c.Part) }},
	{Decisions, func(c journal.Contribution) string { return c.Action.String() }},
	{Sample, func(c journal.Contribution) string {
		// Mail of confidential roles takes no part either. In a row of its own it would be few people's, and hiding
		// that would hide the share that was drawn.
		switch {
		case c.Drawn:
			return "drawn"
		case c.Eligible:
			return "not-drawn"
		}
		return "not-eligible"
	}},
}

// month is the sums of a month from which its tables are made.
type month struct {
	name    string
	sizes   map[roster.Group]roster.Size
	records map[string]map[string]*people // by table and row
	bytes   map[string]map[string]*people
	found   map[string]map[string]*people // behaviour
	threats map[string]int64
}

func newMonth(name string, sizes map[roster.Group]roster.Size) *month {
	return &month{
		name:    name,
		sizes:   sizes,
		records: map[string]map[string]*people{},
		bytes:   map[string]map[string]*people{},
		found:   map[string]map[string]*people{},
		threats: map[string]int64{},
	}
}

// take adds a contribution.
func (m *month) take(c journal.Contribution) error {
	for _, d := range traffic {
		row := d.row(c)
		m.add(m.records, d.table, row, c, c.Records)
		m.add(m.bytes, d.table, row, c, c.Bytes)
	}
	if c.Category == rules.NoCategory || c.Action == filter.Pass && c.Purpose == rules.NoPurpose {
		return nil
	}
	if c.Purpose == rules.Security && c.Kind == journal.Mail && c.Direction == rules.In {
		m.threats[c.Category.String()] += c.Records
		return nil
	}
	m.add(m.found, Categories, c.Category.String(), c, c.Records)
	if clause := c.Clause.String(); clause != "" {
		m.add(m.found, Clauses, clause, c, c.Records)
	}
	return nil
}

// add adds what a contribution counts for to a row. Where pupils have no pseudonyms, the roster
// says how many their building has.
func (m *month) add(tables map[string]map[string]*people, table, row string, c journal.Contribution, n int64) {
	if tables[table] == nil {
		tables[table] = map[string]*people{}
	}
	p := tables[table][row]
	if p == nil {
		p = newPeople()
		tables[table][row] = p
	}
	if size := m.sizes[c.Group]; c.Person == 0 && size.Kind == roster.Pupils {
		p.addPupils(size.People, n)
		return
	}
	p.add(c.Person, n)
}

// tables returns the protected tables of the month.
func (m *month) tables(r Rules, k noise) []Table {
	var out []Table
	for _, d := range traffic {
		out = append(out, m.protect(d.table, r, k))
	}
	for _, table := range []string{Categories, Clauses} {
		out = append(out, behaviours(table, m.found[table], r))
	}
	t := Table{Name: Threats, Rows: []Row{}}
	for _, n := range slices.Sorted(maps.Keys(m.threats)) {
		t.Rows = append(t.Rows, Row{n, map[string]Figure{Records: {Value: m.threats[n], Base: 1}}})
	}
	return append(out, t)
}

// behaviours makes a table of what people did.
func behaviours(table string, rows map[string]*people, r Rules) Table {
	t := Table{Name: table, Rows: []Row{}}
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		t.Rows = append(t.Rows, Row{n, map[string]Figure{Records: rows[n].behaviour(r)}})
	}
	return t
}

// protect makes a table of traffic. A row is hidden in both measures if it is in one.
func (m *month) protect(table string, r Rules, k noise) Table {
	names := slices.Sorted(maps.Keys(m.records[table]))
	records, sizes := make([]*people, len(names)), make([]*people, len(names))
	all, bytes := newPeople(), newPeople()
	for i, n := range names {
		records[i], sizes[i] = m.records[table][n], m.bytes[table][n]
		all.join(records[i])
		bytes.join(sizes[i])
	}
	why := suppress(records, r)
	for i, w := range suppress(sizes, r) {
		if why[i] == Shown {
			why[i] = w
		}
	}
	t := Table{Name: table}
	for i, n := range names {
		t.Rows = append(t.Rows, m.row(n, records[i], sizes[i], why[i], r, k))
	}
	whole := all.safe(r)
	if whole == Shown {
		whole = bytes.safe(r)
	}
	t.Rows = append(t.Rows, m.row("total", all, bytes, whole, r, k))
	return t
}

func (m *month) row(name string, records, bytes *people, why Why, r Rules, k noise) Row {
	if why != Shown {
		return Row{name, map[string]Figure{Records: {Hidden: why}, Bytes: {Hidden: why}}}
	}
	return Row{
		name,
		map[string]Figure{Records: records.figure(r, k, m.name, Records), Bytes: bytes.figure(r, k, m.name, Bytes)},
	}
}

// capacity makes the table of bytes and peaks (C3.3c): counts of the whole organisation,
// rounded to hundreds and to ten megabytes.
func capacity(ctx context.Context, s Source, since, until time.Time, held int64) (Table, error) {
	hours := map[time.Time]journal.Sums{}
	var all journal.Sums
	err := s.Hours(ctx, since, until, func(h journal.Hour) error {
		sum := hours[h.Hour]
		sum.Records, sum.Bytes = sum.Records+h.Records, sum.Bytes+h.Bytes
		hours[h.Hour] = sum
		all.Records, all.Bytes = all.Records+h.Records, all.Bytes+h.Bytes
		return nil
	})
	var peak journal.Sums
	for _, h := range hours {
		peak.Records, peak.Bytes = max(peak.Records, h.Records), max(peak.Bytes, h.Bytes)
	}
	return Table{Capacity, []Row{
		{"month", map[string]Figure{Records: coarse(all.Records, 100), Bytes: coarse(all.Bytes, 10_000_000)}},
		{"peak-hour", map[string]Figure{Records: coarse(peak.Records, 100), Bytes: coarse(peak.Bytes, 10_000_000)}},
		{"stored", map[string]Figure{Bytes: coarse(held, 10_000_000)}},
	}}, err
}

// coarse rounds up.
func coarse(n, base int64) Figure { return Figure{Value: (n + base - 1) / base * base, Base: base} }

// derive makes a secret for one use of a key.
func derive(key []byte, use string) (out [32]byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(use))
	copy(out[:], mac.Sum(nil))
	return out
}
