package domains

import (
	"bytes"
	"strings"
)

// Path returns a path and query in one form, so that a page is found however its address is
// spelt: escapes of what needs none are undone, the others are in upper case (RFC 3986,
// section 6.2.2), and there are no dot segments and no empty ones. A path that is in this
// form is returned as it is.
func Path(p string) string {
	path, query, asked := strings.Cut(p, "?")
	if !strings.Contains(p, "%") && !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return p
	}
	path = withoutDots(unescaped(path))
	if asked {
		path += "?" + unescaped(query)
	}
	return path
}

// unescaped undoes the escapes of letters, digits and "-._~".
func unescaped(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			b.WriteString("%25") // so that what follows cannot become an escape
			continue
		}
		if c := value(s[i+1])<<4 | value(s[i+2]); isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func value(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// withoutDots takes out dot segments and empty ones. A slash at the end stays.
func withoutDots(p string) string {
	if !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return p
	}
	out := make([]byte, 0, len(p))
	for segment := range strings.SplitSeq(p, "/") {
		switch segment {
		case "", ".":
		case "..":
			out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
		default:
			out = append(append(out, '/'), segment...)
		}
	}
	if len(out) == 0 || strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..") {
		out = append(out, '/')
	}
	return string(out)
}
