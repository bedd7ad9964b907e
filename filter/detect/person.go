package detect

import "bytes"

var (
	phoneLabels = newLabels("06", "mobiel", "telefoon", "tel", "gsm", "bel", "phone")
	birthLabels = newLabels("geboren", "geb.", "geb ", "geboortedat", "gebdatum", "verjaardag", "date of birth", "dob",
		"born")
	birthRelated = newLabels("leerling", "pupil", "bsn", "groep")
	homeLabels   = newLabels("adres", "postcode", "woonplaats", "address", "woont")
	homeRelated  = newLabels("naam")
)

// Phone finds Dutch telephone numbers: nine digits after 0, +31 or 0031, in groups with
// what people put between them: 06 - 123 456 78, (0413) 21 23 45, +31 (0)6 12345678.
func Phone(t *Text, emit func(Hit)) {
	text, done := t.Bytes, 0
	for k, r := range t.runs {
		if r.start < done || r.start > 0 && (letter(text[r.start-1]) || text[r.start-1] == '_') {
			continue
		}
		nine, end := t.national(k)
		d := nine[:]
		if end == 0 || end < len(text) && (letter(text[end]) || text[end] == '_' || text[end] == '@') || d[0] == '0' ||
			dummy(d) || dummy(d[1:]) {
			continue
		}
		base := 50
		if d[0] == '6' {
			base = 60
		}
		done = end
		c := around(text, r.start, end)
		report(emit, number{r.start, end, d}, score(base, &c, phoneLabels, people))
	}
}

// national returns the nine digits of the telephone number that begins with a run, and
// where it ends; 0 if there is none.
func (t *Text) national(first int) (nine [9]byte, end int) {
	var buf [16]byte
	n := 0
	plus := t.runs[first].start > 0 && t.Bytes[t.runs[first].start-1] == '+'
	for k := first; k < len(t.runs); k++ {
		r := t.runs[k]
		if n+r.end-r.start > len(buf) || k > first && !phoneGap(t.Bytes[end:r.start]) {
			return nine, 0
		}
		n += copy(buf[n:], t.Bytes[r.start:r.end])
		end = r.end
		d := buf[:n]
		switch {
		case plus && bytes.HasPrefix(d, []byte("31")):
			d = bytes.TrimPrefix(d[2:], []byte("0"))
		case bytes.HasPrefix(d, []byte("0031")):
			d = bytes.TrimPrefix(d[4:], []byte("0"))
		case d[0] == '0' && !plus:
			d = d[1:]
		default:
			return nine, 0
		}
		if len(d) >= 9 {
			if len(d) > 9 || k+1 < len(t.runs) && t.runs[k+1].start == end+1 && separator(t.Bytes[end]) &&
				t.Bytes[end] != ' ' {
				return nine, 0 // longer than a number is
			}
			return [9]byte(d), end
		}
	}
	return nine, 0
}

// phoneGap reports whether the groups of a telephone number may have this between them.
func phoneGap(between []byte) bool {
	if len(between) > 3 {
		return false
	}
	for _, c := range between {
		if !separator(c) && c != '(' && c != ')' && c != '/' {
			return false
		}
	}
	return true
}

// months are the names of months as Dutch and English write them.
var months = []string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
	"oktober", "november", "december",
	"january", "february", "march", "may", "june", "july", "august", "october", "jan", "feb", "mrt", "apr", "jun",
	"jul", "aug", "sep", "okt", "oct", "nov", "dec"}

// BirthDate finds dates that are said to be a person's birth: a date of the past hundred
// years with a label, or in a column with such dates.
func BirthDate(t *Text, emit func(Hit)) {
	text, done := t.Bytes, 0
	var col column
	for _, r := range t.runs {
		i := r.start
		if i < done || i > 0 && letter(text[i-1]) {
			continue
		}
		end := dateAt(text, i)
		if end == 0 {
			continue
		}
		base := 10
		if col.goesOn(text, i, end) {
			base = 60
		}
		c := around(text, i, end)
		confidence := score(base, &c, birthLabels, birthRelated)
		if confidence >= 50 {
			col.add(text, i, end)
		}
		if confidence > 10 {
			emit(Hit{i, end, string(text[i:end]), confidence})
		}
		done = end
	}
}

