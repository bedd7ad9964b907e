package wire

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Reply is an SMTP reply (RFC 5321 section 4.2): a code and the text of its lines,
// each with its enhanced status code (RFC 2034) if it has one.
type Reply struct {
	Code  int
	Lines []string
}

// NewReply returns a reply of one line.
func NewReply(code int, text string) Reply { return Reply{code, []string{text}} }

// OK reports whether the reply is a positive completion (2xx).
func (r Reply) OK() bool { return r.Code/100 == 2 }

// Temporary reports whether the reply is a transient failure (4xx).
func (r Reply) Temporary() bool { return r.Code/100 == 4 }

// Error names the code alone: the text may quote an address.
func (r Reply) Error() string { return fmt.Sprintf("reply %d", r.Code) }

// enhancedCode is a status code (RFC 3463) at the start of a line.
var enhancedCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}( |$)`)

// Codes returns the code, and the enhanced one of the first line if it has one: "550 5.1.1".
func (r Reply) Codes() string {
	codes := strconv.Itoa(r.Code)
	if len(r.Lines) > 0 {
		if enhanced := enhancedCode.FindString(r.Lines[0]); enhanced != "" {
			codes += " " + strings.TrimSpace(enhanced)
		}
	}
	return codes
}

// Text returns what the reply says, in one line and without codes. It may quote an address.
func (r Reply) Text() string {
	var lines []string
	for _, l := range r.Lines {
		lines = append(lines, strings.TrimSpace(l[len(enhancedCode.FindString(l)):]))
	}
	return strings.Join(lines, " ")
}

// AppendTo appends the reply as it goes over the network.
func (r Reply) AppendTo(b []byte) []byte {
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, l := range lines {
		b = strconv.AppendInt(b, int64(r.Code), 10)
		if i < len(lines)-1 {
			b = append(b, '-')
		} else {
			b = append(b, ' ')
		}
		b = append(b, l...)
		b = append(b, '\r', '\n')
	}
	return b
}

// Bounds on a next hop's reply, so that a broken one cannot fill memory.
const (
	maxReplyLines = 128
	maxReplyBytes = 32 << 10
)

// ErrReply says that a server does not speak SMTP.
var ErrReply = errors.New("not an SMTP reply")

// ReadReply reads one reply of a server. Control characters in it become spaces, so that it can
// be passed on as it is.
func ReadReply(br *bufio.Reader) (Reply, error) {
	var r Reply
	for total := 0; ; {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return Reply{}, fmt.Errorf("reading reply: %w", err)
		}
		total += len(line)
		s := strings.TrimRight(string(line), "\r\n")
		if len(s) < 3 || len(r.Lines) == maxReplyLines || total > maxReplyBytes {
			return Reply{}, ErrReply
		}
		code, err := strconv.Atoi(s[:3])
		if err != nil || code < 200 || code > 599 || (r.Code != 0 && code != r.Code) {
			return Reply{}, ErrReply
		}
		r.Code = code
		more := false
		text := ""
		if len(s) > 3 {
			if s[3] != ' ' && s[3] != '-' {
				return Reply{}, ErrReply
			}
			more, text = s[3] == '-', s[4:]
		}
		r.Lines = append(r.Lines, strings.Map(printable, text))
		if !more {
			return r, nil
		}
	}
}

func printable(c rune) rune {
	if c < ' ' || c == 0x7f {
		return ' '
	}
	return c
}
