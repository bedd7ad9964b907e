package text

import (
	"encoding/binary"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Fold undoes what makes equal texts look different to a machine and not to a reader:
// compatibility forms (as NFKC does), invisible characters, accents, digits of other
// scripts, and letters of other scripts that look Latin. Case is left as it is. A byte
// that is not UTF-8 is read as Windows-1252.
//
// The result is b itself if nothing changes; else it is appended to dst[:0]. Characters
// fold one by one, so that a text may be cut between any two of them and folded in
// pieces.
func Fold(dst, b []byte) []byte {
	i := asciiPrefix(b)
	if i == len(b) {
		return b
	}
	t := foldTable()
	dst = append(dst[:0], b[:i]...)
	for i < len(b) {
		var n int
		dst, n = t.append(dst, b[i:])
		i += n
		n = asciiPrefix(b[i:])
		dst = append(dst, b[i:i+n]...)
		i += n
	}
	return dst
}

// FoldedLen returns len(Fold(nil, b)).
func FoldedLen(b []byte) int {
	t := foldTable()
	var small [64]byte
	n := 0
	for len(b) > 0 {
		k := asciiPrefix(b)
		if n, b = n+k, b[k:]; len(b) > 0 {
			f, size := t.append(small[:0], b)
			n, b = n+len(f), b[size:]
		}
	}
	return n
}

func asciiPrefix(b []byte) int {
	i := 0
	for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0 {
		i += 8
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// foldings holds what the characters up to U+20FF fold to: 0 for what has to be looked up,
// drop for nothing.
type foldings [0x2100]rune

const drop = -1

// append appends what the first character of b folds to, and returns its size.
func (t *foldings) append(dst, b []byte) ([]byte, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		r, n = charmap.Windows1252.DecodeByte(b[0]), 1
	}
	if int(r) < len(t) {
		switch f := t[r]; {
		case f > 0 && f < utf8.RuneSelf:
			return append(dst, byte(f)), n
		case f > 0:
			return utf8.AppendRune(dst, f), n
		case f == drop:
			return dst, n
		}
	}
	return appendFolded(dst, r), n
}

// appendFolded appends what r, and what it decomposes to, folds to.
func appendFolded(dst []byte, r rune) []byte {
	if f := foldRune(r); f != r {
		if f == drop {
			return dst
		}
		return utf8.AppendRune(dst, f)
	}
	var b [utf8.UTFMax]byte
	d := norm.NFKD.Properties(b[:utf8.EncodeRune(b[:], r)]).Decomposition()
	if d == nil {
		return utf8.AppendRune(dst, r)
	}
	for len(d) > 0 {
		p, n := utf8.DecodeRune(d)
		if f := foldRune(p); f != drop {
			dst = utf8.AppendRune(dst, f)
		}
		d = d[n:]
	}
	return dst
}

// foldRune returns what a character that does not decompose folds to.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	if f, ok := lookalikes()[r]; ok {
		return f
	}
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
		return drop
	case r >= 0x1d7ce && r <= 0x1d7ff, r >= 0xff10 && r <= 0xff19:
		return r // digits that decompose
	case unicode.Is(unicode.Nd, r):
		return '0' + digit(r)
	case unicode.Is(unicode.Zs, r), r == 0x2800:
		return ' '
	case r == 0x2028 || r == 0x2029 || r == 0x85:
		return '\n'
	case unicode.Is(unicode.Pd, r), r == '−':
		return '-'
	case r >= 0x1f150 && r <= 0x1f169: // letters in black circles and squares, and of flags
		return 'A' + r - 0x1f150
	case r >= 0x1f170 && r <= 0x1f189:
		return 'A' + r - 0x1f170
	case r >= 0x1f1e6 && r <= 0x1f1ff:
		return 'A' + r - 0x1f1e6
	}
	return r
}

// digit returns the value of a decimal digit: they stand in runs of ten.
func digit(r rune) rune {
	for _, rng := range unicode.Nd.R16 {
		if r <= rune(rng.Hi) && r >= rune(rng.Lo) {
			return (r - rune(rng.Lo)) % 10
		}
	}
	for _, rng := range unicode.Nd.R32 {
		if r <= rune(rng.Hi) && r >= rune(rng.Lo) {
			return (r - rune(rng.Lo)) % 10
		}
	}
	return 0
}

var foldTable = sync.OnceValue(func() *foldings {
	t := new(foldings)
	for r := range rune(len(t)) {
		switch b := appendFolded(nil, r); {
		case len(b) == 0:
			t[r] = drop
		case utf8.RuneCount(b) == 1:
			t[r], _ = utf8.DecodeRune(b)
		}
	}
	return t
})

// lookalikePairs are letters that a reader takes for the Latin one that follows them.
const lookalikePairs = "" +
	"аa сc ԁd еe һh іi јj кk ӏl мm нh оo рp ԛq гr ѕs тt уy хx вb ԝw ґr ѵv " + // Cyrillic
	"АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ԚQ ЅS ТT ХX УY ԜW " +
	"αa γy εe ιi κk νv οo ρp τt υu χx ωw " + // Greek
	"ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX " +
	"øo ØO łl ŁL đd ĐD ħh ĦH ıi ŧt ŦT ðd ɑa ɡg ɩi ƒf ɓb ɗd ɛe ɨi ɵo ʋv ƅb ʐz ɐa ǝe " + // Latin
	"ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz " +
	"‘' ’' ‛' ´' ʼ' ′' “\" ”\" „\" ″\" «\" »\" ․. 。. ⁄/ ∕/ ∶: ꞉: "

var lookalikes = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	var from rune
	for _, r := range lookalikePairs {
		switch {
		case r == ' ':
			from = 0
		case from == 0:
			from = r
		default:
			m[from] = r
		}
	}
	return m
})
