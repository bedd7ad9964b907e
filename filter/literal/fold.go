package literal

import "unicode"

// wordByte has the bytes of words: letters, digits, and of characters outside ASCII.
var wordByte = func() (is [256]bool) {
	for c := range is {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
	}
	return is
}()

// lead is the first of the bytes that begin a Latin letter with a diacritic: U+00C0 to
// U+017F are two bytes each, of which both cases share the first.
const (
	lead  = 0xC3
	leads = 3
)

// folds is the lower case of a byte, by what stands before it: nothing of note, or one of
// the leads.
var folds = func() (f [1 + leads][256]byte) {
	for c := range 256 {
		lower := byte(c)
		if c >= 'A' && c <= 'Z' {
			lower += 'a' - 'A'
		}
		for l := range f {
			f[l][c] = lower
		}
	}
	for l := range leads {
		for c := 0x80; c < 0xC0; c++ {
			r := unicode.ToLower(rune(lead+l-0xC0)<<6 | rune(c-0x80))
			if byte(r>>6)|0xC0 == byte(lead+l) && r < 0x800 {
				f[1+l][c] = byte(r&0x3F) | 0x80
			}
		}
	}
	return f
}()

// fold returns the lower case of c after prev.
func fold(prev, c byte) byte {
	if l := prev - lead; l < leads {
		return folds[1+l][c]
	}
	return folds[0][c]
}

// upper returns the upper case of a folded byte after prev, if that is in two bytes as well.
func upper(prev, c byte) byte {
	if l := prev - lead; l < leads {
		for u := 0x80; u < 0xC0; u++ {
			if byte(u) != c && folds[1+l][u] == c {
				return byte(u)
			}
		}
	}
	return c
}

func appendFolded(dst []byte, s string) []byte {
	prev := byte(0)
	for i := range len(s) {
		dst = append(dst, fold(prev, s[i]))
		prev = s[i]
	}
	return dst
}

// equalFolded reports whether text[start:] begins with a folded phrase.
func equalFolded(text []byte, start int, phrase []byte) bool {
	prev := byte(0)
	if start > 0 {
		prev = text[start-1]
	}
	for i, c := range text[start : start+len(phrase)] {
		if fold(prev, c) != phrase[i] {
			return false
		}
		prev = c
	}
	return true
}

// blur makes the cases of ASCII letters one, roughly: it also does so for letters of U+00C0
// to U+00FE, and for some signs. What it lets through is compared exactly.
const blur = 0x2020202020202020

// lower returns eight bytes with the ASCII letters among them in lower case.
func lower(x uint64) uint64 {
	const ones = 0x0101010101010101
	low := x &^ (0x80 * ones)
	from, beyond := low+(0x80-'A')*ones, low+(0x80-'Z'-1)*ones // the upper bit of a byte says so
	return x | (from&^beyond&^x&(0x80*ones))>>2
}

// multiplier spreads what is hashed (2^64 over the golden ratio): the upper bits count.
const (
	multiplier   = 0x9E3779B97F4A7C15
	multiplier32 = 0x9E3779B1 // for four bytes
)
