package listfile

import (
	"net/netip"
	"regexp"
	"strings"
)

// The statements of resolvers that list names.
var (
	bindZone = regexp.MustCompile(`^zone\s+"([^"]+)"\s+(?:IN\s+|in\s+)?\{(.*)$`)
	setting  = regexp.MustCompile(`^[a-z][a-z0-9-]*(?:=|:\s|:$)`)
)

// dnsmasq are the options of dnsmasq that begin with names between slashes.
var dnsmasq = []string{"address=/", "server=/", "local=/", "ipset=/", "nftset=/", "rebind-domain-ok=/"}

// noteResolver takes the evidence of a line of a resolver's configuration.
func (s *Survey) noteResolver(line string) {
	switch line[0] {
	case 'l', 's', 'a', 'z', 'h', 'c':
		s.noteStatement(line)
	default:
		if strings.Contains(line, "CNAME") || strings.Contains(line, "cname") || strings.Contains(line, " SOA ") ||
			strings.Contains(line, "\tSOA\t") {
			s.noteRecord(line)
		}
		return
	}
	if strings.Contains(line, "CNAME") {
		s.noteRecord(line)
	}
}

func (s *Survey) noteStatement(line string) {
	switch {
	case strings.HasPrefix(line, "local-data:"):
		s.data, s.resolver = true, true
	case strings.HasPrefix(line, "local-zone:"):
		s.resolver = true
		if name, kind := localZone(line); kind == "always_transparent" {
			s.except(name, false)
		}
	case strings.HasPrefix(line, "server=/"):
		s.resolver = true
		names, to := slashed(line)
		for _, n := range names {
			if to == "#" {
				s.except(n, false)
			}
		}
	case strings.HasPrefix(line, "address=/"), strings.HasPrefix(line, "local=/"), bindZone.MatchString(line):
		s.resolver = true
	}
}

// slashed returns the names between the slashes of an option of dnsmasq, and what is behind them.
func slashed(line string) (names []string, to string) {
	_, rest, _ := strings.Cut(line, "/")
	rest, _, _ = strings.Cut(rest, " #") // a sharp alone is a name or a server
	parts := strings.Split(rest, "/")
	return parts[:len(parts)-1], strings.TrimSpace(parts[len(parts)-1])
}

// localZone returns name and kind of a local-zone of unbound.
func localZone(line string) (name, kind string) {
	_, rest, _ := strings.Cut(line, ":")
	fields := strings.Fields(withoutComment(rest))
	if len(fields) != 2 {
		return "", ""
	}
	return strings.Trim(fields[0], `"'`), fields[1]
}

// resolverLine reads a line of a resolver's configuration. It reports false if it is none.
func (r *reader) resolverLine() bool {
	l := r.line
	for _, o := range dnsmasq {
		if strings.HasPrefix(l, o) {
			r.dnsmasq(strings.TrimSuffix(o, "=/"))
			return true
		}
	}
	switch {
	case strings.HasPrefix(l, "host-record="):
		r.hostRecord(l[len("host-record="):])
	case strings.HasPrefix(l, "local-zone:"):
		r.localZone()
	case strings.HasPrefix(l, "local-data:"):
		_, data, _ := strings.Cut(l, ":")
		if fields := strings.Fields(strings.Trim(strings.TrimSpace(data), `"'`)); !r.record(fields) {
			r.skip(Unreadable)
		}
	case strings.HasPrefix(l, "zone ") && bindZone.MatchString(l):
		r.bindZone()
	case r.resolver && (setting.MatchString(l) || l == "}" || l == "};"):
		r.skip(Setting)
	default:
		return r.zoneLine()
	}
	return true
}

func (r *reader) dnsmasq(option string) {
	names, to := slashed(r.line)
	switch {
	case option == "address" && to != "" && to != "#" && !isSink(to):
		r.skip(Rewrite)
	case option != "address" && option != "server" && option != "local":
		r.skip(Setting)
	case option != "address" && to == "#":
		// an exception, of which the survey has heard
	case option != "address" && to != "":
		r.skip(Setting) // which server is asked
	default:
		for _, n := range names {
			if n == "#" || n == "" {
				r.skip(Pattern)
				continue
			}
			r.site(n)
		}
	}
}

func (r *reader) hostRecord(rest string) {
	parts := strings.Split(rest, ",")
	for _, p := range parts[1:] {
		if isSink(p) {
			r.site(parts[0])
			return
		}
	}
	r.skip(Rewrite)
}

func (r *reader) localZone() {
	name, kind := localZone(r.line)
	switch kind {
	case "always_nxdomain", "always_null", "always_nodata", "always_refuse", "always_deny", "refuse", "deny", "static",
		"inform_deny", "block_a":
		r.site(name)
	case "redirect", "inform_redirect":
		if !r.data { // else the record says where to
			r.site(name)
		}
	case "transparent", "typetransparent", "always_transparent", "inform", "nodefault", "noview", "ipset":
		r.skip(Setting)
	default:
		r.skip(Unreadable)
	}
}

// bindZone reads a zone of BIND. Of its own zones only those that are empty are of a list.
func (r *reader) bindZone() {
	m := bindZone.FindStringSubmatch(r.line)
	rest := strings.ToLower(m[2])
	switch {
	case strings.Contains(rest, "forward"), strings.Contains(rest, "slave"), strings.Contains(rest, "secondary"),
		strings.Contains(rest, "hint"), strings.HasSuffix(m[1], ".arpa"), m[1] == ".":
		r.skip(Setting)
	default:
		r.site(m[1])
	}
}

// isSink reports whether an address leads nowhere, or to a page of an own server that says so.
func isSink(s string) bool {
	s = strings.TrimSpace(s)
	if s == "0" {
		return true
	}
	a, err := netip.ParseAddr(s)
	return err == nil && isInner(a)
}
