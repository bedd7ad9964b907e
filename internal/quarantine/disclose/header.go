package disclose

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message/charset"
)

// words decodes encoded words of a header (RFC 2047).
var words = mime.WordDecoder{CharsetReader: charset.Reader}

// maxHeader bounds how much of a header is read, in bytes.
const maxHeader = 256 << 10

// fields reads a header as it is, a malformed one too: a line that is no field has no name.
func fields(r io.Reader, k *masker) (all []Field, cut bool) {
	in := bufio.NewReader(io.LimitReader(r, maxHeader))
	var lines [][]byte
	for {
		line, err := in.ReadBytes('\n')
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			cut = err != nil && !errors.Is(err, io.EOF)
			break
		}
		if last := len(lines) - 1; last >= 0 && (line[0] == ' ' || line[0] == '\t') {
			lines[last] = append(lines[last], line...)
		} else if len(lines) == maxFields {
			cut = true
			break
		} else {
			lines = append(lines, line)
		}
		if err != nil {
			break
		}
	}
	for _, line := range lines {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			name, value = nil, line
		}
		if len(value) > maxField {
			value, cut = value[:maxField], true
		}
		all = append(all, Field{printable(name[:min(len(name), 100)]), k.pieces(decode(value))})
	}
	return all, cut
}

func decode(value []byte) string {
	s := strings.TrimSpace(printable(value))
	if clear, err := words.DecodeHeader(s); err == nil {
		return printable([]byte(clear)) // an encoded word may hold anything
	}
	return s
}
