package text

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
)

// maxHeader bounds what is read as the header of a message or part, in bytes.
const maxHeader = 1 << 20

// entity is what the header of a message or part says, as a tolerant reader sees it.
// Where a field is repeated, all its values are there: a reader may take any.
type entity struct {
	types     []mediaType
	encodings []string // transfer encodings, in lower case
	names     []string // of the file that it holds
	size      int64    // bytes of the header, with the empty line
	broken    int64    // where the first line is that is no field; -1 if there is none
}

// readHeader reads to the first empty line, shows what people write in a header, and
// returns what the body needs. Lines that are no fields are shown as well: a mail
// program may take them for the body.
func (w *walker) readHeader(part int, r *io.SectionReader) (entity, error) {
	e := entity{broken: -1}
	fields, err := w.splitHeader(r, &e)
	if err != nil {
		return e, err
	}
	w.scratch = w.scratch[:0]
	for _, f := range fields {
		if err := w.field(part, &e, f.name(w.header), f.value(w.header)); err != nil {
			return e, err
		}
	}
	if len(e.types) > 1 || len(e.encodings) > 1 {
		w.doubt(TwiceHeader)
	}
	if len(w.scratch) == 0 {
		return e, nil
	}
	return e, w.show(part, Header, w.scratch)
}

// field is a header field, as offsets into the header. Without a name colon is begin.
type field struct{ begin, colon, end int }

func (f field) name(header []byte) []byte { return bytes.TrimRight(header[f.begin:f.colon], " \t") }

func (f field) value(header []byte) []byte {
	if f.colon == f.begin {
		return header[f.begin:f.end]
	}
	return header[f.colon+1 : f.end]
}

// splitHeader reads the fields into w.header, unfolded.
func (w *walker) splitHeader(r *io.SectionReader, e *entity) ([]field, error) {
	br, done := buffered(sub(r, 0, maxHeader))
	defer done()
	h, fields := w.header[:0], w.fields[:0]
	defer func() { w.header, w.fields = h, fields }()
	inside := false // a line that is longer than the buffer
	for {
		line, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return nil, err
		}
		at := e.size
		e.size += int64(len(line))
		text := line
		if err != bufio.ErrBufferFull {
			text = bytes.TrimRight(line, "\r\n")
		}
		if at == 0 && bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
			text = text[3:] // a byte order mark, which some readers pass over
			w.doubt(BadHeader)
		}
		switch {
		case inside, len(text) > 0 && (text[0] == ' ' || text[0] == '\t') && len(fields) > 0:
			if !inside && len(bytes.TrimSpace(text)) == 0 && e.broken < 0 {
				e.broken = at // some readers take it for the end of the header
				w.doubt(BadHeader)
			}
			h = append(h, text...)
			fields[len(fields)-1].end = len(h)
		case len(text) == 0 && err == nil:
			if len(line) > 2 {
				w.doubt(BadHeader) // CR CR LF
			}
			return fields, nil
		case len(text) > 0:
			f := field{len(h), len(h), len(h) + len(text)}
			if n := nameLength(text); n > 0 {
				f.colon += n
			} else if at > 0 || !bytes.HasPrefix(text, []byte("From ")) { // the first line of a mailbox file
				w.doubt(BadHeader)
				if e.broken < 0 {
					e.broken = at
				}
			}
			h, fields = append(h, text...), append(fields, f)
		}
		inside = err == bufio.ErrBufferFull
		if err == io.EOF {
			if e.size >= maxHeader {
				w.doubt(BadHeader)
			}
			return fields, nil
		}
	}
}

// nameLength returns the length of the field name that a line begins with, 0 if it does
// not begin with one.
func nameLength(line []byte) int {
	n := bytes.IndexByte(line, ':')
	if n <= 0 || bytes.ContainsAny(bytes.TrimRight(line[:n], " \t"), " \t") {
		return 0
	}
	return n
}

// field takes from a field what the body needs, or shows its text. Fields that only
// machines write are passed over: their digits would be taken for numbers of people.
func (w *walker) field(part int, e *entity, name, value []byte) error {
	var small [32]byte
	switch string(lowered(small[:0], name)) {
	case "content-type":
		t, clean := parseMediaType(string(value))
		if !clean {
			w.doubt(BadContentType)
		}
		if len(e.types) < maxReadings {
			e.types = append(e.types, t)
		}
		e.addName(t.params, "name")
		return w.param(t.params, "charset", "boundary", "name")
	case "content-transfer-encoding":
		v := strings.ToLower(strings.TrimSpace(string(value)))
		if len(e.encodings) < maxReadings && !slices.Contains(e.encodings, v) {
			e.encodings = append(e.encodings, v)
		}
		return nil
	case "content-disposition":
		d, clean := parseMediaType(string(value))
		if !clean {
			w.doubt(BadContentType)
		}
		e.addName(d.params, "filename")
		return w.param(d.params, "filename")
	case "subject":
		start := len(w.scratch)
		w.word(value)
		err := w.show(part, Subject, bytes.TrimSpace(w.scratch[start:]))
		w.scratch = w.scratch[:start]
		return err
	}
	if !machineField(name) {
		w.word(value)
		w.scratch = append(w.scratch, '\n')
	}
	return nil
}

// maxReadings bounds the readings of a repeated field.
const maxReadings = 3

func (e *entity) addName(params []param, key string) {
	for _, p := range params {
		if p.name != key || p.value == "" || len(e.names) >= maxReadings {
			continue
		}
		if n := decodeWords(p.value); !slices.Contains(e.names, n) {
			e.names = append(e.names, n)
		}
	}
}

// param shows parameters that no program reads: words may be hidden there.
func (w *walker) param(params []param, known ...string) error {
	for _, p := range params {
		if !slices.Contains(known, p.name) {
			w.scratch = append(append(w.scratch, decodeWords(p.value)...), '\n')
		}
	}
	return nil
}

var machineFields = []string{"received", "dkim-signature", "arc-seal", "arc-message-signature",
	"arc-authentication-results", "authentication-results", "received-spf", "message-id", "references", "in-reply-to",
	"date", "mime-version", "return-path", "content-id", "x-received", "x-google-dkim-signature", "x-gm-message-state"}

func machineField(name []byte) bool {
	return slices.ContainsFunc(machineFields, func(m string) bool {
		return len(m) == len(name) && strings.EqualFold(m, string(name))
	})
}
