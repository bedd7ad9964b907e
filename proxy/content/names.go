package content

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// baseType returns a media type without its parameters, in lower case.
func baseType(v string) string {
	v, _, _ = strings.Cut(v, ";")
	return strings.ToLower(strings.TrimSpace(v))
}

func mediaType(h http.Header) string { return baseType(contentType(h)) }

// contentType returns the Content-Type that browsers go by where there are several, or a list: the last that is valid
// (Fetch Standard, section 2.2.2). The character set of one before it counts if the type is the same.
func contentType(h http.Header) (value string) {
	fields := h["Content-Type"]
	if len(fields) == 0 || len(fields) == 1 && !strings.Contains(fields[0], ",") {
		return h.Get("Content-Type")
	}
	for _, v := range splitList(strings.Join(fields, ",")) {
		typ := baseType(v)
		major, minor, _ := strings.Cut(typ, "/")
		if !httpguts.ValidHeaderFieldName(major) || !httpguts.ValidHeaderFieldName(minor) || typ == "*/*" {
			continue
		}
		if typ == baseType(value) && charsetIn(v) == "" {
			continue // with the character set that was there
		}
		value = v
	}
	if value == "" {
		return fields[0]
	}
	return value
}

// splitList splits a list at its commas, but for those in quotes.
func splitList(list string) (items []string) {
	quoted, escaped, from := false, false, 0
	for i := range len(list) {
		switch c := list[i]; {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			items, from = append(items, list[from:i]), i+1
		}
	}
	return append(items, list[from:])
}

// charsetOf returns the character set that a header names.
func charsetOf(h http.Header) string { return charsetIn(contentType(h)) }

func charsetIn(kind string) string {
	_, params, found := strings.Cut(kind, ";")
	if !found {
		return ""
	}
	for p := range strings.SplitSeq(params, ";") {
		if name, v, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(name), "charset") {
			return strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return ""
}

// Streams reports whether a body comes piece by piece, while the other side may be silent.
func Streams(h http.Header) bool { return streams(mediaType(h)) }

// streams reports whether a body of a type comes piece by piece, and cannot wait.
func streams(kind string) bool {
	return kind == "text/event-stream" || kind == "multipart/x-mixed-replace" ||
		strings.HasPrefix(kind, "application/grpc") || strings.HasPrefix(kind, "application/connect+")
}

// shown reports whether browsers show or play a type, and never run it.
func shown(kind string) bool {
	for _, prefix := range []string{"image/", "video/", "audio/", "font/"} {
		if strings.HasPrefix(kind, prefix) {
			return kind != "image/svg+xml"
		}
	}
	return false
}

// fileName returns the name that a browser gives a download, and whether it is to be kept
// as a file (RFC 6266).
func fileName(h http.Header, urlPath string) (name string, attached bool) {
	disposition, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		disposition = baseType(h.Get("Content-Disposition"))
	}
	name = params["filename"]
	if name == "" {
		name, _, _ = strings.Cut(path.Base(urlPath), ";") // without its parameters, as browsers do
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/")), disposition != "" && disposition != "inline"
}

// ErrCut is what the error of a body that was cut off is.
var ErrCut = errors.New("the body was cut off")

// cut is the error of a body that was cut off. It says what was being done, and not what the network said: that has
// addresses in it.
type cut struct {
	doing string
	err   error
}

func cutOff(doing string, err error) error {
	if err == io.EOF || errors.Is(err, ErrBlocked) {
		return err
	}
	return &cut{doing, err}
}

// Error implements error.
func (c *cut) Error() string { return c.doing + ": it was cut off" }

// Unwrap returns the cause.
func (c *cut) Unwrap() []error { return []error{ErrCut, c.err} }
