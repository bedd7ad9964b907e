package setting

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"sluis/internal/strictyaml"
)

// Problems gathers what is wrong with a configuration: each fault with its file, line and
// column, and with what to write instead. A Problems value is a place in the file.
type Problems struct {
	file strictyaml.File
	path string
	errs *[]error
}

// NewProblems returns the problems of a file, at its top.
func NewProblems(f strictyaml.File) Problems {
	return Problems{file: f, path: "$", errs: new([]error)}
}

// Err returns all faults together; nil if there is none.
func (p Problems) Err() error { return errors.Join(*p.errs...) }

// At is the place of a key within this one.
func (p Problems) At(key string) Problems {
	p.path += "." + key
	return p
}

// Item is the place of an element of the list at this one.
func (p Problems) Item(i int) Problems {
	p.path += fmt.Sprintf("[%d]", i)
	return p
}

// Wrong adds a fault of this place.
func (p Problems) Wrong(format string, args ...any) {
	*p.errs = append(*p.errs, p.file.Errorf(p.path, format, args...))
}

// OneOf refuses a value that is not among those allowed; an empty one among them stands for
// a key that was left out.
func (p Problems) OneOf(value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		allowed = slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
		p.Wrong("%q is not known here: use one of %s", value, strings.Join(allowed, ", "))
	}
}

// Address refuses what is no host:port.
func (p Problems) Address(a string) {
	host, port, err := net.SplitHostPort(a)
	if err != nil || port == "" || strings.Contains(host, " ") {
		p.Wrong("%q is no address: write host:port, such as 127.0.0.1:25", a)
	}
}

// Mailbox refuses what is no bare mail address.
func (p Problems) Mailbox(address string) {
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address || a.Name != "" {
		p.Wrong("this is no mail address: write for instance ict@school.nl")
	}
}

// OneLine refuses what would be more than one line of a reply.
func (p Problems) OneLine(text string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		p.Wrong("this is a part of a reply: it has to be one line")
	}
}

// NotNegative refuses a limit below zero.
func (p Problems) NotNegative(n int) {
	if n < 0 {
		p.Wrong("a limit is not below zero; leave it out for the default")
	}
}

// Networks refuses prefixes that hold more than one organisation, or one provider, has; the
// danger says what such a prefix would open.
func (p Problems) Networks(ps []netip.Prefix, danger string) {
	for i, prefix := range ps {
		least, a := 8, prefix.Masked().Addr()
		switch {
		case a.Is6() && a.IsPrivate():
			least = 7 // fc00::/7, RFC 4193
		case a.Is6():
			least = 16
		}
		if prefix.Bits() < least {
			p.Item(i).Wrong("%s is everybody, or nearly: %s", prefix, danger)
		}
	}
}
