package text

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// identity reports whether a transfer encoding leaves the bytes as they are.
func identity(encoding string) bool {
	switch encoding {
	case "", "7bit", "8bit", "binary":
		return true
	}
	return false
}

// transfer decodes a transfer encoding as mail programs do that would rather show
// something than nothing: what does not belong is passed over.
func (w *walker) transfer(encoding string, r io.Reader) io.Reader {
	switch {
	case identity(encoding):
		return r
	case strings.HasPrefix(encoding, "base64"):
		if encoding != "base64" {
			w.report.doubt(OddEncoding)
		}
		return &base64Reader{r: bufio.NewReaderSize(r, 4096), w: w}
	case strings.HasPrefix(encoding, "quoted-printable"):
		if encoding != "quoted-printable" {
			w.report.doubt(OddEncoding)
		}
		return &qpReader{r: bufio.NewReaderSize(r, 4096), w: w}
	case strings.Contains(encoding, "uu"):
		return &uuReader{r: bufio.NewReaderSize(r, 4096)}
	}
	w.report.doubt(OddEncoding)
	return r
}

// base64Reader decodes base64 and passes over what is not of its alphabet; padding in
// the middle starts anew. Both raise a doubt.
type base64Reader struct {
	r    *bufio.Reader
	w    *walker
	bits uint32
	n    int
	pad  bool
}

var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	return t
}()

// Read implements io.Reader.
func (d *base64Reader) Read(p []byte) (int, error) {
	out := 0
	for out+3 <= len(p) {
		c, err := d.r.ReadByte()
		if err != nil {
			if err == io.EOF && d.n > 1 {
				out += d.rest(p[out:])
			}
			if out > 0 && err == io.EOF {
				return out, nil
			}
			return out, err
		}
		v := base64Values[c]
		switch {
		case v != 0xff:
			if d.pad {
				d.w.report.doubt(BadEncoding)
				d.pad = false
			}
			d.bits, d.n = d.bits<<6|uint32(v), d.n+1
			if d.n == 4 {
				p[out], p[out+1], p[out+2] = byte(d.bits>>16), byte(d.bits>>8), byte(d.bits)
				out, d.n, d.bits = out+3, 0, 0
			}
		case c == '=':
			out += d.rest(p[out:])
			d.pad = true
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			d.w.report.doubt(BadEncoding)
		}
	}
	if out == 0 && len(p) < 3 {
		return 0, io.ErrShortBuffer
	}
	return out, nil
}

// rest gives the bytes of an unfinished group.
func (d *base64Reader) rest(p []byte) int {
	n := 0
	switch d.n {
	case 2:
		p[0] = byte(d.bits >> 4)
		n = 1
	case 3:
		p[0], p[1] = byte(d.bits>>10), byte(d.bits>>2)
		n = 2
	}
	d.n, d.bits = 0, 0
	return n
}

// qpReader decodes quoted-printable. What is no escape stays as it is.
type qpReader struct {
	r       *bufio.Reader
	w       *walker
	pending []byte
}

// Read implements io.Reader.
func (d *qpReader) Read(p []byte) (int, error) {
	for len(d.pending) == 0 {
		line, err := d.r.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return 0, err
		}
		if err == bufio.ErrBufferFull {
			line = keepEscape(d.r, line)
		}
		d.pending = d.decode(line)
	}
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

// keepEscape completes an escape at the end of a piece of a long line.
func keepEscape(r *bufio.Reader, line []byte) []byte {
	if !bytes.ContainsRune(line[max(0, len(line)-2):], '=') {
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
	if text := bytes.TrimRight(line, " \t\r\n"); bytes.HasSuffix(text, []byte("=")) {
		line = line[:len(text)-1] // a soft line break
	}
	out := line[:0]
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+2 < len(line) {
			hi, lo := unhex(line[i+1]), unhex(line[i+2])
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
			d.w.report.doubt(BadEncoding)
		}
		out = append(out, c)
	}
	return out
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// uuReader decodes uuencode between its begin and end lines.
type uuReader struct {
	r       *bufio.Reader
	begun   bool
	pending []byte
}

// Read implements io.Reader.
func (d *uuReader) Read(p []byte) (int, error) {
	for len(d.pending) == 0 {
		line, err := readLine(d.r)
		if len(line) == 0 && err != nil {
			return 0, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case !d.begun:
			d.begun = strings.HasPrefix(text, "begin ")
		case text == "end" || text == "":
			return 0, io.EOF
		default:
			d.pending = uuLine(text)
		}
	}
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

func uuLine(s string) []byte {
	n := int(s[0]-' ') & 63
	var out []byte
	for s = s[1:]; len(s) >= 4; s = s[4:] {
		a, b, c, e := (s[0]-' ')&63, (s[1]-' ')&63, (s[2]-' ')&63, (s[3]-' ')&63
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|e)
	}
	return out[:min(n, len(out))]
}
