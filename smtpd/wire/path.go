package wire

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Path is a reverse or forward path (RFC 5321 section 4.1.2): what the client wrote, which a
// relay has to pass on, and what it means. The zero Path is the null path.
type Path struct {
	Raw    string // between the angle brackets, as the client wrote it
	Local  string // unquoted
	Domain string // lower case, A-labels; or an address literal with its brackets
}

// String hides the address: a path belongs in no log.
func (p Path) String() string { return "<path>" }

// Address returns the address in the form that the roster knows: unquoted, and with
// its domain in lower case. It is empty for the null path.
func (p Path) Address() string {
	if p.Domain == "" {
		return p.Local
	}
	return p.Local + "@" + p.Domain
}

// ASCII reports whether the path can go without SMTPUTF8 (RFC 6531).
func (p Path) ASCII() bool {
	for i := range len(p.Raw) {
		if p.Raw[i] >= 0x80 {
			return false
		}
	}
	return true
}

// maxPath is generous beside the 256 octets of RFC 5321 section 4.5.3.1.3.
const maxPath = 1024

// cutPath splits the argument of MAIL FROM: or RCPT TO: in the raw path and the
// parameters behind it. Angle brackets may be left out, as scanners and old devices do.
func cutPath(arg string) (raw, params string, ok bool) {
	arg = strings.TrimLeft(arg, " ")
	if !strings.HasPrefix(arg, "<") {
		raw, params, _ = strings.Cut(arg, " ")
		return raw, strings.TrimSpace(params), raw != "" && !strings.ContainsAny(raw, `<>"`)
	}
	quoted := false
	for i := 1; i < len(arg); i++ {
		switch c := arg[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			params = arg[i+1:]
			if params != "" && params[0] != ' ' {
				return "", "", false
			}
			return arg[1:i], strings.TrimSpace(params), true
		}
	}
	return "", "", false
}

// ParsePath parses a raw path that is not null. A path without a domain is allowed for
// postmaster only (RFC 5321 section 4.5.1); source routes are not allowed at all.
func ParsePath(raw string) (Path, bool) {
	p := Path{Raw: raw}
	if raw == "" || len(raw) > maxPath || !utf8.ValidString(raw) {
		return p, false
	}
	if strings.EqualFold(raw, "postmaster") {
		p.Local = raw
		return p, true
	}
	rest, ok := "", false
	if raw[0] == '"' {
		p.Local, rest, ok = unquote(raw)
	} else {
		i := strings.IndexByte(raw, '@')
		ok = i > 0 && !strings.ContainsAny(raw[:max(i, 0)], "()<>[]:;\\,\" \t")
		if ok {
			p.Local, rest = raw[:i], raw[i:]
		}
	}
	if !ok || len(rest) < 2 || rest[0] != '@' || strings.ContainsFunc(raw, control) {
		return p, false
	}
	p.Domain, ok = CanonicalDomain(rest[1:])
	return p, ok
}

func control(c rune) bool { return c < ' ' || c == 0x7f }

// unquote takes the quoted string at the start of s apart.
func unquote(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// CanonicalDomain returns the one spelling of a domain that comparisons use. It reports
// whether d is a domain, or an address literal with its brackets.
func CanonicalDomain(d string) (string, bool) {
	if strings.HasPrefix(d, "[") && strings.HasSuffix(d, "]") {
		inner := d[1 : len(d)-1]
		if len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:") {
			inner = inner[5:]
		}
		_, err := netip.ParseAddr(inner)
		return strings.ToLower(d), err == nil
	}
	if len(d) > 255 {
		return "", false
	}
	plain := true
	for i := range len(d) {
		c := d[i]
		if c >= 0x80 {
			plain = false
		} else if !isAlnum(c) && c != '-' && c != '.' && c != '_' {
			return "", false
		}
	}
	if strings.HasPrefix(d, ".") || strings.HasSuffix(d, ".") || strings.Contains(d, "..") || d == "" {
		return "", false
	}
	if plain {
		return strings.ToLower(d), true
	}
	// Without the mappings of a look-up: the next hop may not map ſchool to school.
	a, err := idna.Registration.ToASCII(strings.ToLower(d))
	return a, err == nil
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
