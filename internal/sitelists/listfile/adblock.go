package listfile

import (
	"slices"
	"strings"

	"sluis/filter/domains"
)

// cosmeticMarks stand between the sites and the selector of a rule about parts of pages.
var cosmeticMarks = []string{"##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#$?#", "#@$?#", "#%#", "#@%#", "$$", "$@$"}

// isCosmetic reports whether a line is a rule about parts of pages: sites, a mark and a selector.
func isCosmetic(l string) bool {
	i := strings.IndexAny(l, "#$")
	if i < 0 || strings.ContainsAny(l[:i], " \t/") {
		return false
	}
	if i+1 >= len(l) || !strings.Contains("#@?$%", l[i+1:i+2]) {
		return false
	}
	for _, m := range cosmeticMarks {
		rest, is := strings.CutPrefix(l[i:], m)
		if !is || rest == "" {
			continue
		}
		// A line of nothing but sharps, or one with a space behind them, is a comment.
		return rest[0] != ' ' && rest[0] != '\t' && (i > 0 || rest[0] != '#' && !strings.HasSuffix(rest, "#"))
	}
	return false
}

// adblockRule is a rule of an ad blocker for requests.
type adblockRule struct {
	pattern   string // without anchors
	start     bool   // of the whole address, not of the host
	options   []string
	important bool
	cancels   bool // it undoes the same rule without badfilter
	whole     bool // it holds for every request, or for whole pages
}

// parseRule reads a rule that begins with | or ||.
func parseRule(l string) adblockRule {
	r := adblockRule{start: !strings.HasPrefix(l, "||"), whole: true}
	l = strings.TrimLeft(l, "|")
	if i := strings.LastIndexByte(l, '$'); i >= 0 {
		l, r.options = l[:i], strings.Split(l[i+1:], ",")
	}
	r.pattern = l
	page, typed := false, false
	var others []string
	for _, o := range r.options {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(o)), "=")
		switch name {
		case "badfilter":
			r.cancels = true
			continue
		case "important":
			r.important = true
		case "all":
		case "document", "doc":
			page = true
		case "subdocument", "frame", "popup", "script", "image", "stylesheet", "css", "xmlhttprequest", "xhr", "object",
			"font", "media", "websocket", "webrtc", "ping", "other", "genericblock":
			typed = true
		case "dnsrewrite":
			r.whole = r.whole && isSinkRewrite(value)
		case "match-case", "reason", "", "_", "noop":
		default:
			r.whole = false
		}
		others = append(others, strings.ToLower(strings.TrimSpace(o)))
	}
	slices.Sort(others)
	r.options = others
	r.whole = r.whole && (page || !typed)
	return r
}

// isSinkRewrite reports whether an answer that a name gets in the place of its own is none.
func isSinkRewrite(value string) bool {
	switch strings.ToUpper(strings.Split(value, ";")[0]) {
	case "NXDOMAIN", "REFUSED", "SERVFAIL":
		return true
	}
	parts := strings.Split(value, ";")
	return isSink(parts[len(parts)-1])
}

// key tells one rule from another.
func (r adblockRule) key() string { return r.pattern + "$" + strings.Join(r.options, ",") }

// host returns the host of a rule that is for a host as a whole, and the path of one for pages.
func (r adblockRule) host() (host, path string, ok bool) {
	p := r.pattern
	if r.start {
		_, rest, is := strings.Cut(p, "://")
		if !is {
			return "", "", false
		}
		p = rest
	}
	p = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(p, "|"), "*"), "^")
	host, path, paged := strings.Cut(p, "/")
	if strings.ContainsAny(path, "*^|") || strings.Contains(host, "^") {
		return "", "", false
	}
	if paged {
		path = "/" + path
	}
	return host, path, true
}

// adblock reads a rule of an ad blocker.
func (r *reader) adblock() {
	rule := parseRule(r.line)
	host, path, ok := rule.host()
	switch {
	case rule.cancels:
	case r.cancelled[rule.key()]:
		r.skip(Cancelled)
	case !rule.whole:
		r.skip(Partial)
	case !ok || strings.Contains(strings.TrimPrefix(host, "*."), "*"):
		r.skip(Pattern)
	case path == "" || path == "/":
		if _, number := domains.Addr(host); !number && strings.Contains(host, ":") {
			r.skip(Partial) // one port
			return
		}
		r.rule(host, rule.important)
	default:
		r.page(withoutPort(strings.TrimPrefix(host, "*.")), path)
	}
}

func (s *Survey) noteCancelled(line string) {
	if rule := parseRule(line); rule.cancels && len(s.cancelled) < maxExceptions {
		s.cancelled[rule.key()] = true
	}
}

// noteException takes an exception that is for a site as a whole.
func (s *Survey) noteException(line string) {
	rule := parseRule(line)
	if host, path, ok := rule.host(); ok && rule.whole && !rule.cancels && (path == "" || path == "/") {
		s.except(host, rule.important)
	}
}
