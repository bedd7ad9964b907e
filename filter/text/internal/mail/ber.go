package mail

import "io"

// Tags of BER (X.690), the bit for constructed values left in.
const (
	tagOctets      = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagContext0    = 0xa0
	tagConstructed = 0x20
)

// element is the head of a value in BER.
type element struct {
	tag        byte
	begin, end int64 // of its content; an indefinite one ends where what is around it does, at the latest
	indefinite bool
}

// maxElementHead is how many octets the head of an element has at most.
const maxElementHead = 10

// readElement reads the head of the element at a place, which ends before limit, into a buffer of maxElementHead.
func readElement(r io.ReaderAt, b []byte, at, limit int64) (element, error) {
	n, err := r.ReadAt(b[:min(int64(len(b)), max(limit-at, 0))], at)
	if n < 2 {
		if err == nil || err == io.EOF {
			err = errBER
		}
		return element{}, err
	}
	e := element{tag: b[0], begin: at + 2, end: limit}
	switch size := int(b[1] & 0x7f); {
	case b[0]&0x1f == 0x1f: // a tag of several octets: CMS has none
		return e, errBER
	case b[1] < 0x80:
		e.end = e.begin + int64(b[1])
	case size == 0:
		e.indefinite = true
		return e, nil
	case size > 7 || 2+size > n:
		return e, errBER
	default:
		length := int64(0)
		for _, c := range b[2 : 2+size] {
			length = length<<8 | int64(c)
		}
		e.begin += int64(size)
		e.end = e.begin + length
	}
	e.end = min(e.end, limit) // of what was cut off the rest is read
	return e, nil
}

// berReader goes through values in BER, with lengths or without (X.690 section 8.1.3.6). After an error it does
// nothing.
type berReader struct {
	r       io.ReaderAt
	head    [maxElementHead]byte
	at, end int64
	err     error
}

// peek returns the head of the next element.
func (d *berReader) peek() element {
	if d.err != nil {
		return element{}
	}
	var e element
	e, d.err = readElement(d.r, d.head[:], d.at, d.end)
	return e
}

// more reports whether anything follows in what was entered.
func (d *berReader) more() bool {
	if d.err != nil || d.at+2 > d.end {
		return false
	}
	e := d.peek()
	return d.err == nil && !(e.tag == 0 && e.begin == e.end)
}

// enter goes into the next element, which has to have a tag.
func (d *berReader) enter(tag byte) {
	e := d.peek()
	if d.err == nil && e.tag != tag {
		d.err = errBER
	}
	d.at, d.end = e.begin, e.end
}

// octets returns the content of a short element with a tag.
func (d *berReader) octets(tag byte) []byte {
	e := d.peek()
	if d.err == nil && (e.tag != tag || e.indefinite || e.end-e.begin > 64 || e.end == e.begin) {
		d.err = errBER
	}
	if d.err != nil {
		return nil
	}
	b := make([]byte, e.end-e.begin)
	_, d.err = d.r.ReadAt(b, e.begin)
	d.at = e.end
	return b
}

// skip passes over the next element. A tag of 0 means any.
func (d *berReader) skip(tag byte) {
	e := d.peek()
	if d.err == nil && tag != 0 && e.tag != tag {
		d.err = errBER
	}
	for depth := 0; d.err == nil; e = d.peek() {
		switch {
		case e.tag == 0 && e.begin == e.end: // the end of one without a length
			d.at = e.end
			depth--
		case e.indefinite:
			d.at = e.begin
			depth++
		default:
			d.at = e.end
		}
		if depth <= 0 {
			return
		}
	}
}

// berString reads an octet string, which may be a tree of strings.
type berString struct {
	d         berReader
	ends      []int64 // of the strings around what comes next
	piece, to int64   // what is left of the string that is being read
}

// maxStrings bounds the strings in strings. Software writes two.
const maxStrings = 8

// Read implements io.Reader. It fills p from as many strings as that takes: each may be of one octet.
func (s *berString) Read(p []byte) (n int, err error) {
	for n < len(p) && s.d.err == nil {
		switch {
		case s.piece < s.to:
			part := p[n:min(len(p), n+int(min(s.to-s.piece, int64(len(p)))))]
			k, err := s.d.r.ReadAt(part, s.piece)
			if n, s.piece = n+k, s.piece+int64(k); k < len(part) {
				if s.to = s.piece; err != io.EOF { // it was cut off
					s.d.err = err
				}
			}
		case len(s.ends) == 0 && n == 0:
			return 0, io.EOF
		case len(s.ends) == 0:
			return n, nil
		default:
			s.next()
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.d.err
}

// next goes to the next string, or out of one that is at its end.
func (s *berString) next() {
	d, last := &s.d, len(s.ends)-1
	if d.end = s.ends[last]; d.at+2 > d.end {
		s.ends = s.ends[:last]
		return
	}
	switch e := d.peek(); {
	case d.err != nil:
	case e.tag == 0 && e.begin == e.end:
		d.at, s.ends = e.end, s.ends[:last]
	case e.tag == tagOctets && !e.indefinite:
		d.at, s.piece, s.to = e.end, e.begin, e.end
	case e.tag == tagOctets|tagConstructed && len(s.ends) < maxStrings:
		d.at, s.ends = e.begin, append(s.ends, e.end)
	default:
		d.err = errBER
	}
}

// window reads ahead, so that the next small element costs no reading of its own.
type window struct {
	r   io.ReaderAt
	at  int64 // of the buffer
	n   int   // octets in it
	buf [4096]byte
}

// ReadAt implements io.ReaderAt.
func (w *window) ReadAt(p []byte, at int64) (int, error) {
	if len(p) > len(w.buf)/2 {
		return w.r.ReadAt(p, at)
	}
	if from := at - w.at; from >= 0 && from+int64(len(p)) <= int64(w.n) {
		return copy(p, w.buf[from:w.n]), nil
	}
	n, err := w.r.ReadAt(w.buf[:], at)
	w.at, w.n = at, n
	if n = copy(p, w.buf[:n]); n == len(p) {
		return n, nil
	}
	return n, err
}
