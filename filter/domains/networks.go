package domains

import (
	"net/netip"
	"strconv"
	"strings"
)

// Flags of what an index has beside names: lookups of what it has not cost nothing.
const (
	flagIPv4 = 1 << iota
	flagIPv6
	flagExceptions
)

// Widest networks that can be listed: a larger one is a mistake.
const (
	widestIPv4 = 9
	widestIPv6 = 20
)

// networkKey and exceptionKey begin keys that no name and no page begins with.
const (
	networkKey   = '='
	exceptionKey = '!'
)

// AddNetwork lists the addresses of a network in the category with a number. It reports whether that was done:
// networks wider than an IPv4 /9 or an IPv6 /20 are refused.
func (b *Builder) AddNetwork(category int, p netip.Prefix) bool {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if !p.IsValid() || TooWide(p) || category < 0 || category >= len(b.categories) {
		return false
	}
	flag := byte(flagIPv4)
	if p.Addr().Is6() {
		flag = flagIPv6
	}
	b.flags |= flag
	b.add(category, string(appendNetwork(nil, p)))
	return true
}

// TooWide reports whether a network is wider than AddNetwork takes it.
func TooWide(p netip.Prefix) bool {
	if p.Addr().Is6() {
		return p.Bits() < widestIPv6
	}
	return p.Bits() < widestIPv4
}

// Except takes a name, with all below it, out of what is listed above it in the category with a number. It reports
// whether it is a name.
func (b *Builder) Except(category int, name string) bool {
	name, ok := canonical(name)
	if !ok || category < 0 || category >= len(b.categories) {
		return false
	}
	b.flags |= flagExceptions
	b.add(category, string(exceptionKey)+name)
	return true
}

// AddEntry lists an entry in the category with a number: a name, the address of a page (example.com/path), =NETWORK
// or !EXCEPTION. It reports whether the entry is one of these.
func (b *Builder) AddEntry(category int, entry string) bool {
	switch {
	case entry == "":
		return false
	case entry[0] == exceptionKey:
		return b.Except(category, entry[1:])
	case entry[0] == networkKey:
		p, err := netip.ParsePrefix(entry[1:])
		return err == nil && b.AddNetwork(category, p)
	case strings.Contains(entry, "/"):
		return b.AddURL(category, entry)
	}
	return b.Add(category, entry)
}

// NetworkEntry returns the entry of a network for AddEntry.
func NetworkEntry(p netip.Prefix) string { return string(appendNetwork(nil, p)) }

// ExceptionEntry returns the entry of an exception for AddEntry.
func ExceptionEntry(name string) string { return string(exceptionKey) + name }

func appendNetwork(key []byte, p netip.Prefix) []byte {
	return p.Masked().AppendTo(append(key, networkKey))
}

// address returns the categories of an address: of every listed network that it is in.
func (x *Index) address(a netip.Addr) Set {
	var buf [64]byte
	var s Set
	widest, flag := widestIPv4, byte(flagIPv4)
	if a.Is6() {
		widest, flag = widestIPv6, flagIPv6
	}
	for bits := widest; bits <= a.BitLen() && x.flags&flag != 0; bits++ {
		s |= x.exact(appendNetwork(buf[:0], netip.PrefixFrom(a, bits)))
	}
	if v4, ok := Carried(a); ok {
		s |= x.address(v4)
	}
	return s
}

// excepted returns the categories of a name anew, where each exception takes those away that are listed above it.
func (x *Index) excepted(name []byte) Set {
	var buf [256]byte
	var s, without Set
	for more := true; more; {
		s |= x.exact(name) &^ without
		without |= x.exact(append(append(buf[:0], exceptionKey), name...))
		name, more = parentOf(name)
	}
	return s
}

func parentOf(name []byte) (up []byte, ok bool) {
	for i, c := range name {
		if c == '.' {
			return name[i+1:], true
		}
	}
	return nil, false
}

// Addr returns the address that a host is, in whatever spelling a browser reads as one: in brackets, mapped into
// IPv6, as one number, in octal or hexadecimal (WHATWG URL, 4.5). It is false for a name.
func Addr(host string) (netip.Addr, bool) {
	if !isPlain(host) {
		ascii, err := lookupForm.ToASCII(host)
		if err != nil {
			return netip.Addr{}, false
		}
		host = ascii
	}
	if strings.Contains(host, ":") {
		a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		return a.Unmap().WithZone(""), err == nil
	}
	host = strings.TrimSuffix(host, ".")
	if !isNumeric(host) {
		return netip.Addr{}, false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}
	return looseIPv4(host)
}

// isNumeric reports whether the last label of a host begins with a digit, as that of an address does.
func isNumeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && '0' <= last[0] && last[0] <= '9'
}

// looseIPv4 reads an IPv4 address as inet_aton does: of one to four numbers, of which the last fills the rest.
func looseIPv4(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var all uint64
	for i, p := range parts {
		n, ok := number(p)
		room := uint64(1) << 8
		if i == len(parts)-1 {
			room = 1 << (8 * (5 - len(parts)))
		}
		if !ok || n >= room {
			return netip.Addr{}, false
		}
		all = all*room + n
	}
	return netip.AddrFrom4([4]byte{byte(all >> 24), byte(all >> 16), byte(all >> 8), byte(all)}), true
}

// number reads a number that is decimal, octal after a zero, or hexadecimal after 0x.
func number(s string) (uint64, bool) {
	base := 10
	switch {
	case len(s) > 1 && (s[:2] == "0x" || s[:2] == "0X"):
		if base, s = 16, s[2:]; s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil && s[0] != '+'
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056
	teredo = netip.MustParsePrefix("2001::/32")    // RFC 4380
	compat = netip.MustParsePrefix("::/96")        // RFC 4291, deprecated
)

// Carried returns the IPv4 address that an IPv6 address leads to.
func Carried(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	switch {
	case nat64.Contains(a), compat.Contains(a) && !a.IsLoopback() && !a.IsUnspecified():
		return netip.AddrFrom4([4]byte(b[12:])), true
	case sixTo4.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case teredo.Contains(a):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	}
	return a, false
}
