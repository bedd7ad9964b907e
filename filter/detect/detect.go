// Package detect finds identifiers of people, accounts and systems by their form, their
// checksum where they have one, and their context.
//
// A detector promises time linear in the text, and that it reports a value once for
// each place where it stands, with a confidence of 1 to 100: context words raise it,
// examples, order numbers and the like lower it. Definitions are those of the issuers;
// the comments at each detector name them.
package detect

import (
	"encoding/binary"
	"unicode/utf8"
)

// Hit is a value that was found: text[Start:End].
type Hit struct {
	Start, End int
	Value      string // normalised, so that the same value written twice is one
	Confidence int    // 1 to 100
}

// Find looks for one kind of value in folded UTF-8 text.
type Find func(t *Text, emit func(Hit))

// Detector finds one kind of value, in a text that has what the value cannot be without:
// most texts have not, and need no look.
type Detector struct {
	Name  string // by which rules ask for it
	Find  Find
	Words []string // one of them, if there are any, as the beginning of a word: in lower case
	Digits
}

// Text is a text with where its digits are: few detectors need to look elsewhere.
type Text struct {
	Bytes  []byte
	Digits       // the most there are
	runs   []run // of digits
}

// run is a row of digits, bytes[start:end].
type run struct{ start, end int }

// Digits is how many digits stand together in a text.
type Digits struct {
	Row    int // side by side
	Spread int // with single signs between them
}

// Reach reports whether d has as many digits as need.
func (d Digits) Reach(need Digits) bool { return d.Row >= need.Row && d.Spread >= need.Spread }

// Set makes t that of these bytes.
func (t *Text) Set(b []byte) {
	t.Bytes, t.Digits, t.runs = b, Digits{}, t.runs[:0]
	spread := 0
	for i := 0; i < len(b); {
		if i = nextDigit(b, i); i == len(b) {
			return
		}
		start := i
		for i < len(b) && digit(b[i]) {
			i++
		}
		if n := len(t.runs); n == 0 || t.runs[n-1].end+1 < start {
			spread = 0
		}
		spread += i - start
		t.Row, t.Spread = max(t.Row, i-start), max(t.Spread, spread)
		t.runs = append(t.runs, run{start, i})
	}
}

// nextDigit returns where the next digit from i on is, or the length of b.
func nextDigit(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		// Of eight bytes, those of which the upper half is 3.
		x := binary.LittleEndian.Uint64(b[i:])&(0xf0*ones) ^ 0x30*ones
		if (x-ones)&^x&high == 0 {
			continue
		}
		for k, c := range b[i : i+8] {
			if digit(c) {
				return i + k
			}
		}
	}
	for i < len(b) && !digit(b[i]) {
		i++
	}
	return i
}

// All returns the detectors. A detector is added by a row here, with its function in a file of
// its own: rules may then name it.
func All() []Detector {
	spread := func(n int) Digits { return Digits{1, n} }
	return []Detector{
		{Name: "bsn", Find: BSN, Digits: spread(8)},
		{Name: "onderwijsnummer", Find: Onderwijsnummer, Digits: spread(9)},
		{Name: "iban", Find: IBAN, Digits: spread(6)},
		{Name: "card", Find: Card, Digits: spread(13)},
		{Name: "passport", Find: Passport, Words: passportWords.list, Digits: spread(1)},
		{Name: "driving-licence", Find: DrivingLicence, Words: licenceWords.list, Digits: spread(10)},
		{Name: "phone", Find: Phone, Digits: spread(9)},
		{Name: "birth-date", Find: BirthDate, Digits: Digits{2, 4}},
		{Name: "postcode", Find: Postcode, Digits: Digits{Row: 4}},
		{Name: "email", Find: Email},
		{Name: "secret", Find: Secret, Words: secretWords()},
		{Name: "private-key", Find: PrivateKey, Words: keyBlocks.words},
	}
}

