package mail

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"sync"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// encoding is a transfer encoding.
type encoding string

const (
	identity encoding = "" // the bytes as they are. Uuencode is left to the search for files in texts
	base64   encoding = "base64"
	quoted   encoding = "quoted-printable"
)

var encodings = [...]encoding{identity, base64, quoted}

// encodingsOf returns the encodings that readers take a Content-Transfer-Encoding for (RFC 2045 section 6), and the
// cause of doubt if they could disagree. Readers look for a word anywhere in the value, take the first or the last
// one, decode encoded words or pass over comments; others leave a value that they do not know as it is.
func encodingsOf(value []byte) ([]encoding, text.Cause) {
	var small [32]byte
	switch string(walk.Lowered(small[:0], bytes.TrimSpace(value))) {
	case "", "7bit", "8bit", "binary":
		return encodings[0:1], ""
	case string(base64):
		return encodings[1:2], ""
	case string(quoted):
		return encodings[2:3], ""
	}
	s := paramScanner{s: strings.ToLower(decodeWords(string(value)))}
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s.withoutComments())
	var all []encoding
	if strings.Contains(letters, "base64") {
		all = append(all, base64)
	}
	if strings.Contains(letters, "quoted") || strings.Contains(letters, "printable") {
		all = append(all, quoted)
	}
	if len(all) == 0 {
		return encodings[0:1], text.OddEncoding
	}
	return append(all, identity), text.DisputedEncoding
}

// Opener gives a part's decoded bytes from their start, and what gives its buffers back.
type Opener func() (r io.Reader, done func())

func Opened(r *io.SectionReader) Opener {
	return func() (io.Reader, func()) { return walk.Fresh(r), walk.Nothing }
}

// decodeTransfer decodes a transfer encoding as mail programs do that would rather show
// something than nothing: what does not belong is passed over.
func decodeTransfer(w *walk.Walker, e encoding, r *io.SectionReader) (_ io.Reader, done func()) {
	switch e {
	case base64:
		return decodeBase64(w, r, false)
	case quoted:
		br, done := walk.Buffered(r)
		return &qpReader{r: br, w: w}, done
	}
	return r, walk.Nothing
}

var base64Readers = sync.Pool{New: func() any { return new(base64Reader) }}

func decodeBase64(w *walk.Walker, r io.Reader, joined bool) (*base64Reader, func()) {
	d := base64Readers.Get().(*base64Reader)
	d.r, d.w, d.decoder, d.pending, d.err = r, w, base64Decoder{joined: joined}, nil, nil
	return d, func() { d.r, d.w, d.pending = nil, nil, nil; base64Readers.Put(d) }
}

// base64Decoder decodes base64 and passes over what is not of its alphabet. Padding
// ends a group, and what follows starts a new one; if joined is set it is passed over,
// and the alphabet for URLs is understood as well: there are readers of either kind.
type base64Decoder struct {
	bits      uint32
	n         int // characters in bits
	joined    bool
	padded    bool
	junk      bool // there was what does not belong
	misplaced bool // padding in the middle, or of the wrong length
}

// append appends what src stands for to dst.
func (d *base64Decoder) append(dst, src []byte) []byte {
	for len(src) > 0 {
		for d.n == 0 && !d.padded && len(src) >= 4 {
			a, b, c, e := charsets.Base64Values[src[0]], charsets.Base64Values[src[1]], charsets.Base64Values[src[2]],
				charsets.Base64Values[src[3]]
			if (a|b|c|e)&0x80 != 0 {
				break
			}
			dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|e)
			src = src[4:]
		}
		if len(src) > 0 {
			dst = d.single(dst, src[0])
			src = src[1:]
		}
	}
	return dst
}

func (d *base64Decoder) single(dst []byte, c byte) []byte {
	v := charsets.Base64Values[c]
	if d.joined && c == '-' {
		v = charsets.Base64Values['+']
	} else if d.joined && c == '_' {
		v = charsets.Base64Values['/']
	}
	switch {
	case v != 0xff:
		if d.padded {
			d.misplaced, d.padded = true, false
		}
		d.bits, d.n = d.bits<<6|uint32(v), d.n+1
		if d.n == 4 {
			dst = append(dst, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
			d.n, d.bits = 0, 0
		}
	case c == '=':
		if d.joined {
			break
		}
		d.misplaced = d.misplaced || d.n == 1 || d.n == 0 && !d.padded
		dst = d.flush(dst)
		d.padded = true
	case c != '\r' && c != '\n' && c != ' ' && c != '\t':
		d.junk = true
	}
	return dst
}

// flush appends the bytes of an unfinished group.
func (d *base64Decoder) flush(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, byte(d.bits>>4))
	case 3:
		dst = append(dst, byte(d.bits>>10), byte(d.bits>>2))
	}
	d.n, d.bits = 0, 0
	return dst
}

// base64Reader decodes a stream.
type base64Reader struct {
	r       io.Reader
	w       *walk.Walker
	decoder base64Decoder
	in      [4096]byte
	out     [4096]byte
	pending []byte
	err     error
}

// Read implements io.Reader.
func (d *base64Reader) Read(p []byte) (int, error) {
	for len(d.pending) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		var n int
		n, d.err = d.r.Read(d.in[:])
		d.pending = d.decoder.append(d.out[:0], d.in[:n])
		if d.err == io.EOF {
			d.pending = d.decoder.flush(d.pending)
		}
		if d.decoder.junk || d.decoder.misplaced {
			d.w.Doubt(text.BadEncoding)
		}
	}
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

// qpReader decodes quoted-printable. What is no escape stays as it is.
type qpReader struct {
	r       *bufio.Reader
	w       *walk.Walker
	loose   bool // other text may stand beside it: what is no escape is no fault
	pending []byte
}

// Read implements io.Reader.
func (d *qpReader) Read(p []byte) (int, error) {
	for len(d.pending) == 0 {
		line, err := d.r.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return 0, err
		}
		if len(line) > 4096 && !d.loose {
			d.w.Doubt(text.BadEncoding) // RFC 2045 allows 76 characters; readers stop, go-message at 4096
		}
		if err == bufio.ErrBufferFull {
			line = completeEscape(d.r, line)
		}
		d.pending = d.decode(line)
	}
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

// completeEscape completes an escape at the end of a piece of a long line.
func completeEscape(r *bufio.Reader, line []byte) []byte {
	if bytes.IndexByte(line[len(line)-2:], '=') < 0 {
		return line
	}
	whole := bytes.Clone(line)
	for range 2 {
		c, err := r.ReadByte()
		if err != nil {
			return whole
		}
		whole = append(whole, c)
		if c == '\n' {
			return whole
		}
	}
	return whole
}

// decode decodes a line in place.
func (d *qpReader) decode(line []byte) []byte {
	first := bytes.IndexByte(line, '=')
	if first < 0 {
		return line
	}
	if text := bytes.TrimRight(line, " \t\r\n"); text[len(text)-1] == '=' {
		line = line[:len(text)-1] // a soft line break
	}
	out := line[:first]
	for i := first; i < len(line); i++ {
		c := line[i]
		if c == '=' {
			if i+2 < len(line) && walk.Unhex(line[i+1]) < 16 && walk.Unhex(line[i+2]) < 16 {
				out = append(out, walk.Unhex(line[i+1])<<4|walk.Unhex(line[i+2]))
				i += 2
				continue
			}
			if !d.loose {
				d.w.Doubt(text.BadEncoding)
			}
		}
		out = append(out, c)
	}
	return out
}