// dateAt returns where the date that begins at i ends; 0 if there is none. Day before
// month, as the Dutch write it, or the year first (ISO 8601).
func dateAt(text []byte, i int) int {
	if end := isoDateAt(text, i); end > 0 {
		return end
	}
	day, j := small(text, i)
	if day < 1 || day > 31 || j >= len(text) {
		return 0
	}
	sep := text[j]
	if sep != '-' && sep != '/' && sep != '.' && sep != ' ' {
		return 0
	}
	j++
	if j < len(text) && digit(text[j]) && sep != ' ' {
		month, k := small(text, j)
		if month < 1 || month > 12 || k >= len(text) || text[k] != sep {
			return 0
		}
		if end := yearAt(text, k+1); end > 0 {
			return end
		}
		return shortYearAt(text, k+1)
	}
	for _, m := range months {
		if len(text)-j > len(m) && bytes.EqualFold(text[j:j+len(m)], []byte(m)) && !letter(text[j+len(m)]) {
			j += len(m)
			if text[j] == '.' {
				j++
			}
			return yearAt(text, j+1)
		}
	}
	return 0
}

// isoDateAt returns where a date such as 2017-01-03 ends.
func isoDateAt(text []byte, i int) int {
	if i+10 > len(text) || yearAt(text, i) == 0 || text[i+4] != '-' || text[i+7] != '-' ||
		i+10 < len(text) && digit(text[i+10]) {
		return 0
	}
	month, j := small(text, i+5)
	day, k := small(text, i+8)
	if j != i+7 || k != i+10 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0
	}
	return k
}

// shortYearAt returns where a year of two digits ends.
func shortYearAt(text []byte, i int) int {
	if i+2 > len(text) || !digit(text[i]) || !digit(text[i+1]) ||
		i+2 < len(text) && (digit(text[i+2]) || letter(text[i+2])) {
		return 0
	}
	return i + 2
}

// small reads one or two digits.
func small(text []byte, i int) (v, end int) {
	for end = i; end < len(text) && end < i+2 && digit(text[end]); end++ {
		v = v*10 + int(text[end]-'0')
	}
	return v, end
}

func yearAt(text []byte, i int) int {
	if i+4 > len(text) || i+4 < len(text) && digit(text[i+4]) {
		return 0
	}
	v := 0
	for _, c := range text[i : i+4] {
		if !digit(c) {
			return 0
		}
		v = v*10 + int(c-'0')
	}
	if v < 1920 || v > 2030 {
		return 0
	}
	return i + 4
}

// Postcode finds Dutch addresses: a postcode with a house number or a street before it, or
// in a column with such. In small letters it is one only next to a label.
func Postcode(t *Text, emit func(Hit)) {
	text := t.Bytes
	var col column
	for _, r := range t.runs {
		i, j := r.start, r.end
		if j != i+4 || i+6 > len(text) || text[i] == '0' || i > 0 && letter(text[i-1]) {
			continue
		}
		if text[j] == ' ' {
			j++
		}
		if j+2 > len(text) || !letter(text[j]) || !letter(text[j+1]) || j+2 < len(text) && inWord(text[j+2]) {
			continue
		}
		letters := string([]byte{text[j] &^ 0x20, text[j+1] &^ 0x20})
		switch letters {
		case "SA", "SD", "SS", "MG", "GR", "IE": // never given out, or units
			continue
		}
		c := around(text, i, j+2)
		if !(upper(text[j]) && upper(text[j+1])) && c.last(homeLabels) < 0 {
			continue
		}
		base := 30
		if col.goesOn(text, i, j+2) {
			base = 60
		}
		confidence := score(base, &c, homeLabels, homeRelated)
		if base == 30 && confidence < 50 && c.anywhere("straat", "laan", "weg ", "plein", "hof ", "kade", "singel",
			"dreef") {
			confidence += 25
		}
		if confidence >= 50 {
			col.add(text, i, j+2)
		}
		emit(Hit{i, j + 2, string(text[i:i+4]) + letters, confidence})
	}
}

// Email finds mail addresses.
func Email(t *Text, emit func(Hit)) {
	text := t.Bytes
	for from := 0; ; {
		at := bytes.IndexByte(text[from:], '@')
		if at < 0 {
			return
		}
		at += from
		start, end := at, at+1
		for start > 0 && at-start < 64 && addressByte(text[start-1]) {
			start--
		}
		for end < len(text) && end-at < 255 && (letter(text[end]) || digit(text[end]) || text[end] == '.' ||
			text[end] == '-') {
			end++
		}
		from = end
		for end > at && (text[end-1] == '.' || text[end-1] == '-') {
			end--
		}
		if start < at && bytes.IndexByte(text[at+1:end], '.') > 0 {
			var low [64 + 255]byte
			n := copyLower(low[:], text[start:end])
			emit(Hit{start, end, string(low[:n]), 80})
		}
	}
}

func addressByte(c byte) bool {
	return letter(c) || digit(c) || bytes.IndexByte([]byte(".!#$%&'*+/=?^_`{|}~-"), c) >= 0
}
