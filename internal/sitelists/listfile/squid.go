package listfile

import "strings"

// squidLine reads a line of Squid's configuration, and of the lists of e2guardian. It reports false if it is none.
func (r *reader) squidLine() bool {
	l := r.line
	switch {
	case strings.HasPrefix(l, ".Include<"), strings.HasPrefix(l, ".Define"), strings.HasPrefix(l, "**"),
		strings.HasPrefix(l, "*ip"):
		r.skip(Setting)
		return true
	case !strings.HasPrefix(l, "acl "):
		return false
	}
	fields := strings.Fields(withoutComment(l))
	if len(fields) < 4 {
		r.skip(Setting)
		return true
	}
	for _, value := range fields[3:] {
		switch {
		case value == "-n" || value == "-i":
		case fields[2] == "dstdomain":
			r.site(value)
		case fields[2] == "dst":
			r.word(value)
		case strings.HasSuffix(fields[2], "_regex"):
			r.skip(Pattern)
			return true
		default:
			r.skip(Setting)
			return true
		}
	}
	return true
}
