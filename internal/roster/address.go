package roster

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// canonical returns the one spelling of an address under which the roster keeps it: no
// quotes, no plus-address, lower case, the domain as it is in DNS. What has no domain
// or no local part is spelled as well as it can be.
func canonical(address string) string {
	local, domain := split(strings.TrimSpace(address))
	local = unquote(local)
	if plus := strings.IndexByte(local, '+'); plus > 0 {
		local = local[:plus]
	}
	local = strings.ToLower(norm.NFKC.String(local))
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

// canonicalDomain returns the domain in lower case and in A-labels (RFC 5891).
func canonicalDomain(domain string) string {
	domain = strings.ToLower(strings.TrimRight(norm.NFKC.String(domain), "."))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}
