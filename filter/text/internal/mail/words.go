package mail

import (
	"bytes"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// decodeWords decodes the encoded words (RFC 2047) of a header value.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	b, _ := appendWords(nil, []byte(s))
	return string(b)
}

// appendWords appends v to dst with its encoded words decoded, and reports whether all
// of them were well formed. Words of one character set that stand side by side are
// decoded as one, as mail programs do: a character, or a group of base64, may be cut
// between them.
func appendWords(dst, v []byte) (_ []byte, clean bool) {
	clean = true
	var run wordRun
	for len(v) > 0 {
		i := bytes.Index(v, []byte("=?"))
		if i < 0 {
			i = len(v)
		}
		if i > 0 && (run.charset == "" || len(bytes.TrimSpace(v[:i])) > 0) {
			dst, clean = run.end(dst, clean)
			dst = append(dst, v[:i]...)
		}
		if v = v[i:]; len(v) == 0 {
			break
		}
		word, size := cutWord(v)
		if size == 0 {
			clean = false
			dst, clean = run.end(dst, clean)
			dst, v = append(dst, "=?"...), v[2:]
			continue
		}
		if !strings.EqualFold(word.charset, run.charset) || word.base64 != run.base64 {
			dst, clean = run.end(dst, clean)
			run.charset, run.base64 = word.charset, word.base64
		}
		run.text = append(run.text, word.text...)
		v = v[size:]
	}
	return run.end(dst, clean)
}

// wordRun is encoded words that are decoded as one.
type wordRun struct {
	charset string
	base64  bool
	text    []byte
}

// end appends what the run stands for and empties it.
func (r *wordRun) end(dst []byte, clean bool) ([]byte, bool) {
	if r.charset == "" {
		return dst, clean
	}
	var fault bool
	var raw []byte
	if r.base64 {
		d := base64Decoder{}
		raw = d.append(make([]byte, 0, len(r.text)), r.text)
		raw = d.flush(raw)
		fault = d.junk || d.misplaced
	} else {
		raw, fault = unescapeQ(r.text)
	}
	dst, known := charsets.Append(dst, r.charset, raw)
	*r = wordRun{text: r.text[:0]}
	return dst, clean && known && !fault
}

// cutWord returns the encoded word that v begins with and its size, 0 if it does not.
func cutWord(v []byte) (word wordRun, size int) {
	rest := v[2:]
	q := bytes.IndexByte(rest, '?')
	if q < 0 || q > 64 || q+2 >= len(rest) || rest[q+2] != '?' {
		return word, 0
	}
	charset, _, _ := strings.Cut(string(rest[:q]), "*") // RFC 2231 section 5: a language
	charset = strings.TrimSpace(charset)
	if strings.ContainsAny(charset, " \t\"=") {
		return word, 0
	}
	if charset == "" {
		charset = "us-ascii" // which a reader has to take it for if it decodes the word
	}
	switch rest[q+1] | 0x20 {
	case 'b':
		word.base64 = true
	case 'q':
	default:
		return word, 0
	}
	text := rest[q+3:]
	end := bytes.Index(text, []byte("?="))
	if end < 0 {
		return word, 0
	}
	word.charset, word.text = charset, text[:end]
	return word, 2 + q + 3 + end + 2
}

// unescapeQ decodes the Q encoding in place and reports whether it has a fault.
func unescapeQ(b []byte) (_ []byte, fault bool) {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(b) && walk.Unhex(b[i+1]) < 16 && walk.Unhex(b[i+2]) < 16:
			out = append(out, walk.Unhex(b[i+1])<<4|walk.Unhex(b[i+2]))
			i += 2
		default:
			fault = fault || c == '='
			out = append(out, c)
		}
	}
	return out, fault
}

// addWord appends a header value to the scratch text, decoded.
func addWord(w *walk.Walker, value []byte) {
	if !bytes.Contains(value, []byte("=?")) {
		w.Scratch = append(w.Scratch, value...)
		return
	}
	var clean bool
	if w.Scratch, clean = appendWords(w.Scratch, value); !clean {
		w.Doubt(text.BadEncoding)
	}
}
