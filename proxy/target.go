package proxy

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// net/http refuses targets that sites understand, such as a path with a stray %, and spells others anew. The target of
// a request (RFC 9112, section 3.2) therefore passes net/http in a form that it takes as it is: an origin-form in which
// noEscape stands for %. What the policy decides on, and what the site gets, is read from the target itself.
const noEscape = '\xff'

// carry returns a target in the form in which it passes net/http.
func carry(target string) string {
	if strings.IndexByte(target, '%') < 0 && strings.IndexByte(target, noEscape) < 0 {
		return "/" + target
	}
	var b strings.Builder
	b.Grow(len(target) + 1)
	b.WriteByte('/')
	for i := range len(target) {
		switch target[i] {
		case '%':
			b.WriteByte(noEscape)
		case noEscape:
			b.WriteString("%FF")
		default:
			b.WriteByte(target[i])
		}
	}
	return b.String()
}

// carried returns the target that carry made s of.
var carried = strings.NewReplacer("%FF", string([]byte{noEscape}), string([]byte{noEscape}), "%")

// errTarget is returned for a target in none of the forms of RFC 9112, section 3.2.
var errTarget = errors.New("the target of the request is malformed")

// arrive gives a request that net/http has read its target as the client sent it: RequestURI becomes the path and query
// byte for byte, or *, and URL the parts of it. A fragment is left out: it has no place in a request. The host of an
// absolute-form replaces the Host field (RFC 9112, section 3.2.2).
func arrive(r *http.Request) error {
	if r.Method == http.MethodConnect {
		return nil
	}
	target := carried.Replace(strings.TrimPrefix(r.RequestURI, "/"))
	if strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return errTarget
	}
	target, _, _ = strings.Cut(target, "#")
	u := &url.URL{}
	switch {
	case strings.HasPrefix(target, "/"):
	case target == "*" && r.Method == http.MethodOptions:
	default:
		scheme, rest, ok := strings.Cut(target, "://")
		if !ok || strings.ContainsAny(scheme, "/?") {
			return errTarget
		}
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		u.Scheme, u.Host, target = strings.ToLower(scheme), rest[:end], rest[end:]
		if user, host, ok := cutLast(u.Host, "@"); ok {
			u.User, u.Host = url.User(user), host
		}
		if u.Host == "" {
			return errTarget
		}
		r.Host = u.Host
		switch {
		case target == "" && r.Method == http.MethodOptions: // RFC 9112, section 3.2.4
			target = "*"
		case !strings.HasPrefix(target, "/"):
			target = "/" + target
		}
	}
	r.RequestURI, r.URL = target, u
	u.RawPath, u.RawQuery, u.ForceQuery = strings.Cut(target, "?")
	u.Path, u.ForceQuery = unescape(u.RawPath), u.ForceQuery && u.RawQuery == ""
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// unescape undoes the escapes of a path (RFC 3986, section 2.1). A % that begins none stays.
func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if plain, err := url.PathUnescape(path[i:min(i+3, len(path))]); err == nil && path[i] == '%' {
			b.WriteString(plain)
			i += 2
			continue
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// departing returns the URL of a request that net/http sends to the site with its target unchanged.
func departing(r *http.Request) *url.URL {
	u := *r.URL
	switch {
	case !strings.HasPrefix(u.RawPath, "//"):
		u.Opaque = u.RawPath
	case u.EscapedPath() != u.RawPath: // net/http takes // for an authority; sites take the absolute-form too
		u.Opaque = "//" + r.Host + u.RawPath
	}
	return &u
}

// pathOf returns the path and query that the policy decides on.
func pathOf(r *http.Request) string {
	if r.RequestURI == "*" {
		return "/"
	}
	return r.RequestURI
}
