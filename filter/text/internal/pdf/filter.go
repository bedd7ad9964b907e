package pdf

import (
	"bufio"
	"bytes"
	"compress/flate"
	stdlzw "compress/lzw"
	"encoding/ascii85"
	"errors"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// Faults of a stream.
var (
	ErrImage     = errors.New("the stream is a picture")
	ErrUnknown   = errors.New("the filter of the stream is not known")
	ErrEncrypted = errors.New("the stream is encrypted")
)

// maxFilters bounds the filters of one stream.
const maxFilters = 8

// Reader returns what a stream holds, decrypted and through its filters.
func (f *File) Reader(s *Stream) (io.Reader, error) {
	raw := s.raw
	if s.Dict["Type"] != Name("XRef") && f.crypt != nil || f.Locked {
		if f.Locked {
			return nil, ErrEncrypted
		}
		raw = f.crypt.stream(s)
	}
	filters, parameters := f.filters(s.Dict)
	if len(filters) > maxFilters {
		return nil, ErrUnknown
	}
	var r io.Reader = bytes.NewReader(raw)
	for i, name := range filters {
		var p Dict
		if i < len(parameters) {
			p = f.Dict(parameters[i])
		}
		var err error
		if r, err = f.filtered(r, f.Name(name), p); err != nil {
			return nil, err
		}
		r = f.inflate(r)
	}
	return r, nil
}

// filters returns the names of the filters of a stream, and their parameters.
func (f *File) filters(d Dict) (names, parameters Array) {
	list := func(keys ...Name) Array {
		for _, k := range keys {
			switch v := f.Resolve(d[k]).(type) {
			case nil:
			case Array:
				return v
			default:
				return Array{v}
			}
		}
		return nil
	}
	return list("Filter", "F"), list("DecodeParms", "DP")
}

func (f *File) filtered(r io.Reader, name Name, p Dict) (io.Reader, error) {
	switch name {
	case "FlateDecode", "Fl":
		return f.predicted(inflated(r), p)
	case "LZWDecode", "LZW":
		if early, given := p["EarlyChange"]; given && f.Number(early) == 0 {
			return f.predicted(stdlzw.NewReader(r, stdlzw.MSB, 8), p)
		}
		return f.predicted(lzw.NewReader(r, lzw.MSB, 8), p)
	case "ASCII85Decode", "A85":
		return ascii85.NewDecoder(&upTo{r: bufio.NewReader(r), end: '~'}), nil
	case "ASCIIHexDecode", "AHx":
		return &hexReader{r: bufio.NewReader(r)}, nil
	case "RunLengthDecode", "RL":
		return &runLength{r: bufio.NewReader(r)}, nil
	case "Crypt":
		return r, nil
	case "DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode":
		return nil, ErrImage
	}
	return nil, ErrUnknown
}

// inflated reads zlib as readers of PDF do: without its sum, and without its head or with a line too many before it.
func inflated(r io.Reader) io.Reader {
	br := bufio.NewReader(r)
	for range 2 {
		if head, _ := br.Peek(1); len(head) == 1 && (head[0] == '\r' || head[0] == '\n') {
			br.Discard(1)
		}
	}
	if head, _ := br.Peek(2); len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		br.Discard(2)
	}
	return flate.NewReader(br)
}

// upTo reads to a byte, which ends it, and passes over white space.
type upTo struct {
	r   *bufio.Reader
	end byte
}

// Read implements io.Reader.
func (u *upTo) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c, err := u.r.ReadByte()
		if err == nil && c == u.end {
			err = io.EOF
		}
		if err != nil {
			return n, err
		}
		if !isSpace(int(c)) {
			p[n] = c
			n++
		}
	}
	return n, nil
}

type hexReader struct{ r *bufio.Reader }

// Read implements io.Reader.
func (h *hexReader) Read(p []byte) (int, error) {
	half, n := -1, 0
	for n < len(p) {
		c, err := h.r.ReadByte()
		if err != nil || c == '>' {
			if half >= 0 {
				p[n] = byte(half << 4)
				n++
			}
			return n, io.EOF
		}
		switch v := unhex(int(c)); {
		case v < 0:
		case half < 0:
			half = v
		default:
			p[n] = byte(half<<4 | v)
			half = -1
			n++
		}
	}
	return n, nil
}

type runLength struct {
	r    *bufio.Reader
	left int
	same bool
	c    byte
}

// Read implements io.Reader.
func (l *runLength) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if l.left == 0 {
			c, err := l.r.ReadByte()
			if err != nil || c == 128 {
				return n, io.EOF
			}
			if l.left, l.same = int(c)+1, c > 128; l.same {
				l.left = 257 - int(c)
				if l.c, err = l.r.ReadByte(); err != nil {
					return n, io.EOF
				}
			}
		}
		if !l.same {
			c, err := l.r.ReadByte()
			if err != nil {
				return n, io.EOF
			}
			l.c = c
		}
		p[n] = l.c
		n++
		l.left--
	}
	return n, nil
}

// maxRow bounds a row of a predictor, in bytes.
const maxRow = 1 << 20

// predicted undoes the predictor of a filter (ISO 32000-2, 7.4.4.4).
func (f *File) predicted(r io.Reader, p Dict) (io.Reader, error) {
	predictor := int(f.Number(p["Predictor"]))
	if predictor < 2 {
		return r, nil
	}
	or := func(key Name, d int) int {
		if v := int(f.Number(p[key])); v > 0 {
			return v
		}
		return d
	}
	colors, bits, columns := or("Colors", 1), or("BitsPerComponent", 8), or("Columns", 1)
	if colors > 64 || bits > 16 || columns > maxRow {
		return nil, ErrUnknown
	}
	row := (colors*bits*columns + 7) / 8
	if row > maxRow {
		return nil, ErrUnknown
	}
	q := &predictorReader{r: r, png: predictor >= 10, pixel: max(colors*bits/8, 1)}
	q.row, q.last = make([]byte, row+1), make([]byte, row)
	if predictor == 2 && bits != 8 {
		return nil, ErrUnknown
	}
	return q, nil
}

type predictorReader struct {
	r         io.Reader
	png       bool
	pixel     int
	row, last []byte // with the kind of PNG before it; the row before
	left      []byte
}

// Read implements io.Reader.
func (q *predictorReader) Read(p []byte) (int, error) {
	if len(q.left) == 0 {
		in := q.row
		if !q.png {
			in = q.row[1:]
		}
		n, err := io.ReadFull(q.r, in)
		if n < len(in)-len(q.row[1:])+1 {
			return 0, err
		}
		clear(in[n:])
		q.undo()
		q.left = q.row[1 : 1+n-(len(in)-len(q.row[1:]))]
		copy(q.last, q.row[1:])
	}
	n := copy(p, q.left)
	q.left = q.left[n:]
	return n, nil
}

func (q *predictorReader) undo() {
	kind, row := q.row[0], q.row[1:]
	if !q.png {
		kind = 1
	}
	for i := range row {
		var left, corner int
		if i >= q.pixel {
			left, corner = int(row[i-q.pixel]), int(q.last[i-q.pixel])
		}
		up := int(q.last[i])
		switch kind {
		case 1:
			row[i] += byte(left)
		case 2:
			row[i] += byte(up)
		case 3:
			row[i] += byte((left + up) / 2)
		case 4:
			row[i] += byte(paeth(left, up, corner))
		}
	}
}

// paeth is the predictor of Paeth (PNG, 9.4).
func paeth(a, b, c int) int {
	p := a + b - c
	pa, pb, pc := abs(p-a), abs(p-b), abs(p-c)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }
