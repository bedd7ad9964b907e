package peopleindex

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// column is what a column of the list holds.
type column uint8

const (
	ignored column = iota
	firstName
	prefix // tussenvoegsel
	lastName
	fullName
	birthDate
	number // points at the person by itself
	email
	postcode
	houseNumber
)

// columns are the names that a list may give its columns, in Dutch and English, as plain
// has them.
var columns = map[string]column{
	"voornaam": firstName, "roepnaam": firstName, "first name": firstName, "firstname": firstName, "given name": firstName,
	"tussenvoegsel": prefix, "voorvoegsel": prefix, "prefix": prefix, "infix": prefix,
	"achternaam": lastName, "familienaam": lastName, "last name": lastName, "lastname": lastName, "surname": lastName,
	"family name": lastName,
	"naam":        fullName, "name": fullName, "volledige naam": fullName, "full name": fullName,
	"geboortedatum": birthDate, "birth date": birthDate, "birthdate": birthDate, "date of birth": birthDate,
	"leerlingnummer": number, "leerlingnr": number, "stamnummer": number, "personeelsnummer": number,
	"onderwijsnummer": number, "pgn": number,
	"bsn": number, "burgerservicenummer": number, "pupil number": number, "student number": number, "staff number": number,
	"e mail": email, "email": email, "mail": email, "e mailadres": email, "emailadres": email, "email address": email,
	"postcode": postcode, "postal code": postcode, "huisnummer": houseNumber, "house number": houseNumber,
}

// Bounds of a list.
const (
	maxPeople = 2_000_000
	minNumber = 5 // characters; shorter numbers are everywhere
	minName   = 4 // letters of a full name
)

// Summary is what became of a list.
type Summary struct {
	People  int
	Values  int
	Ignored []string // names of columns that are not used
	Skipped int      // values that are too short to point at anybody
}

// Build makes an index of a list in CSV, with comma or semicolon, whose first line
// names the columns. The error says what to write, with the line, and never what stands in
// the list.
func Build(list io.Reader, key Key) (*Index, Summary, error) {
	in := bufio.NewReader(list)
	start, _ := in.Peek(4096)
	line, _, _ := bytes.Cut(start, []byte("\n"))
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.ReuseRecord, r.TrimLeadingSpace = -1, true, true
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		r.Comma = ';'
	}
	b := builder{key: key}
	heads, err := r.Read()
	if err != nil {
		return nil, b.sum, errors.New("the list is empty: its first line has to name the columns")
	}
	kinds, err := b.heads(heads)
	if err != nil {
		return nil, b.sum, err
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return nil, b.sum, fmt.Errorf("line %d: %w", parse.Line, parse.Err)
		}
		if err != nil {
			return nil, b.sum, err
		}
		if b.sum.People == maxPeople {
			return nil, b.sum, fmt.Errorf("the list has more than %d people", maxPeople)
		}
		b.person(kinds, record)
	}
	return b.finish(), b.sum, nil
}

type builder struct {
	key     Key
	entries []entry
	sum     Summary
}

// heads has what each column holds.
func (b *builder) heads(names []string) ([]column, error) {
	kinds := make([]column, len(names))
	for i, n := range names {
		n = strings.TrimPrefix(n, "\ufeff")
		kinds[i] = columns[plain(n)]
		if kinds[i] == ignored {
			b.sum.Ignored = append(b.sum.Ignored, n)
		}
	}
	for _, k := range kinds {
		if k == fullName || k == lastName || k == number || k == email {
			return kinds, nil
		}
	}
	return nil, errors.New("no column points at people: name one of them naam, achternaam, leerlingnummer, " +
		"personeelsnummer, bsn or e-mail")
}

func (b *builder) person(kinds []column, record []string) {
	var value [houseNumber + 1]string
	id := uint32(b.sum.People)
	before := len(b.entries)
	for i, v := range record[:min(len(record), len(kinds))] {
		switch v = plain(v); {
		case v == "" || kinds[i] == ignored:
		case kinds[i] == number:
			b.unique(id, strings.ReplaceAll(v, " ", ""))
		case kinds[i] == email:
			b.unique(id, v)
		default:
			value[kinds[i]] = v
		}
	}
	b.names(id, value[fullName], value[firstName], value[prefix], value[lastName])
	if d := value[birthDate]; d != "" {
		var w words
		w.split([]byte(d))
		if date, n := w.date(0); n > 0 {
			b.add(id, kindDate, date)
		} else {
			b.sum.Skipped++
		}
	}
	if value[postcode] != "" && value[houseNumber] != "" {
		b.add(id, kindAddress, value[postcode]+" "+value[houseNumber])
	}
	if len(b.entries) > before {
		b.sum.People++
	}
}

// unique adds a value that points at the person by itself.
func (b *builder) unique(id uint32, v string) {
	if len(v) < minNumber {
		b.sum.Skipped++
		return
	}
	b.add(id, kindUnique, v)
}

// names adds the orders in which a name is written.
func (b *builder) names(id uint32, full, first, between, last string) {
	var forms []string
	if full != "" {
		forms = append(forms, full)
	}
	if last != "" && first != "" {
		forms = append(forms, join(first, between, last), join(last, first, between), join(between, last, first))
	}
	slices.Sort(forms)
	for _, f := range slices.Compact(forms) {
		if len(f) < minName || !strings.Contains(f, " ") || strings.Count(f, " ") >= maxWords {
			b.sum.Skipped++
			continue
		}
		b.add(id, kindName, f)
	}
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// particles are words that stand before many a name, and are as common in any text: what
// begins with one is found by its first two words.
var particles = map[string]bool{"de": true, "den": true, "der": true, "het": true, "te": true, "ten": true, "ter": true,
	"van": true, "in": true, "op": true, "aan": true,
	"von": true, "da": true, "du": true, "la": true, "le": true, "el": true, "al": true}

func (b *builder) add(id uint32, k kind, value string) {
	first, rest, _ := strings.Cut(value, " ")
	if rest != "" && particles[first] {
		second, _, _ := strings.Cut(rest, " ")
		first += " " + second
	}
	b.entries = append(b.entries, entry{b.key.hash([]byte(value)), id<<kindBits | uint32(k)},
		entry{b.key.hash([]byte(first)), uint32(kindStart)})
	b.sum.Values++
}
