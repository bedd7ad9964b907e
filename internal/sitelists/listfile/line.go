package listfile

import (
	"math/bits"
	"net/netip"
	"strings"

	"sluis/filter/domains"
)

// read reads the line, by its own form.
func (r *reader) read() {
	if r.zone && r.withinRecord() {
		return
	}
	switch l := r.line; {
	case l == "", l[0] == '!', l[0] == ';', strings.HasPrefix(l, "//"), strings.HasPrefix(l, "@@"):
	case l[0] == '#':
		if isCosmetic(l) {
			r.skip(Partial)
		}
	case l[0] == '[' && r.bracketed():
	case strings.HasPrefix(l, "|"):
		r.adblock()
	case isCosmetic(l):
		r.skip(Partial)
	case r.resolverLine(), r.squidLine(), r.proxyRuleLine():
	case r.table.is(l):
		r.row()
	default:
		r.plain()
	}
}

// bracketed reads a line in brackets: a header or the modifiers of an ad blocker's rule. It reports false for an
// address of IPv6.
func (r *reader) bracketed() bool {
	inner, _, ok := strings.Cut(r.line[1:], "]")
	if _, err := netip.ParseAddr(inner); ok && err == nil {
		return false
	}
	if strings.HasPrefix(r.line, "[$") {
		r.skip(Partial)
	}
	return true
}

// withoutComment returns a line without what stands behind it as a comment.
func withoutComment(l string) string {
	for i := range len(l) {
		switch {
		case l[i] == '#' && (i == 0 || !strings.Contains(l[:i], "/")), i > 0 && isSpace(l[i-1]) &&
			(l[i] == '#' || l[i] == ';' || strings.HasPrefix(l[i:], "//")):
			return strings.TrimSpace(l[:i])
		}
	}
	return l
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// plain reads names, addresses and networks, and the lines of hosts files.
func (r *reader) plain() {
	l := refanged(withoutComment(r.line))
	l = strings.TrimPrefix(l, "- ")
	first, rest := l, ""
	if i := strings.IndexAny(l, " \t"); i >= 0 {
		first, rest = l[:i], strings.TrimSpace(l[i:])
	}
	first = strings.Trim(first, `"',`)
	switch {
	case l == "":
	case strings.Contains(first, "://"):
		r.url(first)
	case rest == "":
		r.word(first)
	case r.hosts(first, rest):
	case r.words(l):
	case r.notes && isCell(first):
		r.word(first)
	default:
		r.skip(Unreadable)
	}
}

// refanged undoes what keeps addresses from being opened by mistake.
func refanged(l string) string {
	if !strings.Contains(l, "[") && !strings.HasPrefix(l, "hxxp") {
		return l
	}
	l = strings.NewReplacer("[.]", ".", "[:]", ":", "[://]", "://", "[dot]", ".").Replace(l)
	if rest, is := strings.CutPrefix(l, "hxxp"); is {
		l = "http" + rest
	}
	return l
}

// url reads the address of a page.
func (r *reader) url(address string) {
	scheme, rest, _ := strings.Cut(address, "://")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "ws", "wss":
	default:
		r.skip(Unreadable)
		return
	}
	r.address(rest)
}

// address reads authority and path.
func (r *reader) address(rest string) {
	rest, _, _ = strings.Cut(rest, "#")
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if strings.HasPrefix(path, "?") {
		path = "/" + path
	}
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	r.page(withoutPort(authority), path)
}

// withoutPort returns the host of an authority.
func withoutPort(authority string) string {
	if inner, ok := strings.CutPrefix(authority, "["); ok {
		inner, _, _ = strings.Cut(inner, "]")
		return inner
	}
	host, port, ok := strings.Cut(authority, ":")
	if ok && strings.Trim(port, "0123456789") == "" {
		return host
	}
	return authority
}

// word reads a line of one word.
func (r *reader) word(w string) {
	if p, ok := networkOf(w); ok {
		r.network(p)
		return
	}
	if from, to, ok := rangeOf(w); ok {
		r.between(from, to)
		return
	}
	if name, ok := plainRegexp(w); ok {
		r.site(name)
		return
	}
	switch {
	case strings.ContainsAny(w, "^$()|\\") && !strings.Contains(w, "/"),
		len(w) > 1 && w[0] == '/' && w[len(w)-1] == '/':
		r.skip(Pattern)
	case strings.Contains(w, "/"):
		r.address(w)
	default:
		r.site(withoutPort(w))
	}
}

