package charsets

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// Charset is what is known of a character set by its name.
type Charset struct {
	decoder transform.Transformer // nil: as it is
	Known   bool
	Foreign bool // its letters are not those of ASCII: a reader that ignores it sees others
	utf16   bool // its order of bytes may be another than it says
}

func byName(name string) Charset {
	name = plainName(name)
	if c := named(name); c.Known {
		return c
	}
	return named(strings.ReplaceAll(name, "_", "-")) // as Python reads it
}

func named(name string) Charset {
	switch name {
	case "", "us-ascii", "ascii", "utf-8", "utf8", "unicode-1-1-utf-8":
		return Charset{Known: true}
	case "utf-7", "utf7", "u7", "unicode-1-1-utf-7", "x-unicode-1-1-utf-7", "unicode-2-0-utf-7", "csunicode11utf7":
		return Charset{decoder: new(utf7), Known: true, Foreign: true}
	case "utf-16", "utf16", "u16", "unicode", "ucs-2", "iso-10646-ucs-2", "utf-16be":
		return Charset{decoder: unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder(), Known: true,
			Foreign: true, utf16: true}
	case "utf-16le":
		return Charset{decoder: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder(), Known: true,
			Foreign: true, utf16: true}
	case "utf-32", "utf32", "u32", "utf-32be", "ucs-4", "iso-10646-ucs-4":
		return Charset{decoder: utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewDecoder(), Known: true, Foreign: true}
	case "utf-32le":
		return Charset{decoder: utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewDecoder(), Known: true, Foreign: true}
	}
	var e encoding.Encoding
	if found, canonical := charset.Lookup(name); canonical != "replacement" { // which shows nothing
		e = found
	}
	if e == nil {
		e, _ = ianaindex.MIME.Encoding(name) // unknown is nil
	}
	if e == nil && ebcdic.MatchString(name) {
		e = charmap.CodePage1047 // in all of them letters and digits are where they are here
	}
	if e == nil {
		return Charset{}
	}
	return Charset{decoder: e.NewDecoder(), Known: true, Foreign: !likeASCII(e)}
}

// ebcdic are the names of the code pages of EBCDIC with Latin letters, as IBM numbers them.
var ebcdic = regexp.MustCompile(`^(?:cp|ibm|csibm|x-ibm)?-?0?` +
	`(?:037|27[3-8]|28[0145]|297|500|871|1026|1047|114[0-9])$`)

// plainName returns a name without what readers pass over in one: its case, what stands around it, and what follows a
// NUL.
func plainName(name string) string {
	name, _, _ = strings.Cut(name, "\x00")
	return strings.ToLower(strings.Trim(name, " \t\"'"))
}

func (c Charset) reader(r io.Reader) io.Reader {
	if c.decoder == nil {
		return r
	}
	return transform.NewReader(r, c.decoder)
}

// likeASCII reports whether letters of ASCII are themselves in e.
func likeASCII(e encoding.Encoding) bool {
	const sample = "Wacht+ADw~{(=$B@"
	got, err := e.NewDecoder().String(sample)
	return err == nil && got == sample
}

// Decode returns br in UTF-8. Without a name a byte order mark or zero bytes mean
// UTF-16, and a page may name its own.
func Decode(name string, html bool, br *bufio.Reader) (io.Reader, Charset) {
	c := byName(name)
	head, _ := br.Peek(1024) // an error shows again when it is read
	if e := UTF16(head); e != nil && (c.decoder == nil || c.utf16) {
		return transform.NewReader(br, e.NewDecoder()), Charset{Known: true, Foreign: c.Foreign}
	}
	if name == "" && html {
		c = byName(metaCharset(head))
	}
	return c.reader(br), c
}

// Append appends text in a named character set to dst in UTF-8, and reports
// whether the name is known.
func Append(dst []byte, name string, text []byte) ([]byte, bool) {
	c := byName(name)
	if c.decoder == nil {
		return append(dst, text...), c.Known
	}
	dst, _, err := transform.Append(c.decoder, dst, text)
	return dst, err == nil
}

// metaCharset returns the character set that an HTML page or an XML file names.
func metaCharset(head []byte) string {
	lowered, key := bytes.ToLower(head), []byte("charset")
	if bytes.HasPrefix(lowered, []byte("<?xml")) {
		key = []byte("encoding")
		lowered, _, _ = bytes.Cut(lowered, []byte("?>"))
	}
	for {
		i := bytes.Index(lowered, key)
		if i < 0 {
			return ""
		}
		lowered = lowered[i+len(key):]
		v, ok := bytes.CutPrefix(bytes.TrimLeft(lowered, " \t\r\n"), []byte("="))
		if !ok {
			continue
		}
		v = bytes.TrimLeft(v, " \t\r\n\"'")
		if end := bytes.IndexAny(v, "\"'; />\t\r\n"); end >= 0 {
			return string(v[:end])
		}
		return ""
	}
}

// UTF16 returns the UTF-16 that a text's first bytes are in, with or without a byte
// order mark; nil if they are not.
func UTF16(head []byte) encoding.Encoding {
	head = head[:min(len(head), 256)]
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case bytes.IndexByte(head, 0) < 0:
		return nil
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	// Letters of Latin have one zero byte of two, always the same one.
	switch half := len(head) / 2; {
	case half < 4:
		return nil
	case zeros[1]*2 > half && zeros[0]*8 < half:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0]*2 > half && zeros[1]*8 < half:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}
