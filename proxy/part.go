package proxy

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sluis/proxy/content"
)

// isPart reports whether an inspection asks for more than the part that came.
func isPart(err error) bool {
	return errors.Is(err, content.ErrPart) || errors.Is(err, content.ErrBeheaded)
}

// withMore returns a request for what an inspection asks for in the place of a part: the bytes before it as well, of
// which it says how many, or the whole. It is nil if nothing more can be asked for.
func withMore(r *http.Request, why error) (more *http.Request, ahead int64) {
	if r.Header.Get("Range") == "" {
		return nil, 0
	}
	more = r.Clone(r.Context())
	first, last, ok := rangeIn(r.Header["Range"])
	if ok && first > 0 && errors.Is(why, content.ErrBeheaded) {
		more.Header.Set("Range", "bytes=0-"+last)
		return more, first
	}
	more.Header.Del("Range")
	more.Header.Del("If-Range")
	return more, 0
}

// rangeIn returns the one range that a request asks for, in bytes; the last may be empty (RFC 9110, section 14.1.2).
func rangeIn(fields []string) (first int64, last string, ok bool) {
	if len(fields) != 1 {
		return 0, "", false
	}
	unit, set, _ := strings.Cut(fields[0], "=")
	from, to, ok := strings.Cut(strings.TrimSpace(set), "-")
	n, err := strconv.ParseUint(from, 10, 62)
	if m, bad := strconv.ParseUint(to, 10, 62); to != "" && (bad != nil || m < n) {
		return 0, "", false
	}
	return int64(n), to, ok && err == nil && strings.EqualFold(strings.TrimSpace(unit), "bytes")
}

// withoutFirst makes a response that begins at the first byte of a body one that begins later. One with the whole body
// stays as it is. It reports false if the response is another part.
func withoutFirst(resp *http.Response, ahead int64) bool {
	if ahead == 0 || resp.StatusCode != http.StatusPartialContent {
		return true
	}
	unit, of, ok := strings.Cut(resp.Header.Get("Content-Range"), " ")
	part, size, found := strings.Cut(of, "/")
	last, begins := strings.CutPrefix(strings.TrimSpace(part), "0-")
	end, err := strconv.ParseInt(last, 10, 64)
	if !ok || !found || !begins || err != nil || end < ahead || !strings.EqualFold(unit, "bytes") {
		return false
	}
	resp.Header.Set("Content-Range", "bytes "+strconv.FormatInt(ahead, 10)+"-"+last+"/"+size)
	for _, digest := range []string{"Content-Digest", "Content-Md5"} { // of what came
		resp.Header.Del(digest)
	}
	resp.Header.Set("Content-Length", strconv.FormatInt(end+1-ahead, 10))
	resp.ContentLength = end + 1 - ahead
	resp.Body = &laterBody{resp.Body, ahead}
	return true
}

// laterBody is a body without its first bytes.
type laterBody struct {
	io.ReadCloser
	ahead int64 // of them
}

// Read implements io.Reader.
func (l *laterBody) Read(b []byte) (int, error) {
	for l.ahead > 0 && len(b) > 0 {
		n, err := l.ReadCloser.Read(b[:min(int64(len(b)), l.ahead)])
		if l.ahead -= int64(n); err != nil {
			return 0, err
		}
	}
	return l.ReadCloser.Read(b)
}
