package listfile

import (
	"encoding/csv"
	"slices"
	"strings"

	"sluis/filter/domains"
)

// tableRows is how many lines say whether a list is a table.
const tableRows = 200

// table says in which column of a table the sites are.
type table struct {
	comma  rune // zero: the list is no table
	column int
}

// columnNames are what makers of lists call the column of sites, the best first.
var columnNames = []string{"url", "ioc_value", "indicator", "domain", "domain_name", "domains", "fqdn", "hostname", "host",
	"site", "website", "dst_ip", "ip", "ip_address", "ipaddress", "cidr", "network", "address"}

// tableOf finds the column of sites by the header of a table and by what is in its first lines.
func tableOf(rows []string, header string) table {
	for _, comma := range ",;\t|" {
		var cells [][]string
		for _, row := range rows {
			if c, ok := cellsOf(row, comma); ok && len(c) > 1 {
				cells = append(cells, c)
			}
		}
		if len(cells) == 0 || len(cells)*10 < len(rows)*8 {
			continue
		}
		head := cells[0]
		if above, ok := cellsOf(strings.TrimLeft(header, "#!; "), comma); ok && len(above) == len(cells[len(cells)-1]) {
			head = above
		}
		if column, ok := columnOf(cells, head, comma == '\t'); ok {
			return table{comma, column}
		}
	}
	return table{}
}

// haveNotes reports whether most lines have a site and then other words.
func haveNotes(rows []string) bool {
	n := 0
	for _, row := range rows {
		if f := strings.Fields(row); len(f) > 1 && isCell(f[0]) && !isCell(f[1]) {
			n++
		}
	}
	return n > 0 && n*10 >= len(rows)*6
}

// columnOf returns the column of sites: the one that is named so, or the first that most often has addresses of pages
// or else sites.
func columnOf(cells [][]string, head []string, namedOnly bool) (int, bool) {
	share := func(column int, is func(string) bool) int {
		n := 0
		for _, row := range cells {
			if column < len(row) && is(strings.TrimSpace(row[column])) {
				n++
			}
		}
		return n * 100 / len(cells)
	}
	for _, name := range columnNames {
		at := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.Trim(h, ` "'`), name) })
		if at >= 0 && share(at, isCell) >= 40 {
			return at, true
		}
	}
	if namedOnly {
		return 0, false
	}
	width, sites := 0, 0
	for _, row := range cells {
		width = max(width, len(row))
	}
	width = min(width, 64)
	for column := range width {
		if share(column, isCell) >= 60 {
			sites++
		}
	}
	if sites == width && len(cells) < 3 { // a few lines of nothing but names
		return 0, false
	}
	for _, is := range []func(string) bool{isURL, isCell} {
		for column := range width {
			if share(column, is) >= 60 {
				return column, true
			}
		}
	}
	return 0, false
}

func isURL(cell string) bool { return strings.Contains(cell, "://") }

// isCell reports whether a cell is a site, an address or a page.
func isCell(cell string) bool {
	cell = refanged(cell)
	if isURL(cell) {
		return true
	}
	if _, ok := networkOf(cell); ok {
		return true
	}
	host, _, _ := strings.Cut(cell, "/")
	name, ok := domains.Name(strings.TrimPrefix(withoutPort(host), "*."))
	return ok && strings.Contains(name, ".")
}

// cellsOf splits a row. It is not ok if the row is of another form.
func cellsOf(row string, comma rune) ([]string, bool) {
	if !strings.ContainsRune(row, comma) || strings.HasPrefix(row, "|") || strings.HasPrefix(row, "@@") ||
		isCosmetic(row) {
		return nil, false
	}
	r := csv.NewReader(strings.NewReader(row))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = comma, -1, true, true
	c, err := r.Read()
	return c, err == nil
}

// is reports whether a line is a row of the table.
func (t table) is(line string) bool { return t.comma != 0 && strings.ContainsRune(line, t.comma) }

// row reads a row of the table.
func (r *reader) row() {
	cells, ok := cellsOf(r.line, r.table.comma)
	if !ok || r.table.column >= len(cells) {
		r.skip(Unreadable)
		return
	}
	r.cell(cells[r.table.column])
}

// cell reads a cell of the column of sites.
func (r *reader) cell(cell string) {
	cell = refanged(strings.Trim(strings.TrimSpace(cell), `"'`))
	switch {
	case isURL(cell):
		r.url(cell)
	case slices.Contains(columnNames, strings.ToLower(cell)): // the header
	case !isCell(cell):
		r.skip(Unreadable)
	default:
		r.word(cell)
	}
}
