package parties

import (
	"bytes"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message/charset"
)

// words decodes encoded words (RFC 2047), also where they must not be and of an unknown character set:
// what an address needs is ASCII in nearly all of them.
var words = mime.WordDecoder{CharsetReader: func(name string, in io.Reader) (io.Reader, error) {
	if r, err := charset.Reader(name, in); err == nil {
		return r, nil
	}
	return in, nil
}}

// at are the signs that IDNA takes for @.
var at = strings.NewReplacer("\uff20", "@", "\ufe6b", "@")

// addresses yields all that can be an address in the value of a field, some of it more than once, until
// yield returns false.
func addresses(value []byte, yield func(address string) bool) bool {
	text := string(value)
	if strings.ContainsAny(text, "\uff20\ufe6b") {
		text = at.Replace(text)
	}
	if !plain(text, yield) {
		return false
	}
	if !strings.Contains(text, "=?") {
		return true
	}
	clear, err := words.DecodeHeader(unfold(text))
	return err != nil || clear == text || plain(at.Replace(clear), yield)
}

// unfold takes the line ends away: encoded words are one across them.
func unfold(s string) string { return strings.NewReplacer("\r\n", "", "\n", "").Replace(s) }

// plain yields the addresses of a text as it is, and of what is left of it without blanks, comments
// and quotes: they may stand within an address.
func plain(text string, yield func(address string) bool) bool {
	if !runs(text, yield) {
		return false
	}
	return !loose(text) || runs(squeeze(text), yield)
}

// runs yields what stands around each @.
func runs(text string, yield func(address string) bool) bool {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			return true
		}
		i += from
		from = i + 1
		domain := host(text[i+1:])
		if domain == "" {
			continue
		}
		local := before(text[:i])
		if local != "" && !yield(local+"@"+domain) {
			return false
		}
	}
}

// Bounds of what is taken for one address.
const (
	maxLocal = 400
	maxHost  = 260
)

// host returns the domain that a text begins with.
func host(text string) string {
	end := 0
	for end < len(text) && end < maxHost && inHost(text[end]) {
		end++
	}
	return strings.Trim(text[:end], ".-")
}

func inHost(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' ||
		c == '_' || c >= 0x80
}

// before returns the local part that a text ends in, without quotes.
func before(text string) string {
	text = text[max(0, len(text)-maxLocal):]
	if strings.HasSuffix(text, `"`) {
		return quoted(text[:len(text)-1])
	}
	start := len(text)
	for start > 0 && inLocal(text[start-1]) {
		start--
	}
	return strings.Trim(text[start:], "'.")
}

func inLocal(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`<>()[]:;,@"\`, c) < 0
}

// quoted returns the content of a quoted string that a text ends in.
func quoted(text string) string {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			return strings.ReplaceAll(text[i+1:], `\`, "")
		}
	}
	return ""
}

// loose reports whether an address of a text may have something in it that squeeze takes away.
func loose(text string) bool {
	if strings.ContainsAny(text, `(\`) {
		return true
	}
	blank := func(i int) bool { return i >= 0 && i < len(text) && strings.IndexByte(" \t\r\n\"", text[i]) >= 0 }
	for i := range len(text) {
		if c := text[i]; (c == '@' || c == '.') && (blank(i-1) || blank(i+1)) {
			return true
		}
	}
	return false
}

// squeeze returns a text without comments, blanks, quotes and backslashes.
func squeeze(text string) string {
	var b bytes.Buffer
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			if i++; i < len(text) && depth == 0 {
				b.WriteByte(text[i])
			}
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		case depth > 0, c == '"', c == ' ', c == '\t', c == '\r', c == '\n':
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
