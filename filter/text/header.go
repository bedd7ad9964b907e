package text

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"strings"
)

// maxHeader bounds what is read as the header of a message or part, in bytes.
const maxHeader = 1 << 20

// header is the header of a message or part, as a tolerant reader sees it.
type header struct {
	fields []field
	size   int64 // bytes, the empty line included
}

type field struct{ name, value string }

// readHeader reads to the first empty line. Lines that are no fields are kept as
// values without a name: a mail program may show them.
func (w *walker) readHeader(r *io.SectionReader) (header, error) {
	var h header
	br := bufio.NewReaderSize(io.NewSectionReader(r, 0, min(r.Size(), maxHeader)), 4096)
	for {
		line, err := readLine(br)
		h.size += int64(len(line))
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case err != nil && err != io.EOF:
			return h, err
		case len(text) == 0:
			return h, nil
		case (text[0] == ' ' || text[0] == '\t') && len(h.fields) > 0:
			h.fields[len(h.fields)-1].value += "\n" + string(text)
		default:
			name, value, ok := strings.Cut(string(text), ":")
			name = strings.TrimRight(name, " \t")
			if !ok || name == "" || strings.ContainsAny(name, " \t") {
				if !strings.HasPrefix(string(text), "From ") { // the first line of a mailbox file
					w.report.doubt(BadHeader)
				}
				name, value = "", string(text)
			}
			h.fields = append(h.fields, field{name, value})
		}
		if err == io.EOF {
			if h.size >= maxHeader {
				w.report.doubt(BadHeader)
			}
			return h, nil
		}
	}
}

// readLine returns a line with its end, however long it is.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	long := bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		line, err = br.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}

// all returns the values of the fields with a name, in any case.
func (h header) all(name string) []string {
	var vs []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			vs = append(vs, f.value)
		}
	}
	return vs
}

// values returns the values of a field that may be there once; twice is a doubt, and a
// reader may take either.
func (w *walker) values(h header, name string) []string {
	vs := h.all(name)
	if len(vs) > 1 {
		w.report.doubt(TwiceHeader)
	}
	return vs
}

// showHeader shows what people or programs wrote in the header: its texts, with
// RFC 2047 words decoded. Fields that only machines write are passed over.
func (w *walker) showHeader(part int, h header) error {
	var b strings.Builder
	for _, f := range h.fields {
		if machineField(f.name) {
			continue
		}
		b.WriteString(decodeWords(f.value))
		b.WriteByte('\n')
	}
	return w.show(part, Header, b.String())
}

func machineField(name string) bool {
	switch strings.ToLower(name) {
	case "received", "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
		"authentication-results", "message-id", "references", "in-reply-to", "date", "mime-version",
		"content-transfer-encoding", "return-path":
		return true
	}
	return false
}

var wordDecoder = mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
	return charsetReader(charset, input)
}}

// decodeWords decodes the RFC 2047 words of a header value. Words that follow one another
// are joined first, as mail programs join them, so that none is cut in two.
func decodeWords(s string) string {
	s = strings.ReplaceAll(s, "\n", "")
	if !strings.Contains(s, "=?") {
		return s
	}
	if d, err := wordDecoder.DecodeHeader(joinWords(s)); err == nil {
		return d
	}
	return s
}

// joinWords joins encoded words of one charset and encoding B that stand side by side: a
// character or a group of base64 may be cut between them.
func joinWords(s string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "?=")
		if i < 0 {
			return s
		}
		i += from
		rest := strings.TrimLeft(s[i+2:], " \t")
		start := strings.LastIndex(s[:i], "=?")
		if start < 0 || !strings.HasPrefix(rest, "=?") {
			from = i + 2
			continue
		}
		a, b := strings.SplitN(s[start+2:i], "?", 3), strings.SplitN(rest[2:], "?", 3)
		if len(a) == 3 && len(b) == 3 && strings.EqualFold(a[0], b[0]) && strings.EqualFold(a[1], b[1]) && !strings.HasSuffix(a[2], "=") {
			s = s[:i] + b[2]
			from = start
			continue
		}
		from = i + 2
	}
}

// mediaType returns the media type of a part and its parameters, also of a Content-Type
// that is malformed.
func (w *walker) mediaType(value string) (string, map[string]string) {
	value = strings.ReplaceAll(value, "\n", "")
	t, params, err := mime.ParseMediaType(value)
	if err == nil {
		return t, params
	}
	w.report.doubt(BadContentType)
	return lenientMediaType(value)
}

// lenientMediaType takes what a mail program would make of it: the first word, and
// whatever looks like a parameter. Of a repeated one the first counts.
func lenientMediaType(value string) (string, map[string]string) {
	t, rest, _ := strings.Cut(value, ";")
	params := map[string]string{}
	for _, p := range strings.Split(rest, ";") {
		k, v, ok := strings.Cut(p, "=")
		k = strings.ToLower(strings.TrimSpace(k))
		if ok && params[k] == "" {
			params[k] = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	t = strings.ToLower(strings.TrimSpace(t))
	if i := strings.IndexAny(t, " \t"); i >= 0 {
		t = t[:i]
	}
	return t, params
}
