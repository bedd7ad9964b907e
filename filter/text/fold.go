package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold undoes what makes equal texts look different to a machine and not to a reader:
// compatibility forms (NFKC), invisible characters, accents, digits of other scripts,
// and letters of other scripts that look Latin. Case is left as it is. Bytes that are
// not UTF-8 are read as Latin-1.
//
// The result is b itself if nothing changes, which is the usual case; else it is
// appended to dst[:0].
func Fold(dst, b []byte) []byte {
	i := asciiPrefix(b)
	if i == len(b) {
		return b
	}
	dst = append(dst[:0], b[:i]...)
	var small [64]byte
	for i < len(b) {
		if c := b[i]; c < utf8.RuneSelf {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			r = rune(b[i])
		}
		i += n
		if f, ok := foldRune(r); ok {
			if f != 0 {
				dst = utf8.AppendRune(dst, f)
			}
			continue
		}
		for _, d := range string(norm.NFKD.AppendString(small[:0], string(r))) {
			if f, ok := foldRune(d); ok {
				d = f
			}
			if d != 0 {
				dst = utf8.AppendRune(dst, d)
			}
		}
	}
	return dst
}

func asciiPrefix(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// foldRune returns what a rune folds to, 0 for nothing, and whether that is all: if not,
// its decomposition has to be folded.
func foldRune(r rune) (rune, bool) {
	if r < utf8.RuneSelf {
		return r, true
	}
	if r >= 0xc0 && r <= 0x17f {
		if f := latin[r-0xc0]; f != 0 {
			return f, true
		}
	}
	if f, ok := lookalike[r]; ok {
		return f, true
	}
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), r >= 0xfe00 && r <= 0xfe0f, r == 0x115f, r == 0x3164:
		return 0, true
	case unicode.Is(unicode.Nd, r) && r < 0x1d7ce: // the mathematical ones decompose
		zero := r // the digits of a script are ten code points in a row
		for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + r - zero, true
	case unicode.Is(unicode.Zs, r):
		return ' ', true
	case r == '‘' || r == '’' || r == '‛' || r == '´':
		return '\'', true
	case r == '“' || r == '”' || r == '„':
		return '"', true
	case unicode.Is(unicode.Pd, r), r == '−':
		return '-', true
	}
	return r, norm.NFKD.IsNormalString(string(r))
}

// latin holds the base letters of U+00C0 to U+017F.
var latin = func() (t [0x17f - 0xc0 + 1]rune) {
	for i := range t {
		d := []rune(norm.NFKD.String(string(rune(0xc0 + i))))
		if len(d) > 1 && d[0] < utf8.RuneSelf && unicode.Is(unicode.Mn, d[1]) {
			t[i] = d[0]
		}
	}
	for r, f := range map[rune]rune{'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D', 'ħ': 'h', 'ı': 'i', 'ð': 'd', 'ſ': 's'} {
		t[r-0xc0] = f
	}
	return t
}()

// lookalike holds letters of other scripts that a reader takes for Latin ones.
var lookalike = func() map[rune]rune {
	m := map[rune]rune{}
	from := []rune("аеорсухіјѕԁһкмтвнАВЕКМНОРСТУХІЈЅαονικτρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
	to := []rune("aeopcyxijsdhkmtbhABEKMHOPCTYXIJSaovikrpuABEZHIKMNOPTYX")
	for i, r := range from {
		m[r] = to[i]
	}
	m['τ'], m['ρ'] = 't', 'p'
	return m
}()
