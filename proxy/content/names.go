package content

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

// baseType returns a media type without its parameters, in lower case.
func baseType(v string) string {
	v, _, _ = strings.Cut(v, ";")
	return strings.ToLower(strings.TrimSpace(v))
}

func mediaType(h http.Header) string { return baseType(h.Get("Content-Type")) }

// charsetOf returns the character set that a header names.
func charsetOf(h http.Header) string {
	_, params, found := strings.Cut(h.Get("Content-Type"), ";")
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
		name = path.Base(urlPath)
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
