package parties

import (
	"io"
	"slices"
	"strings"
)

// Roster knows confidential roles, and the organisation's domains.
type Roster interface {
	// Confidants returns the addresses of confidential roles that an address leads to.
	Confidants(address string) []string
	// Within reports whether a domain is the organisation's own, or a part of one.
	Within(domain string) bool
}

// Sender is how far the client that sends a message is believed.
type Sender struct {
	Trusted bool     // one of the organisation's own
	Vouched []string // domains whose author a receiver of the organisation has checked; see Vouched
}

// maxClaims bounds the roles that a header is asked for: an order lifts confidentiality of one person,
// and not of so many.
const maxClaims = 32

// Claims returns the addresses of confidential roles that a header names as parties, as the roster has
// them. It reads the header to its end; what follows it is not read.
func Claims(header io.Reader, people Roster, from Sender) (found []string) {
	walk(header, from.believes, func(p part, value []byte) bool {
		return addresses(value, func(address string) bool {
			for _, c := range people.Confidants(address) {
				if from.counts(p, address, c, people) && !slices.Contains(found, c) {
					found = append(found, c)
				}
			}
			return len(found) < maxClaims
		})
	})
	return found
}

// believes reports whether a field can count.
func (s Sender) believes(p part) bool {
	switch p {
	case recipients:
		return true
	case author:
		return s.Trusted || len(s.Vouched) > 0
	case answers, delivered:
		return s.Trusted
	}
	return false
}

// counts reports whether an address in a field makes a role a party. A stranger's recipients count where
// they are the organisation's; a stranger's author where it is vouched for.
func (s Sender) counts(p part, address, role string, people Roster) bool {
	switch {
	case s.Trusted:
		return true
	case p == author:
		return slices.Contains(s.Vouched, DomainOf(address))
	}
	return people.Within(DomainOf(role))
}

// DomainOf returns the domain of an address, in lower case.
func DomainOf(address string) string {
	return strings.ToLower(strings.TrimRight(address[strings.LastIndexByte(address, '@')+1:], "."))
}
