package text

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"io"
	"strings"
)

// maxStream bounds what is inflated of one stream of a PDF, in bytes.
const maxStream = 16 << 20

// pdf shows the strings in the content streams of a PDF, as far as they are plain or
// deflated and in a font whose codes are characters. Others cannot be told here from
// text that is none: a PDF without any text is named as not looked into.
func (w *walker) pdf(part int, a *Attachment, r *io.SectionReader) error {
	o := w.out(part, Contents)
	defer o.Close()
	found := false
	err := eachStream(r, func(dict []byte, s *io.SectionReader) error {
		if bytes.Contains(dict, []byte("/Image")) || bytes.Contains(dict, []byte("/FontFile")) {
			return nil
		}
		var body io.Reader = s
		if bytes.Contains(dict, []byte("FlateDecode")) {
			z, err := zlib.NewReader(s)
			if err != nil {
				return nil // a stream that is not what it says
			}
			body = w.inflating(z, s.Size())
		}
		content, err := io.ReadAll(io.LimitReader(body, maxStream))
		if err == errEnough {
			return err
		}
		text := pdfStrings(content)
		found = found || len(text) > 0
		if err := write(o, text); err != nil {
			return passed{err}
		}
		return nil
	}, func(line []byte) {
		a.Encrypted = a.Encrypted || bytes.Contains(line, []byte("/Encrypt "))
		a.Macros = a.Macros || bytes.Contains(line, []byte("/JavaScript")) || bytes.Contains(line, []byte("/Launch"))
	})
	if a.Encrypted {
		w.report.uninspectable(Encrypted)
	} else if !found {
		w.report.uninspectable(UnknownFormat)
	}
	if err != nil {
		return w.damage(err)
	}
	return o.Close()
}

// eachStream calls use for each stream of a PDF with the dictionary before it, and line
// for every line outside of streams.
func eachStream(r *io.SectionReader, use func(dict []byte, s *io.SectionReader) error, line func([]byte)) error {
	br := bufio.NewReaderSize(io.NewSectionReader(r, 0, r.Size()), 64<<10)
	var at, begin int64
	var dict []byte
	in := false
	for {
		l, err := br.ReadSlice('\n')
		at += int64(len(l))
		switch {
		case in && bytes.Contains(l, []byte("endstream")):
			in = false
			if e := use(dict, io.NewSectionReader(r, begin, at-int64(len(l))-begin)); e != nil {
				return e
			}
			dict = dict[:0]
		case in:
		default:
			line(l)
			if i := bytes.LastIndex(l, []byte("obj")); i >= 0 {
				dict = dict[:0]
			}
			if len(dict) < 4096 {
				dict = append(dict, l...)
			}
			if t := bytes.TrimRight(l, "\r\n"); bytes.HasSuffix(t, []byte("stream")) && !bytes.HasSuffix(t, []byte("endstream")) {
				in, begin = true, at
			}
		}
		if err != nil && err != bufio.ErrBufferFull {
			return nil // the end, or as far as it can be read
		}
	}
}

// pdfStrings returns the texts that the operators Tj and TJ show, of strings in
// parentheses and of hexadecimal ones.
func pdfStrings(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '(':
			depth := 1
			for i++; i < len(b) && depth > 0; i++ {
				switch c := b[i]; {
				case c == '\\' && i+1 < len(b):
					i++
					out = append(out, pdfEscape(b[i])...)
				case c == '(':
					depth++
				case c == ')':
					depth--
				default:
					out = append(out, c)
				}
			}
			i--
		case b[i] == 'T' && i+1 < len(b) && strings.IndexByte("dDm*", b[i+1]) >= 0, b[i] == '\'', b[i] == 'E' && i+1 < len(b) && b[i+1] == 'T':
			out = append(out, '\n')
		}
	}
	if !hasLetters(out) {
		return nil
	}
	return latin1(out)
}

func pdfEscape(c byte) string {
	switch c {
	case 'n', 'r':
		return "\n"
	case 't':
		return "\t"
	case '(', ')', '\\':
		return string(rune(c))
	}
	return ""
}

func hasLetters(b []byte) bool {
	n := 0
	for _, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			n++
		}
	}
	return n >= minRun && n*3 > len(b)/2
}

func latin1(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c < 0x80 {
			out = append(out, c)
		} else {
			out = append(out, string(rune(c))...)
		}
	}
	return out
}

// rtf shows the text of rich text: what is no control word, with its escapes.
func (w *walker) rtf(part int, r io.Reader) error {
	o := w.out(part, Contents)
	defer o.Close()
	br := bufio.NewReaderSize(r, 4096)
	for {
		c, err := br.ReadByte()
		if err == io.EOF {
			return o.Close()
		}
		if err != nil {
			return err
		}
		text := ""
		switch c {
		case '{', '}', '\r', '\n':
		case '\\':
			text = rtfControl(br)
		default:
			text = string(rune(c))
		}
		if _, err := io.WriteString(o, text); err != nil {
			return err
		}
	}
}

// rtfControl reads what follows a backslash and returns the text it stands for.
func rtfControl(br *bufio.Reader) string {
	c, err := br.ReadByte()
	if err != nil {
		return ""
	}
	if c == '\'' {
		var hex [2]byte
		io.ReadFull(br, hex[:]) // at the end there is nothing to show
		if hi, lo := unhex(hex[0]), unhex(hex[1]); hi < 16 && lo < 16 {
			return string(rune(hi<<4 | lo))
		}
		return ""
	}
	if c|0x20 < 'a' || c|0x20 > 'z' {
		if c == '~' || c == '_' {
			return " "
		}
		return strings.Trim(string(rune(c)), "*\r\n")
	}
	word := []byte{c}
	for len(word) < 40 {
		c, err := br.ReadByte()
		if err != nil {
			break
		}
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-'
		if !letter {
			if c != ' ' {
				br.UnreadByte() // cannot fail: a byte was just read
			}
			break
		}
		word = append(word, c)
	}
	return rtfWord(string(word))
}

func rtfWord(word string) string {
	name := strings.TrimRight(word, "-0123456789")
	switch name {
	case "par", "line", "cell", "row", "tab", "sect", "page":
		return "\n"
	case "u":
		n := 0
		for _, c := range strings.TrimPrefix(word[1:], "-") {
			n = n*10 + int(c-'0')
		}
		if strings.HasPrefix(word[1:], "-") {
			n = 65536 - n
		}
		return string(rune(n))
	}
	return ""
}
