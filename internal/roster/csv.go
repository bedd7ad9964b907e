package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columns are the names that a table's columns may have, in English and Dutch.
var columns = map[string]string{
	"address": "address", "e-mail": "address", "email": "address", "mail": "address",
	"adres": "address", "e-mailadres": "address", "emailadres": "address", "mailadres": "address",
	"aliases": "aliases", "alias": "aliases", "aliassen": "aliases",
	"group": "group", "groep": "group",
	"kind": "kind", "soort": "kind",
	"role": "role", "rol": "role",
	"name": "name", "naam": "name",
}

// maxPeople bounds the memory that a table takes: some 300 bytes for each row while it is read.
const maxPeople = 250_000

const columnsWanted = "name the columns address (adres), aliases (aliassen), group (groep), kind (soort), role " +
	"(rol), name (naam)"

// parseCSV reads a table of people with a heading row. Commas, semicolons or tabs
// separate columns, as spreadsheets write them; spaces, commas or semicolons separate
// the aliases in a cell.
func parseCSV(name string, text []byte) (*file, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("%s:%d:1: this is not UTF-8: save the table as \"CSV UTF-8\"", name, foreignLine(text))
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator(text)
	r.TrimLeadingSpace = r.Comma != '\t'
	t := &table{name: name, r: r}
	if err := t.heading(); err != nil {
		return nil, err
	}
	f := &file{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return nil, t.wrong(err)
		}
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue // spreadsheets leave rows of separators behind
		}
		if len(f.People) == maxPeople {
			return nil, fmt.Errorf(
				"%s:%d:1: more than %d people: pupils need not be listed",
				name,
				t.cell(0, "").line,
				maxPeople,
			)
		}
		f.People = append(f.People, t.person(row))
	}
}

// separator returns the most frequent candidate in the heading row.
func separator(text []byte) rune {
	head, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(head, []byte(string(c))) > bytes.Count(head, []byte(string(best))) {
			best = c
		}
	}
	return best
}

func foreignLine(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			break
		}
	}
	return n
}

type table struct {
	name string
	r    *csv.Reader
	at   map[string]int // column of each name
}

// heading reads the heading row. An unknown column is refused rather than passed over: it
// could be a misspelled role, and what is not needed should not be in the file at all.
func (t *table) heading() error {
	row, err := t.r.Read()
	if err == io.EOF {
		return fmt.Errorf("%s:1:1: the table is empty: in its first row %s", t.name, columnsWanted)
	}
	if err != nil {
		return t.wrong(err)
	}
	t.at = map[string]int{}
	var ps problems
	for i, heading := range row {
		at := t.cell(i, "")
		c, known := columns[strings.ToLower(strings.TrimSpace(heading))]
		if _, twice := t.at[c]; !known {
			ps.add(
				at,
				"unknown column: in the first row %s; leave out all others, the roster needs no more",
				columnsWanted,
			)
		} else if twice {
			ps.add(at, "a second column for the %s: leave one out", c)
		} else {
			t.at[c] = i
		}
	}
	if _, ok := t.at["address"]; !ok && len(ps) == 0 {
		ps.add(t.cell(0, ""), "no column address: in the first row %s", columnsWanted)
	}
	return ps.err(t.name)
}

func (t *table) person(row []string) personEntry {
	get := func(name string) cell {
		if i, ok := t.at[name]; ok {
			return t.cell(i, strings.TrimSpace(row[i]))
		}
		return cell{}
	}
	p := personEntry{Address: get("address"), Group: get("group"), Role: get("role"), kind: get("kind"), table: true}
	aliases := get("aliases")
	for _, a := range strings.FieldsFunc(aliases.text,
		func(r rune) bool { return strings.ContainsRune(" \t\r\n;,", r) }) {
		alias := aliases
		alias.text = a
		p.Aliases = append(p.Aliases, alias)
	}
	return p
}

func (t *table) cell(i int, text string) cell {
	line, column := t.r.FieldPos(i)
	return cell{text: text, file: t.name, line: line, column: column}
}

func (t *table) wrong(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	line, message := p.Line, p.Err.Error()
	switch p.Err {
	case csv.ErrFieldCount:
		message = "this row has more or fewer columns than the first one"
	case csv.ErrQuote, csv.ErrBareQuote:
		line, message = p.StartLine, "a quote that does not belong here: put the whole cell in quotes, and double "+
			"those within"
	}
	return fmt.Errorf("%s:%d:%d: %s", t.name, line, max(1, p.Column), message)
}
