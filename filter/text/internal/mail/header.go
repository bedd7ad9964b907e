package mail

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// maxName bounds the name of a field that goes on over several lines, in bytes.
const maxName = 256

// maxHeader bounds what is read as the header of a message or part, in bytes.
const maxHeader = 1 << 20

// entity is what the header of a message or part says, as a tolerant reader sees it.
// Where a field is repeated, all its values are there: a reader may take any.
type entity struct {
	types     []MediaType
	encodings []encoding
	names     []string // of the file that it holds
	recoded   bool     // another field names another transfer encoding
	size      int64    // bytes of the header, with the empty line
	broken    int64    // where the first line is that is no field; -1 if there is none
}

// readHeader reads to the first empty line, shows what people write in a header, and
// returns what the body needs. Lines that are no fields are shown as well: a mail
// program may take them for the body.
func readHeader(w *walk.Walker, part int, r *io.SectionReader) (entity, error) {
	e := entity{broken: -1}
	fields, err := splitHeader(w, r, &e)
	if err != nil {
		return e, err
	}
	w.Scratch = w.Scratch[:0]
	for _, f := range fields {
		if err := readField(w, part, &e, f.Name(w.Header), f.Value(w.Header)); err != nil {
			return e, err
		}
	}
	e.doubtRepeated(w)
	if len(w.Scratch) == 0 {
		return e, nil
	}
	return e, w.Show(part, text.Header, w.Scratch)
}

// doubtRepeated notes a doubt where a field is given again with another value: a trick if it changes what the part is.
func (e *entity) doubtRepeated(w *walk.Walker) {
	composite := func(t MediaType) bool { return t.composite() }
	switch {
	case len(e.types) > 1 && slices.ContainsFunc(e.types, composite), e.recoded:
		w.Doubt(text.TwiceHeader)
	case len(e.types) > 1:
		w.Doubt(text.BadHeader)
	}
}

// splitHeader reads the fields into w.header, unfolded.
func splitHeader(w *walk.Walker, r *io.SectionReader, e *entity) ([]walk.Field, error) {
	br, done := walk.Buffered(walk.Sub(r, 0, maxHeader))
	defer done()
	h, fields := w.Header[:0], w.Fields[:0]
	defer func() { w.Header, w.Fields = h, fields }()
	inside := false // a line that is longer than the buffer
	for {
		line, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return nil, err
		}
		at := e.size
		e.size += int64(len(line))
		body := line
		if err != bufio.ErrBufferFull {
			body = bytes.TrimRight(line, "\r\n")
		}
		if at == 0 && bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
			body = body[3:] // a byte order mark, which some readers pass over
			w.Doubt(text.BadHeader)
		}
		switch {
		case inside, len(body) > 0 && (body[0] == ' ' || body[0] == '\t') && len(fields) > 0:
			if !inside && len(bytes.TrimSpace(body)) == 0 {
				e.doubt(w, at) // some readers take it for the end of the header
			}
			h = append(h, body...)
			f := &fields[len(fields)-1]
			if f.End = len(h); f.Colon == f.Begin && f.End-f.Begin <= maxName {
				f.Colon += nameLength(h[f.Begin:f.End]) // the name is on the line before
			}
		case len(body) == 0 && err == nil:
			if len(line) > 2 {
				w.Doubt(text.BadHeader) // CR CR LF
			}
			return fields, nil
		case len(body) > 0:
			if body[0] == ' ' || body[0] == '\t' { // the first line: some readers take it for a field
				body = bytes.TrimLeft(body, " \t")
				e.doubt(w, at)
			}
			f := walk.Field{Begin: len(h), Colon: len(h), End: len(h) + len(body)}
			if n := nameLength(body); n > 0 {
				f.Colon += n
				if e.broken >= 0 && walk.HasPrefixFold(body, "content-") {
					w.Doubt(text.DisputedHeader)
				}
			} else if at > 0 || !beginsMailbox(body) {
				e.doubt(w, at)
			}
			h, fields = append(h, body...), append(fields, f)
		}
		inside = err == bufio.ErrBufferFull
		if err == io.EOF {
			if e.size >= maxHeader {
				w.Doubt(text.BadHeader)
			}
			return fields, nil
		}
	}
}

// doubt notes that a line of the header may be its end.
func (e *entity) doubt(w *walk.Walker, at int64) {
	w.Doubt(text.BadHeader)
	if e.broken < 0 {
		e.broken = at
	}
}

// beginsMailbox reports whether a line is the first of a message in a mailbox file, quoted or not (RFC 4155).
func beginsMailbox(line []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(line, []byte(">")), []byte("From "))
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

// readField takes from a field what the body needs, or shows its text. Fields that only
// machines write are passed over: their digits would be taken for numbers of people.
func readField(w *walk.Walker, part int, e *entity, name, value []byte) error {
	var small [32]byte
	switch string(walk.Lowered(small[:0], name)) {
	case "content-type":
		t, clean := parseMediaType(string(value))
		if !clean {
			w.Doubt(text.BadContentType)
		}
		if t.twice {
			w.Doubt(text.TwiceParameter)
		}
		if len(e.types) < maxReadings && !slices.ContainsFunc(e.types, t.equal) {
			e.types = append(e.types, t)
		}
		e.addName(t.params, "name")
		return showParams(w, t.params, "charset", "boundary", "name")
	case "content-transfer-encoding":
		all, cause := encodingsOf(value)
		if cause != "" {
			w.Doubt(cause)
		}
		e.recoded = e.recoded || len(e.encodings) > 0 && !slices.Equal(all, e.encodings)
		for _, v := range all {
			if !slices.Contains(e.encodings, v) {
				e.encodings = append(e.encodings, v)
			}
		}
		return nil
	case "content-disposition":
		d, clean := parseMediaType(string(value))
		if !clean {
			w.Doubt(text.BadContentType)
		}
		if d.twice {
			w.Doubt(text.TwiceParameter)
		}
		e.addName(d.params, "filename")
		return showParams(w, d.params, "filename")
	case "subject":
		start := len(w.Scratch)
		addWord(w, value)
		err := w.Show(part, text.Subject, bytes.TrimSpace(w.Scratch[start:]))
		w.Scratch = w.Scratch[:start]
		return err
	}
	if !machineField(name) {
		addWord(w, value)
		w.Scratch = append(w.Scratch, '\n')
	}
	return nil
}

// maxReadings bounds the readings of a repeated field.
const maxReadings = 3

func (e *entity) addName(params []param, key string) {
	for _, p := range params {
		if p.name != key || p.value == "" || len(e.names) >= 2*maxReadings {
			continue
		}
		// The name of a program has a place whatever stands before it.
		n := decodeWords(p.value)
		if !slices.Contains(e.names, n) && (len(e.names) < maxReadings || text.NamesProgram(n)) {
			e.names = append(e.names, n)
		}
	}
}

// showParams shows parameters that no program reads: words may be hidden there.
func showParams(w *walk.Walker, params []param, known ...string) error {
	for _, p := range params {
		if !slices.Contains(known, p.name) {
			w.Scratch = append(append(w.Scratch, decodeWords(p.value)...), '\n')
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
