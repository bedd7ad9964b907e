package text

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/cention-sany/utf7"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decodeCharset returns r in UTF-8, and whether the character set is known. Without a
// name, or with one that says nothing, a byte order mark and zero bytes tell UTF-16;
// otherwise the bytes stay as they are.
func decodeCharset(name string, r io.Reader) (io.Reader, bool) {
	name = strings.ToLower(strings.Trim(strings.TrimSpace(name), `"'`))
	switch name {
	case "", "us-ascii", "ascii", "utf-8", "utf8":
		br := bufio.NewReaderSize(r, 512)
		head, _ := br.Peek(64) // an error shows again when it is read
		if e := utf16Of(head); e != nil {
			return transform.NewReader(br, e.NewDecoder()), true
		}
		return br, true
	case "utf-7", "utf7", "unicode-1-1-utf-7":
		return transform.NewReader(r, utf7.UTF7.NewDecoder()), true
	}
	e := lookup(name)
	if e == nil {
		return r, false
	}
	return transform.NewReader(r, e.NewDecoder()), true
}

func lookup(name string) encoding.Encoding {
	if e, _ := charset.Lookup(name); e != nil {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// utf16Of returns the UTF-16 that a text's first bytes are in, with or without a byte
// order mark; nil if they are not.
func utf16Of(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch half := len(head) / 2; {
	case half < 4:
		return nil
	case zeros[1]*4 > half*3 && zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0]*4 > half*3 && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// charsetReader is decodeCharset for RFC 2047 words.
func charsetReader(name string, r io.Reader) (io.Reader, error) {
	d, known := decodeCharset(name, r)
	if !known {
		return nil, fmt.Errorf("unknown character set")
	}
	return d, nil
}
