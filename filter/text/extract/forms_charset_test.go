package extract

import (
	"encoding/base64"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// charsetForm is the character set that a header names, and the one that the text is in.
type charsetForm struct{ named, in string }

var charsetForms = []charsetForm{
	{"utf-16le", "utf-16le"}, {"utf-16be", "utf-16be"}, {"utf-16", "utf-16le+bom"}, {"utf-16", "utf-16be+bom"},
	{"utf-16", "utf-16be"}, {"utf-16", "utf-16le"}, {"utf-8", "utf-16le+bom"}, {"us-ascii", "utf-16be+bom"},
	{"unicode", "utf-16le+bom"}, {"ucs-2", "utf-16be"}, {"iso-10646-ucs-2", "utf-16be"},
	{"utf-32", "utf-32be+bom"}, {"utf-32le", "utf-32le"}, {"utf-32be", "utf-32be"}, {"ucs-4", "utf-32be"},
	{"utf-7", "utf-7"}, {"utf7", "utf-7"}, {"unicode-1-1-utf-7", "utf-7"}, {"UTF-7", "utf-7"}, {"csUnicode11UTF7", "utf-7"},
	{"\"utf-7\"", "utf-7"}, {"'utf-7'", "utf-7"}, {"utf-7; charset=utf-8", "utf-7"}, {"utf-8; charset=utf-7", "utf-7"},
	{"ibm037", "cp037"}, {"cp037", "cp037"}, {"cp500", "cp500"}, {"ebcdic-cp-us", "cp037"}, {"ibm1047", "cp1047"},
	{"csIBM037", "cp037"}, {"utf-16le", "utf-8"}, {"utf-7", "utf-8"}, {"cp037", "utf-8"}, {"x-own", "utf-8"},
	{"", "utf-16le"}, {"", "utf-16be"}, {"", "utf-16le+bom"}, {"", "utf-16be+bom"}, {"utf-16le\x00", "utf-16le"},
	{"utf_16_le", "utf-16le"}, {"utf_7", "utf-7"}, {"u7", "utf-7"}, {"u16", "utf-16be+bom"},
	{"utf16", "utf-16le+bom"}, {"utf-16 ", "utf-16le+bom"}, {"=?us-ascii?Q?utf-7?=", "utf-7"}, {"hz-gb-2312", "utf-8"},
	{"iso-2022-jp", "utf-8"}, {"cp1026", "cp1026"}, {"cp273", "cp273"}, {"cp1140", "cp1140"}, {"rot13", "rot13"},
	{"base64", "utf-8"}, {"punycode", "utf-8"}, {"quopri", "utf-8"}, {"idna", "utf-8"}, {"utf-8-sig", "utf-8"},
	{"cesu-8", "utf-8"}, {"utf-1", "utf-8"}, {"scsu", "utf-8"}, {"bocu-1", "utf-8"},
}

// codecForms are names that Python takes for character sets and mail does not know: its own codecs.
var codecForms = []charsetForm{{"unicode_escape", "unicode-escape"}, {"raw_unicode_escape", "unicode-escape"}}

// charsetWith returns a message whose second part is in a character set, in base64.
func charsetWith(f charsetForm, word string) string {
	header := "Content-Type: text/plain"
	if f.named != "" {
		header += "; charset=" + f.named
	}
	return partWith(header+"\nContent-Transfer-Encoding: base64",
		base64.StdEncoding.EncodeToString(inCharset("dit is het woord "+word+" hier", f.in)))
}

// inCharset writes a text of ASCII in a character set.
func inCharset(text, charset string) []byte {
	name, bom := strings.CutSuffix(charset, "+bom")
	switch name {
	case "utf-16le", "utf-16be", "utf-32le", "utf-32be":
		return wide(text, name, bom)
	case "utf-7":
		return []byte("+" + base64.RawStdEncoding.EncodeToString(wide(text, "utf-16be", false)) + "-")
	case "cp037", "cp1140":
		return ebcdic(text)
	case "cp1047", "cp500", "cp1026", "cp273": // letters and digits are where CP037 has them
		b, _ := charmap.CodePage1047.NewEncoder().Bytes([]byte(text))
		return b
	case "rot13":
		return []byte(strings.Map(rot13, text))
	case "unicode-escape":
		return []byte(escaped(text, `\u00`))
	}
	return []byte(text)
}

// wide writes a text of ASCII in units of two or four octets.
func wide(text, name string, bom bool) []byte {
	size := 2
	if strings.Contains(name, "32") {
		size = 4
	}
	units := []byte(nil)
	add := func(c uint16) {
		unit := make([]byte, size)
		if strings.HasSuffix(name, "le") {
			unit[0], unit[1] = byte(c), byte(c>>8)
		} else {
			unit[size-1], unit[size-2] = byte(c), byte(c>>8)
		}
		units = append(units, unit...)
	}
	if bom {
		add(0xfeff)
	}
	for _, c := range []byte(text) {
		add(uint16(c))
	}
	return units
}

func rot13(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}
