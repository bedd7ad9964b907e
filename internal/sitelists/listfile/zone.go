package listfile

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Records of zone files: those that say something of a name's block, and others.
var recordTypes = []string{"CNAME", "A", "AAAA", "TXT", "NS", "SOA", "MX", "DNAME", "SRV", "HTTPS", "SVCB", "PTR"}

// originOf returns the origin that a line of a zone file sets, or the one that holds.
func originOf(line, holds string) string {
	if f := strings.Fields(line); len(f) > 1 && f[0] == "$ORIGIN" {
		return strings.ToLower(strings.Trim(f[1], "."))
	}
	return holds
}

// noteRecord takes the evidence of a record.
func (s *Survey) noteRecord(line string) {
	fields := strings.Fields(withoutComment(line))
	kind, i := recordOf(fields)
	if i < 0 {
		return
	}
	if kind == "SOA" {
		s.zone = true
	}
	if kind == "CNAME" && i > 0 && strings.EqualFold(strings.Trim(fields[i+1], "."), "rpz-passthru") {
		s.except(s.owner(fields[0]), false)
	}
}

// recordOf returns the type of a record and its place among the fields, before which are at most an owner, a time to
// live and a class, and after which are data; -1: it is none.
func recordOf(fields []string) (kind string, at int) {
	for i, f := range fields {
		if i > 3 || i+1 >= len(fields) {
			break
		}
		if f = strings.ToUpper(f); i > 0 && slices.Contains(recordTypes, f) || f == "NS" || f == "SOA" {
			return f, i
		}
		if _, err := strconv.Atoi(strings.TrimRight(f, "SMHDW")); i > 0 && err != nil && f != "IN" {
			break
		}
	}
	return "", -1
}

// owner returns the name that a record of a response policy zone is about.
func (s *Survey) owner(o string) string {
	o = strings.ToLower(o)
	if absolute, is := strings.CutSuffix(o, "."); is && s.origin != "" {
		return strings.TrimSuffix(absolute, "."+s.origin)
	}
	return o
}

// withinRecord passes over the lines of a zone file that have no owner of their own, and reports whether this is one.
func (r *reader) withinRecord() bool {
	text, _, _ := strings.Cut(r.raw, ";")
	within := r.depth > 0 || text != "" && isSpace(text[0])
	r.depth = max(r.depth+strings.Count(text, "(")-strings.Count(text, ")"), 0)
	return within || strings.HasPrefix(text, "$") || strings.HasPrefix(text, "@")
}

// zoneLine reads a record of a zone file. It reports false if the line is none.
func (r *reader) zoneLine() bool {
	text, _, _ := strings.Cut(r.line, ";")
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return false
	}
	if _, err := netip.ParseAddr(text[:i]); err == nil {
		return false // of a hosts file
	}
	return r.record(strings.Fields(text))
}

// record reads a record. It reports false if the fields are none.
func (r *reader) record(fields []string) bool {
	kind, i := recordOf(fields)
	if i <= 0 {
		return i == 0 // of the zone itself
	}
	owner, data := r.owner(fields[0]), strings.ToLower(fields[i+1])
	switch kind {
	case "A", "AAAA":
		if !isSink(data) {
			r.skip(Rewrite)
			return true
		}
	case "CNAME":
		switch strings.TrimSuffix(data, ".") {
		case "", "*", "rpz-drop":
		case "rpz-passthru": // an exception, of which the survey has heard
			return true
		case "rpz-tcp-only":
			r.skip(Setting)
			return true
		default:
			r.skip(Rewrite)
			return true
		}
	default:
		return true // says nothing of a block
	}
	r.policy(owner)
	return true
}

// policy takes what a response policy zone blocks.
func (r *reader) policy(owner string) {
	address, of, ok := strings.Cut(owner, ".rpz-")
	switch {
	case !ok:
		r.site(owner)
	case of == "ip":
		if p, ok := reversed(address); ok {
			r.network(p)
		} else {
			r.skip(Unreadable)
		}
	default: // of clients and of name servers
		r.skip(Partial)
	}
}

// reversed reads a network as response policy zones write it: its length, and then its address from the end.
func reversed(s string) (netip.Prefix, bool) {
	parts := strings.Split(s, ".")
	length, err := strconv.Atoi(parts[0])
	if err != nil || len(parts) < 2 {
		return netip.Prefix{}, false
	}
	rest := parts[1:]
	slices.Reverse(rest)
	written := strings.Join(rest, ".")
	if len(rest) != 4 || slices.Contains(rest, "zz") {
		for i, p := range rest {
			if p == "zz" {
				rest[i] = ""
			}
		}
		written = strings.Join(rest, ":")
		if rest[0] == "" {
			written = ":" + written
		}
		if rest[len(rest)-1] == "" {
			written += ":"
		}
	}
	a, err := netip.ParseAddr(written)
	return netip.PrefixFrom(a, length), err == nil && length >= 0 && length <= a.BitLen()
}
