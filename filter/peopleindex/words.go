package peopleindex

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is a run of letters or digits of a text, normalised: words.buf[from:to].
type word struct {
	from, to   int  // in the buffer
	start, end int  // in the text
	number     bool // digits only
}

// words is a text as words, with a blank between each two in the buffer, so that several
// in a row are one piece of it.
type words struct {
	buf  []byte
	list []word
}

// split makes the words of a text. What words.list had is overwritten.
func (w *words) split(text []byte) { w.splitAt(text, 0, len(text)) }

// splitAt makes the first words of text[i:].
func (w *words) splitAt(text []byte, i, most int) {
	w.buf, w.list = w.buf[:0], w.list[:0]
	for len(w.list) < most {
		if i = nextWord(text, i); i == len(text) {
			return
		}
		i = w.word(text, i)
	}
}

// nextWord returns where the first word from i on begins, or the length of the text.
func nextWord(text []byte, i int) int {
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			if lower[c] != 0 {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return i
		}
		i += n
	}
	return i
}

// lower is the lower case of the ASCII letters and digits, 0 for other signs.
var lower = func() (t [utf8.RuneSelf]byte) {
	for c := byte(0); c < utf8.RuneSelf; c++ {
		switch {
		case c >= 'A' && c <= 'Z':
			t[c] = c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			t[c] = c
		}
	}
	return t
}()

// word adds the word that begins at i and returns where it ends. A change between letters
// and digits ends it as well, so that 1234AB and 1234 AB are the same.
func (w *words) word(text []byte, i int) int {
	buf := w.buf
	if len(w.list) > 0 {
		buf = append(buf, ' ')
	}
	x := word{from: len(buf), start: i}
	first := true
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			l := lower[c]
			digit := l <= '9'
			if l == 0 || !first && digit != x.number {
				break
			}
			x.number, first = digit, false
			buf = append(buf, l)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		digit := unicode.IsDigit(r)
		if !digit && !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) || !first && digit != x.number {
			break
		}
		x.number, first = digit, false
		buf = appendPlain(buf, r)
		i += n
	}
	x.to, x.end = len(buf), i
	w.buf, w.list = buf, append(w.list, x)
	return i
}

// appendPlain appends a letter in lower case without its diacritics.
func appendPlain(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(b, byte(r))
	}
	switch r {
	case 'ø', 'Ø':
		return append(b, 'o')
	case 'ł', 'Ł':
		return append(b, 'l')
	case 'ß':
		return append(b, "ss"...)
	case 'æ', 'Æ':
		return append(b, "ae"...)
	}
	var in [utf8.UTFMax]byte
	for _, c := range string(norm.NFD.Append(nil, in[:utf8.EncodeRune(in[:], r)]...)) {
		if !unicode.Is(unicode.Mn, c) {
			b = utf8.AppendRune(b, unicode.ToLower(c))
		}
	}
	return b
}

// text returns words i to j as one piece.
func (w *words) text(i, j int) []byte { return w.buf[w.list[i].from:w.list[j-1].to] }

// monthNames are the first three letters of the months as Dutch and English write them.
var monthNames = map[string]int{"jan": 1, "feb": 2, "maa": 3, "mrt": 3, "mar": 3, "apr": 4, "mei": 5, "may": 5,
	"jun": 6, "jul": 7,
	"aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "dec": 12}

// date returns the date that begins with word i as 20170103, and how many words it takes;
// 0 if there is none. Day before month, as the Dutch write it, or the year first.
func (w *words) date(i int) (date string, n int) {
	if i+3 > len(w.list) || !w.list[i].number || !w.list[i+2].number {
		return "", 0
	}
	a, okA := w.small(i)
	b, okB := w.small(i + 1)
	c, okC := w.small(i + 2)
	if !w.list[i+1].number {
		b = w.month(i + 1)
		okB = b > 0
	}
	if !okA || !okB || !okC {
		return "", 0
	}
	day, month, year := a, b, c
	if a > 31 {
		day, year = c, a
	}
	if day < 1 || day > 31 || month < 1 || month > 12 || year < 1900 || year > 2100 {
		return "", 0
	}
	return strconv.Itoa(year*10000 + month*100 + day), 3
}

// month returns the month that word i is the name of, 0 if it is none.
func (w *words) month(i int) int {
	name := w.text(i, i+1)
	return monthNames[string(name[:min(3, len(name))])]
}

func (w *words) small(i int) (int, bool) {
	x := w.list[i]
	if !x.number || x.to-x.from > 4 {
		return 0, false
	}
	n, err := strconv.Atoi(string(w.buf[x.from:x.to]))
	return n, err == nil
}

// plain normalises a value of the list as split does a text.
func plain(value string) string {
	var w words
	w.split([]byte(strings.TrimSpace(value)))
	return string(w.buf)
}
