package journal

import (
	"errors"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Domain is a registrable domain, such as example.nl. Only DomainOf makes one, so
// that neither a host name nor an address fits in it.
type Domain struct{ name string }

// DomainOf reduces a host name to its registrable domain. It returns the zero
// Domain for what has none: an IP address, a bare public suffix, or nonsense.
func DomainOf(host string) Domain {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if len(host) > 253 {
		return Domain{}
	}
	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			return Domain{}
		}
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !icann && !strings.Contains(suffix, ".") {
		return Domain{} // an unlisted top-level domain: an IP address or made up
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return Domain{}
	}
	return Domain{d}
}

// String returns the name; it is empty for the zero Domain.
func (d Domain) String() string { return d.name }

// MarshalText implements encoding.TextMarshaler.
func (d Domain) MarshalText() ([]byte, error) { return []byte(d.name), nil }

// parseDomain is the inverse of String.
func parseDomain(s string) (Domain, error) {
	if s == "" {
		return Domain{}, nil
	}
	if d := DomainOf(s); d.name == s {
		return d, nil
	}
	return Domain{}, errors.New("not a registrable domain")
}
