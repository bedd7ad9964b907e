package text

import "bytes"

// Loosen undoes how words are written to get past a filter: digits and signs for letters
// (h4ll0), letters apart (h a l l o, h.a.l.l.o), and letters drawn out (haaaallo). It is
// for looking at words, not at numbers, in text that Fold has folded.
//
// The result is nil if there is nothing to undo; else it is in dst, and as long as b:
// what becomes shorter is filled with spaces, so that a hit begins where it was written.
func Loosen(dst, b []byte) []byte {
	l := loosener{b: b, dst: dst[:0]}
	for i := 0; i < len(b); {
		begin, same := i, 0
		var kinds byte // of all bytes of the word
		for prev := byte(0); i < len(b); i++ {
			c := b[i]
			k := byteKind[c]
			if k == 0 {
				break
			}
			kinds |= k
			if c != prev {
				same = 0
			} else if same++; same == 2 {
				kinds |= isDrawn
			}
			prev = c
		}
		switch i - begin {
		case 0:
			i++
		case 1:
			l.single(begin)
		default:
			if l.letters > 0 {
				l.endApart()
			}
			if kinds&(isSign|isDrawn) != 0 {
				l.word(begin, i)
			}
		}
	}
	l.endApart()
	if len(l.dst) == 0 {
		return nil
	}
	return l.dst
}

// leet is what digits and signs stand for.
var leet = [256]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '$': 's', '@': 'a', '!': 'i'}

// byteKind has the bytes that a word may be written with.
var byteKind = func() (t [256]byte) {
	for c := range t {
		switch {
		case letter(byte(c)) || c >= 0x80:
			t[c] = isLetter
		case leet[c] != 0:
			t[c] = isSign
		case c >= '0' && c <= '9':
			t[c] = isDigit
		}
	}
	return t
}()

const (
	isLetter byte = 1 << iota
	isSign        // that may stand for a letter
	isDigit       // that does not
	isDrawn       // of a word: three of a byte in a row
)

type loosener struct {
	b, dst  []byte
	apart   int // where a row of single letters begins
	letters int // how many are in it, 0 if there is none
	last    int // where the last of them is
}

// minApart is how many letters apart make a word: abbreviations such as a.u.b. have less.
const minApart = 4

// single takes a letter or digit that stands by itself.
func (l *loosener) single(i int) {
	if l.letters > 0 && i == l.last+2 && l.b[i-1] == l.b[l.apart+1] && between(l.b[i-1]) {
		l.last = i
		l.letters++
		return
	}
	l.endApart()
	l.apart, l.last, l.letters = i, i, 1
}

func between(c byte) bool {
	switch c {
	case ' ', '.', '-', '_', '*', '/', '|', '~', ',', '+':
		return true
	}
	return false
}

// endApart joins the letters of a row that has ended.
func (l *loosener) endApart() {
	n := l.letters
	l.letters = 0
	if n < minApart {
		return
	}
	var small [64]byte
	word, plain := small[:0], 0
	for i := l.apart; i <= l.last; i += 2 {
		c := l.b[i]
		if letter(c) {
			plain++
		} else if leet[c] != 0 {
			c = leet[c]
		}
		word = append(word, c)
	}
	if plain*2 > n {
		l.replace(l.apart, l.last+1, word)
	}
}

// maxWord is the length from which a run of letters and digits is no word.
const maxWord = 32

// word takes a word of more than one letter.
func (l *loosener) word(begin, end int) {
	for end > begin && l.b[end-1] == '!' {
		end--
	}
	w := l.b[begin:end]
	if len(w) < minApart || len(w) > maxWord {
		return
	}
	first, last, plain, drawn := -1, -1, 0, false
	for i, c := range w {
		switch {
		case letter(c):
			plain++
			last = i
			if first < 0 {
				first = i
			}
		case leet[c] == 0:
			return // a digit that stands for no letter, or a letter of another script
		}
		drawn = drawn || i > 1 && c == w[i-1] && c == w[i-2]
	}
	// A sign within a word, as in h4ll0: not the number at its end, as in groep5.
	signs := bytes.IndexFunc(w[max(first, 0):last+1], func(r rune) bool { return !letter(byte(r)) }) >= 0 ||
		first > 0 && w[0] == '$'
	address := end+1 < len(l.b) && l.b[end] == '.' && byteKind[l.b[end+1]] != 0 && bytes.IndexByte(w, '@') >= 0
	signs = signs && plain >= 2 && plain*2 >= len(w) && !address
	if !signs && (!drawn || plain == 0) {
		return
	}
	var small [maxWord]byte
	word := append(small[:0], w...)
	for i, c := range word {
		if s := leet[c]; signs && s != 0 {
			word[i] = s
		}
	}
	if word = shorten(word); !bytes.Equal(word, w) {
		l.replace(begin, end, word)
	}
}

// shorten makes one letter of three and more of the same; two of a consonant within a
// word, which often is a double one.
func shorten(w []byte) []byte {
	out := w[:0]
	for i := 0; i < len(w); {
		n := 1
		for i+n < len(w) && w[i+n]|0x20 == w[i]|0x20 {
			n++
		}
		keep := n
		if n > 2 {
			keep = 1
			if i > 0 && i+n < len(w) && bytes.IndexByte([]byte("aeiou"), w[i]|0x20) < 0 {
				keep = 2
			}
		}
		c := w[i]
		for range keep {
			out = append(out, c)
		}
		i += n
	}
	return out
}

// replace puts a word in the place of b[begin:end].
func (l *loosener) replace(begin, end int, word []byte) {
	if len(l.dst) == 0 {
		l.dst = append(l.dst, l.b...)
	}
	n := copy(l.dst[begin:end], word)
	for i := begin + n; i < end; i++ {
		l.dst[i] = ' '
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
