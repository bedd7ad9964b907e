package roster

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// canonical returns the one spelling of an address under which the roster keeps it: no
// quotes (RFC 5321 section 4.1.2), no sub-address (RFC 5233), no bounce tag, one case,
// the domain as it is in DNS. It would rather take two addresses for one than miss one
// that leads to a confidential role (C3.2g). What is no address is spelled as well as it
// can be.
func canonical(address string) string {
	local, domain := split(strings.TrimSpace(address))
	local = untag(fold(unquote(local)))
	if domain == "" {
		return local
	}
	return local + "@" + canonicalDomain(domain)
}

// split cuts at the last @: an earlier one can only be in a quoted local part.
func split(address string) (local, domain string) {
	address = strings.TrimSuffix(strings.TrimPrefix(address, "<"), ">")
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, ""
	}
	return address[:i], address[i+1:]
}

func unquote(local string) string {
	if len(local) < 2 || local[0] != '"' || local[len(local)-1] != '"' {
		return local
	}
	var b strings.Builder
	for s := local[1 : len(local)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}

// untag removes what mail servers add to a local part: "+anything" behind it, and the
// "prvs=tag=" of bounce address tag validation before it.
func untag(local string) string {
	if rest, ok := strings.CutPrefix(local, "prvs="); ok {
		if _, name, ok := strings.Cut(rest, "="); ok && name != "" {
			local = name
		}
	}
	if plus := strings.IndexByte(local, '+'); plus > 0 {
		local = local[:plus]
	}
	return local
}

// fold undoes differences of case and of compatible characters.
func fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}

// canonicalDomain returns the domain in lower case and in A-labels (RFC 5891), without
// the dot of the root.
func canonicalDomain(domain string) string {
	plain := ascii(domain)
	domain = strings.ToLower(domain)
	if !plain {
		domain = strings.ToLower(norm.NFKC.String(domain))
	}
	if !plain || strings.Contains(domain, "xn--") {
		if a, err := idna.Lookup.ToASCII(strings.TrimRight(domain, ".")); err == nil {
			domain = a
		}
	}
	return strings.TrimRight(domain, ".")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