// networkOf reads an address, a network, or an address with a mask or port.
func networkOf(w string) (netip.Prefix, bool) {
	if w == "" || !strings.Contains("0123456789abcdefABCDEF:[", w[:1]) {
		return netip.Prefix{}, false
	}
	if a, err := netip.ParseAddr(w); err == nil {
		a = a.WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	if p, err := netip.ParsePrefix(w); err == nil {
		return p, true
	}
	if a, err := netip.ParseAddrPort(w); err == nil {
		return netip.PrefixFrom(a.Addr().WithZone(""), a.Addr().BitLen()), true
	}
	if host, mask, ok := strings.Cut(w, "/"); ok {
		a, err1 := netip.ParseAddr(host)
		m, err2 := netip.ParseAddr(mask)
		if err1 == nil && err2 == nil && a.Is4() && m.Is4() {
			b := m.As4()
			n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
			ones := bits.LeadingZeros32(^n)
			return netip.PrefixFrom(a, ones), bits.OnesCount32(n) == ones
		}
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(w, "["), "]"))
	return netip.PrefixFrom(a, a.BitLen()), err == nil
}

// rangeOf reads a range of addresses, FIRST-LAST.
func rangeOf(w string) (from, to netip.Addr, ok bool) {
	first, last, ok := strings.Cut(w, "-")
	if !ok {
		return from, to, false
	}
	first = first[strings.LastIndexByte(first, ' ')+1:]
	from, err1 := netip.ParseAddr(strings.TrimSpace(first))
	to, err2 := netip.ParseAddr(strings.TrimSpace(last))
	return from, to, err1 == nil && err2 == nil && from.BitLen() == to.BitLen() && !to.Less(from)
}

// between takes the networks that a range of addresses is made of.
func (r *reader) between(from, to netip.Addr) {
	for {
		p := netip.PrefixFrom(from, from.BitLen())
		for p.Bits() > 0 {
			wider := netip.PrefixFrom(from, p.Bits()-1)
			if wider.Masked().Addr() != from || to.Less(lastOf(wider)) {
				break
			}
			p = wider
		}
		r.network(p)
		last := lastOf(p)
		if last == to || !last.Next().IsValid() {
			return
		}
		from = last.Next()
	}
}

// lastOf returns the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// plainRegexp returns the name of an expression that is for a domain and all below it.
func plainRegexp(w string) (string, bool) {
	w = strings.TrimSuffix(strings.TrimPrefix(w, "/"), "/")
	body, ok := strings.CutSuffix(w, "$")
	if !ok {
		return "", false
	}
	for _, begin := range []string{`(^|\.)`, `(\.|^)`, `^(.+\.)?`, `^(.*\.)?`, `^([^.]+\.)*`, `^(?:.+\.)?`} {
		if rest, is := strings.CutPrefix(body, begin); is {
			name := strings.ReplaceAll(rest, `\.`, ".")
			_, valid := domains.Name(name)
			return name, valid && strings.Count(rest, ".") == strings.Count(rest, `\.`)
		}
	}
	return "", false
}

// hosts reads the line of a hosts file, and an address with a note behind it.
func (r *reader) hosts(first, rest string) bool {
	zoneless, _, _ := strings.Cut(first, "%")
	a, err := netip.ParseAddr(zoneless)
	if err != nil && zoneless == "0" {
		a, err = netip.IPv4Unspecified(), nil
	}
	if err != nil {
		if p, err := netip.ParsePrefix(first); err == nil && !strings.Contains(rest, ".") {
			r.network(p)
			return true
		}
		return false
	}
	if to, ok := strings.CutPrefix(rest, "-"); ok {
		return r.rangeWithSpaces(first, to)
	}
	named := false
	for name := range strings.FieldsSeq(rest) {
		name = strings.Trim(name, `"',`)
		if n, ok := domains.Name(name); !ok || !isSite(n) && !localNames[n] && !isInner(a) {
			continue
		}
		named = true
		switch {
		case localNames[strings.ToLower(name)]:
			r.skip(Local)
		case !isInner(a):
			r.skip(Rewrite)
		case !strings.Contains(strings.Trim(name, "."), ".") && !isSite(strings.ToLower(name)):
			r.skip(Local) // a name of the machine
		default:
			r.site(name)
		}
	}
	switch {
	case named:
	case isInner(a):
		r.skip(Unreadable)
	default:
		r.network(netip.PrefixFrom(a, a.BitLen()))
	}
	return true
}

func (r *reader) rangeWithSpaces(first, last string) bool {
	from, to, ok := rangeOf(first + "-" + strings.TrimSpace(last))
	if ok {
		r.between(from, to)
	}
	return ok
}

// words reads a line of several names.
func (r *reader) words(l string) bool {
	split := func(c rune) bool { return c == ' ' || c == '\t' || c == ',' }
	all := strings.FieldsFunc(l, split)
	for _, w := range all {
		w = strings.Trim(w, `"'`)
		if n, ok := domains.Name(strings.TrimPrefix(w, "*.")); !ok || !strings.Contains(n, ".") {
			return false
		}
	}
	for _, w := range all {
		r.site(strings.Trim(w, `"'`))
	}
	return len(all) > 0
}