func inWord(c byte) bool { return letter(c) || digit(c) || c >= utf8.RuneSelf }
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// number is a run of digits that may be written in groups.
type number struct {
	start, end int
	digits     []byte
}

// numbers calls visit for each run of min to max digits that stands alone, its groups
// separated by single spaces, dots or dashes. A run that is longer is reported by its
// unseparated parts.
func (t *Text) numbers(min, max int, visit func(number)) {
	text := t.Bytes
	var buf [40]byte
	for k := 0; k < len(t.runs); k++ {
		first := t.runs[k]
		if i := first.start; i > 0 && (letter(text[i-1]) || text[i-1] == '_') {
			// Part of a word, such as A12B34.
			for k+1 < len(t.runs) && joined(text[t.runs[k].end:t.runs[k+1].start]) {
				k++
			}
			continue
		}
		n := copy(buf[:], text[first.start:first.end])
		total, end := first.end-first.start, first.end
		for k+1 < len(t.runs) && total <= max && t.runs[k+1].start == end+1 && separator(text[end]) {
			k++
			n += copy(buf[n:], text[t.runs[k].start:t.runs[k].end])
			total, end = total+t.runs[k].end-t.runs[k].start, t.runs[k].end
		}
		alone := end == len(text) || !letter(text[end]) && text[end] != '_' && text[end] != '@'
		if total >= min && total <= max && alone {
			visit(number{first.start, end, buf[:n]})
		} else if total > max {
			single(text[first.start:end], first.start, min, max, visit)
		}
	}
}

// joined reports whether there is nothing but letters.
func joined(between []byte) bool {
	for _, c := range between {
		if !letter(c) {
			return false
		}
	}
	return true
}

func separator(c byte) bool { return c == ' ' || c == '.' || c == '-' }

// single calls visit for each unseparated run of digits of a longer row, such as cells.
func single(row []byte, at, min, max int, visit func(number)) {
	for i := 0; i < len(row); i++ {
		j := i
		for j < len(row) && digit(row[j]) {
			j++
		}
		if j-i >= min && j-i <= max {
			visit(number{at + i, at + j, row[i:j]})
		}
		i = j
	}
}

// dummy reports whether all digits but the last, which is a check, are one and the same, or
// all count up or down: examples, and numbers for tests.
func dummy(d []byte) bool {
	same, up, down := true, true, true
	for i := 1; i < len(d); i++ {
		same = same && (d[i] == d[i-1] || i == len(d)-1)
		up = up && (d[i] == d[i-1]+1 || d[i] == '0' && d[i-1] == '9')
		down = down && d[i]+1 == d[i-1]
	}
	return same || up || down
}

// column follows a column of a table or list: a value that fills its cell is what the one
// above it was, whose label may be far up.
type column struct{ end int }

// rowLength is how far apart the cells of a column are at most, in bytes.
const rowLength = 250

// goesOn reports whether text[start:end] is in the cell below the last that was added.
func (c *column) goesOn(text []byte, start, end int) bool {
	return c.end > 0 && start-c.end <= rowLength && cell(text, start, end)
}

// add makes text[start:end] the last value of the column, if it fills a cell.
func (c *column) add(text []byte, start, end int) {
	if cell(text, start, end) {
		c.end = end
	}
}

// cell reports whether there is nothing beside text[start:end] in its cell.
func cell(text []byte, start, end int) bool {
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '"') {
		start--
	}
	for end < len(text) && (text[end] == ' ' || text[end] == '"' || text[end] == '\r') {
		end++
	}
	return (start == 0 || cellEnd(text[start-1])) && (end == len(text) || cellEnd(text[end]))
}

func cellEnd(c byte) bool { return c == '\n' || c == '\t' || c == ';' || c == ',' || c == '|' }

func report(emit func(Hit), n number, confidence int) {
	if confidence > 0 {
		emit(Hit{n.start, n.end, string(n.digits), confidence})
	}
}
