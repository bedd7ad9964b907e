package detect

import "bytes"

// Phone finds Dutch telephone numbers: nine digits after 0, +31 or 0031.
func Phone(t *Text, emit func(Hit)) {
	text := t.Bytes
	t.numbers(9, 13, func(n number) {
		d := n.digits
		plus := n.start > 0 && text[n.start-1] == '+'
		switch {
		case plus && bytes.HasPrefix(d, []byte("31")):
			d = bytes.TrimPrefix(d[2:], []byte("0"))
		case bytes.HasPrefix(d, []byte("0031")):
			d = d[4:]
		case d[0] == '0' && len(d) == 10:
			d = d[1:]
		default:
			return
		}
		if len(d) != 9 || d[0] == '0' || dummy(d) {
			return
		}
		base := 50
		if d[0] == '6' {
			base = 60
		}
		c := around(text, n.start, n.end)
		report(emit, number{n.start, n.end, d}, score(base, c, []string{"06", "mobiel", "telefoon", "tel", "gsm", "bel", "phone"}, people))
	})
}

// months are the names of months as Dutch and English write them.
var months = []string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
	"january", "february", "march", "may", "june", "july", "august", "october", "jan", "feb", "mrt", "apr", "jun", "jul", "aug", "sep", "okt", "oct", "nov", "dec"}

// BirthDate finds dates that are said to be somebody's birth: a date of the past hundred
// years with a label, or in a row with others.
func BirthDate(t *Text, emit func(Hit)) {
	text, done := t.Bytes, 0
	for _, r := range t.runs {
		i := r.start
		if i < done || i > 0 && letter(text[i-1]) {
			continue
		}
		end := dateAt(text, i)
		if end == 0 {
			continue
		}
		c := around(text, i, end)
		if confidence := score(10, c, []string{"geboren", "geb.", "geb ", "geboortedatum", "geboortedat", "verjaardag", "date of birth", "dob", "born"}, []string{"leerling", "pupil", "bsn", "groep"}); confidence > 10 {
			emit(Hit{i, end, string(text[i:end]), confidence})
		}
		done = end
	}
}

// dateAt returns where the date that begins at i ends; 0 if there is none.
func dateAt(text []byte, i int) int {
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
		return yearAt(text, k+1)
	}
	for _, m := range months {
		if len(text)-j > len(m) && bytes.EqualFold(text[j:j+len(m)], []byte(m)) && !letter(text[j+len(m)]) {
			return yearAt(text, j+len(m)+1)
		}
	}
	return 0
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

// Postcode finds Dutch addresses: a postcode with a house number or a street before it.
func Postcode(t *Text, emit func(Hit)) {
	text := t.Bytes
	for _, r := range t.runs {
		i, j := r.start, r.end
		if j != i+4 || i+6 > len(text) || text[i] == '0' || i > 0 && letter(text[i-1]) {
			continue
		}
		if text[j] == ' ' {
			j++
		}
		if j+2 > len(text) || !upper(text[j]) || !upper(text[j+1]) || j+2 < len(text) && (letter(text[j+2]) || digit(text[j+2])) {
			continue
		}
		switch string(text[j : j+2]) {
		case "SA", "SD", "SS", "MG", "GR", "IE": // never given out, or units
			continue
		}
		c := around(text, i, j+2)
		confidence := score(30, c, []string{"adres", "postcode", "woonplaats", "address", "woont"}, []string{"straat", "laan", "weg ", "plein", "hof ", "kade", "naam"})
		emit(Hit{i, j + 2, string(text[i:i+4]) + string(text[j:j+2]), confidence})
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
		for end < len(text) && end-at < 255 && (letter(text[end]) || digit(text[end]) || text[end] == '.' || text[end] == '-') {
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
