package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"sluis/internal/strictyaml"
)

func parseYAML(name string, text []byte) (*file, error) {
	var f file
	return &f, strictyaml.File{Name: name, Text: text}.Decode(&f)
}

// columns are the names that a CSV roster's columns may have, in English and Dutch.
var columns = map[string]string{
	"address": "address", "e-mail": "address", "email": "address", "adres": "address", "e-mailadres": "address", "mailadres": "address",
	"aliases": "aliases", "aliassen": "aliases",
	"group": "group", "groep": "group",
	"kind": "kind", "soort": "kind",
	"role": "role", "rol": "role",
}

// kindNames are the names that a CSV roster's kinds may have beside the English ones.
var kindNames = map[string]GroupKind{
	"personeel": Staff, "medewerkers": Staff, "leerlingen": Pupils, "bestuur": Board,
	"vrijwilligers": Volunteers, "leveranciers": Suppliers,
}

// parseCSV reads a table with a heading row. Commas or semicolons separate columns, as
// spreadsheets in Dutch write them; aliases are separated by spaces. Other columns are
// passed over. A group without a kind is staff.
func parseCSV(_ string, text []byte) (*file, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	head, _, _ := bytes.Cut(text, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	r.TrimLeadingSpace = true
	first, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("line 1: no heading row: the first line has to name the columns, such as address,aliases,group,role")
	}
	at := map[string]int{}
	for i, name := range first {
		if c, ok := columns[strings.ToLower(strings.TrimSpace(name))]; ok {
			at[c] = i
		}
	}
	if _, ok := at["address"]; !ok {
		return nil, fmt.Errorf("line 1: no column address: the first line has to name the columns, such as address,aliases,group,role")
	}
	return readRows(r, at)
}

func readRows(r *csv.Reader, at map[string]int) (*file, error) {
	f, groups := &file{}, map[string]bool{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				return nil, fmt.Errorf("line %d, column %d: %v", p.Line, p.Column, p.Err)
			}
			return nil, err
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		p := personEntry{Address: cell("address"), Aliases: strings.Fields(strings.ReplaceAll(cell("aliases"), ";", " ")), Group: cell("group"), Role: cell("role")}
		if p.Address == "" {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("line %d: the address is empty", line)
		}
		f.People = append(f.People, p)
		if p.Group != "" && !groups[p.Group] {
			groups[p.Group] = true
			f.Groups = append(f.Groups, groupEntry{Name: p.Group, Kind: kindOf(cell("kind"))})
		}
	}
}

func kindOf(s string) GroupKind {
	s = strings.ToLower(s)
	if k, ok := kindNames[s]; ok {
		return k
	}
	if s == "" {
		return Staff
	}
	return GroupKind(s)
}
