package pdf

import (
	"strconv"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// The encodings that fonts begin from (ISO 32000-2, annex D).
var (
	winEncoding      = encodingOf(charmap.Windows1252)
	macEncoding      = encodingOf(charmap.Macintosh)
	standardEncoding = standard()
)

func encodingOf(c *charmap.Charmap) (names [256]string) {
	for i := ' '; i < 256; i++ {
		if r := c.DecodeByte(byte(i)); r >= ' ' && r != 0x7f && r != '\ufffd' {
			names[i] = string(r)
		}
	}
	return names
}

// standard is ASCII with two quotes of its own, and signs above it.
func standard() (names [256]string) {
	for i := ' '; i < 0x7f; i++ {
		names[i] = string(i)
	}
	names['\''], names['`'] = "’", "‘"
	high := []rune("¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ\x00–†‡·\x00¶•‚„”»…‰\x00¿\x00`´ˆ˜¯˘˙¨\x00˚¸\x00˝˛ˇ—")
	for i, r := range high {
		if r != 0 {
			names[0xa1+i] = string(r)
		}
	}
	for code, r := range map[int]rune{0xe1: 'Æ', 0xe3: 'ª', 0xe8: 'Ł', 0xe9: 'Ø', 0xea: 'Œ', 0xeb: 'º', 0xf1: 'æ',
		0xf5: 'ı', 0xf8: 'ł', 0xf9: 'ø', 0xfa: 'œ', 0xfb: 'ß'} {
		names[code] = string(r)
	}
	return names
}

// signs are the names of glyphs that are no letter with an accent (Adobe Glyph List).
var signs = func() map[string]string {
	m := map[string]string{}
	fields := strings.Fields(signList)
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	m["space"], m["nbspace"], m["nonbreakingspace"], m["visiblespace"] = " ", "\u00a0", "\u00a0", " "
	m["compwordmark"] = "\u200c"
	m["hyphen"], m["sfthyphen"], m["softhyphen"] = "-", "-", "-"
	return m
}()

const signList = `exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle ' quoteright ’
parenleft ( parenright ) asterisk * plus + comma , period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6
seven 7 eight 8 nine 9 colon : semicolon ; less < equal = greater > question ? at @ bracketleft [ backslash \
bracketright ] asciicircum ^ underscore _ grave ` + "` quoteleft ‘" + ` braceleft { bar | braceright } asciitilde ~
exclamdown ¡ cent ¢ sterling £ currency ¤ yen ¥ brokenbar ¦ section § dieresis ¨ copyright © ordfeminine ª
guillemotleft « guillemotright » guilsinglleft ‹ guilsinglright › logicalnot ¬ registered ® macron ¯ degree °
plusminus ± twosuperior ² threesuperior ³ onesuperior ¹ acute ´ mu µ paragraph ¶ periodcentered · cedilla ¸
ordmasculine º onequarter ¼ onehalf ½ threequarters ¾ questiondown ¿ AE Æ ae æ OE Œ oe œ Oslash Ø oslash ø
multiply × divide ÷ germandbls ß Eth Ð eth ð Thorn Þ thorn þ Lslash Ł lslash ł Dcroat Đ dcroat đ dotlessi ı
dotlessj ȷ florin ƒ circumflex ˆ tilde ˜ caron ˇ breve ˘ dotaccent ˙ ring ˚ ogonek ˛ hungarumlaut ˝ endash – emdash —
quotedblleft “ quotedblright ” quotesinglbase ‚ quotedblbase „ dagger † daggerdbl ‡ bullet • ellipsis … perthousand ‰
fraction ⁄ Euro € euro € trademark ™ minus − fi fi fl fl ff ff ffi ffi ffl ffl ij ij IJ IJ longs ſ
infinity ∞ lessequal ≤ greaterequal ≥ notequal ≠ arrowright → arrowleft ← checkmark ✓
alpha α beta β gamma γ delta δ pi π sigma σ omega ω Omega Ω Delta Δ`

// accents are the ends of the names of letters with an accent.
var accents = map[string]string{
	"grave": "\u0300", "acute": "\u0301", "circumflex": "\u0302", "tilde": "\u0303", "macron": "\u0304",
	"breve": "\u0306", "dotaccent": "\u0307", "dieresis": "\u0308", "ring": "\u030a", "hungarumlaut": "\u030b",
	"caron": "\u030c", "cedilla": "\u0327", "ogonek": "\u0328", "commaaccent": "\u0326",
}

// characters returns what the name of a glyph stands for, empty if that is not known.
func characters(name string) string {
	name, _, _ = strings.Cut(name, ".") // "a.sc" is an a
	if s := signs[name]; s != "" {
		return s
	}
	if len(name) == 1 {
		return name
	}
	if name == "" {
		return ""
	}
	if before, after, ok := strings.Cut(name, "_"); ok && before != "" { // a ligature
		return characters(before) + characters(after)
	}
	if mark := accents[name[1:]]; mark != "" {
		if s := norm.NFC.String(name[:1] + mark); len([]rune(s)) == 1 {
			return s
		}
	}
	return numberedName(name)
}

// texLigatures are the ligatures of the old and the new encoding of TeX, by their codes.
var texLigatures = map[uint64]string{11: "ff", 12: "fi", 13: "fl", 14: "ffi", 15: "ffl",
	27: "ff", 28: "fi", 29: "fl", 30: "ffi", 31: "ffl"}

// numberedName reads uni20AC, u20AC, and a65 or c65, as writers of drawn fonts name them.
func numberedName(name string) string {
	digits, base := "", 16
	switch {
	case strings.HasPrefix(name, "uni") && len(name) >= 7:
		var b strings.Builder
		for s := name[3:]; len(s) >= 4; s = s[4:] {
			n, err := strconv.ParseUint(s[:4], 16, 32)
			if err != nil {
				return ""
			}
			b.WriteRune(rune(n))
		}
		return b.String()
	case name[0] == 'u' && len(name) >= 5:
		digits = name[1:]
	case (name[0] == 'a' || name[0] == 'c') && len(name) <= 4:
		digits, base = name[1:], 10
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if lig := texLigatures[n]; err == nil && base == 10 && lig != "" {
		return lig
	}
	if err != nil || n < ' ' || base == 10 && n > 0x7e {
		return ""
	}
	return string(rune(n))
}

// standardWidths returns the widths of a font that readers have themselves, by its name; nil if they do not.
func standardWidths(base string) []float64 {
	if i := strings.IndexByte(base, '+'); i == 6 {
		base = base[7:]
	}
	lower := strings.ToLower(base)
	family := ""
	for prefix, f := range map[string]string{"helvetica": "Helvetica", "arial": "Helvetica", "times": "Times",
		"courier": "Courier"} {
		if strings.HasPrefix(lower, prefix) {
			family = f
		}
	}
	if family == "" {
		return nil
	}
	style := ""
	if strings.Contains(lower, "bold") {
		style = "B"
	}
	if strings.Contains(lower, "italic") || strings.Contains(lower, "oblique") {
		style += "I"
	}
	return coreWidths()[family+style]
}

// coreWidths has the widths of the standard fonts, which the writer of PDF knows.
var coreWidths = sync.OnceValue(func() map[string][]float64 {
	w := map[string][]float64{}
	doc := fpdf.New("P", "pt", "A4", "")
	for _, family := range []string{"Helvetica", "Times", "Courier"} {
		for _, style := range []string{"", "B", "I", "BI"} {
			doc.SetFont(family, style, 1)
			widths := make([]float64, 256)
			for c := 1; c < len(widths); c++ {
				widths[c] = float64(doc.GetStringSymbolWidth(string([]byte{byte(c)})))
			}
			w[family+style] = widths
		}
	}
	return w
})

// embeddedGlyphs returns what the glyphs of an embedded font stand for, by its own table of characters.
func (f *File) embeddedGlyphs(descriptor Dict) map[int]rune {
	t, err := sfnt.Parse(f.program(descriptor, "FontFile2", "FontFile3"))
	if err != nil {
		return nil
	}
	glyphs := map[int]rune{}
	var b sfnt.Buffer
	for _, block := range [][2]rune{{0x20, 0x24f}, {0x370, 0x52f}, {0x2010, 0x20cf}, {0xfb00, 0xfb06}} {
		for r := block[0]; r <= block[1]; r++ {
			if g, err := t.GlyphIndex(&b, r); err == nil && g != 0 && glyphs[int(g)] == 0 {
				glyphs[int(g)] = r
			}
		}
	}
	return glyphs
}
