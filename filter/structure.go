package filter

import (
	"bytes"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/text"
)

// shape is what the checks of an item's structure read.
type shape struct {
	report *text.Report
	item   Item
	opts   *Options
	listed []string // hosts in the text that are dangerous
	links  []link
}

// link is a link by the hosts that it shows and goes to, each in lower case; one of many
// that are the same.
type link struct{ shown, target string }

// structures are the checks of an item's shape, by the names that rules use. Each
// returns what it found.
var structures = map[string]func(*shape) []string{
	"executable-attachment": func(s *shape) []string {
		return s.attachments(func(a text.Attachment, _ string) bool { return a.Executable })
	},
	"macro-attachment": (*shape).macros,
	"double-extension": func(s *shape) []string {
		return s.attachments(func(a text.Attachment, name string) bool {
			last := path.Ext(name)
			return a.Executable && last != "" &&
				documentExtensions[path.Ext(strings.TrimRight(strings.TrimSuffix(name, last), " _-\u00a0\u2003"))]
		})
	},
	"disguised-attachment": func(s *shape) []string {
		return s.attachments(func(a text.Attachment, name string) bool {
			switch a.Kind {
			case text.KindProgram, text.KindScript, text.KindOpener, text.KindDisk:
				return documentExtensions[path.Ext(name)]
			}
			return a.Executable && text.TurnsAround(a.Name.Reveal())
		})
	},
	"lying-link":       (*shape).lyingLinks,
	"lookalike-domain": (*shape).lookalikes,
	"listed-link":      (*shape).listedLinks,
}

// documentExtensions are those that people open without a thought.
var documentExtensions = map[string]bool{
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true,
	".ods": true, ".rtf": true,
	".txt": true, ".csv": true, ".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".mp3": true, ".mp4": true,
	".htm": true, ".html": true, ".zip": true,
}

// structure runs the checks of the rules that ask for one.
func (r *run) structure(report *text.Report, item Item) {
	if len(r.shapes) == 0 {
		return
	}
	s := &shape{report: report, item: item, opts: r.opts, listed: r.listed, links: linksOf(report)}
	for _, i := range r.shapes {
		for _, value := range structures[r.scanner.rules[i].Structure](s) {
			b := []byte(value)
			r.count(i, b, b, place{0, len(b)})
		}
	}
}

// linksOf returns the links of a report. A newsletter has hundreds, to a few hosts.
func linksOf(report *text.Report) (links []link) {
	known := map[link]bool{}
	hosts := map[string]string{} // by what stands for them in a link
	for _, l := range report.Links {
		at := authority(l.Target.Reveal())
		host, ok := hosts[at]
		if !ok {
			host = hostOf(at)
			hosts[at] = host
		}
		if host == "" {
			continue
		}
		if l := (link{shownHost(l.Text.Reveal()), host}); !known[l] {
			known[l] = true
			links = append(links, l)
		}
	}
	return links
}

func (s *shape) attachments(is func(a text.Attachment, name string) bool) []string {
	var names []string
	for _, a := range s.report.Attachments {
		name := strings.ToLower(text.PlainName(a.Name.Reveal()))
		if is(a, name) {
			names = append(names, name)
		}
	}
	return names
}

// lyingLinks are links whose text is an address of another organisation than the one
// that they go to.
func (s *shape) lyingLinks() []string {
	var found []string
	for _, l := range s.links {
		if l.shown == "" || registrable(l.shown) == registrable(l.target) || rewriters[registrable(l.target)] {
			continue
		}
		found = append(found, l.shown+" > "+l.target)
	}
	return found
}

// rewriters put their own address before every link of the mail that passes them.
var rewriters = map[string]bool{
	"outlook.com": true, "proofpoint.com": true, "urldefense.com": true, "mimecast.com": true, "mimecastprotect.com": true,
	"barracudanetworks.com": true, "sophos.com": true, "list-manage.com": true, "sendgrid.net": true, "mailchi.mp": true,
}

// shownHost returns the host that a link's text shows, if it is an address and nothing
// else.
func shownHost(s string) string {
	if strings.IndexByte(s, '.') < 0 && !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return ""
	}
	s = strings.ToLower(string(text.Fold(nil, []byte(strings.TrimSpace(s)))))
	if strings.ContainsAny(s, " \n\t@") || !strings.Contains(s, ".") {
		return ""
	}
	explicit := strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.")
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	// A name such as bijlage.docx has the form of a host name: only known top levels count
	// when nothing else says that it is one.
	if _, icann := publicsuffix.PublicSuffix(u.Hostname()); !explicit && !icann {
		return ""
	}
	return u.Hostname()
}

// authority returns what of a link to a site says where it goes, read as browsers do: they
// drop line breaks, and take any row of slashes, of both kinds, for the usual one.
func authority(target string) string {
	if strings.ContainsAny(target, "\t\r\n") {
		target = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(target)
	}
	scheme, rest, ok := strings.Cut(strings.TrimSpace(target), ":")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return ""
	}
	rest = strings.TrimLeft(rest, `/\`)
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// hostOf returns the host of an authority, without user and port.
func hostOf(authority string) string {
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if plain, err := url.PathUnescape(authority); err == nil {
		authority = plain
	}
	u, err := url.Parse("http://" + authority)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func registrable(host string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// listedLinks are the hosts of links, and of addresses in the text, that are on a list of
// phishing or malware.
func (s *shape) listedLinks() []string {
	found := s.listed
	for _, l := range s.links {
		if s.opts.dangerous(l.target) {
			found = append(found, l.target)
		}
	}
	return found
}

// dangerous reports whether a host is listed as one of phishing or malware.
func (o *Options) dangerous(host string) bool {
	if o.Sites == nil {
		return false
	}
	return slices.ContainsFunc(o.Sites.Categories(o.Sites.Lookup(host)),
		func(c string) bool { return c == "phishing" || c == "malware" })
}

// maxListed bounds the listed hosts that are noted of one item.
const maxListed = 20

// addresses notes the listed hosts of addresses that stand in a text.
func (r *run) addresses(b []byte) {
	if r.opts.Sites == nil {
		return
	}
	for len(r.listed) < maxListed {
		i := bytes.Index(b, []byte("://"))
		if i < 0 {
			return
		}
		b = b[i+3:]
		n := 0
		for n < len(b) && n < len(r.host) && (b[n] == '.' || b[n] == '-' || b[n]-'0' <= 9 ||
			(b[n]|0x20)-'a' <= 'z'-'a') {
			r.host[n] = b[n]
			if b[n]-'A' <= 'Z'-'A' {
				r.host[n] |= 0x20
			}
			n++
		}
		host := bytes.Trim(r.host[:n], ".")
		if _, known := r.hosts[string(host)]; known || len(host) == 0 {
			continue
		}
		if r.opts.dangerous(string(host)) {
			r.listed = append(r.listed, string(host))
		}
		if len(r.hosts) < maxHosts {
			r.hosts[string(host)] = struct{}{}
		}
	}
}

// maxHosts bounds the hosts that are remembered as looked up.
const maxHosts = 1000

// lookalikes are the sender's domain and those of links, if they look like one of the
// organisation's own and are not.
func (s *shape) lookalikes() []string {
	if len(s.opts.OwnDomains) == 0 {
		return nil
	}
	candidates := map[string]bool{}
	if i := strings.LastIndexByte(s.item.Sender, '@'); i >= 0 {
		candidates[strings.ToLower(s.item.Sender[i+1:])] = true
	}
	for _, l := range s.links {
		candidates[l.target] = true
	}
	var found []string
	for _, c := range slices.Sorted(maps.Keys(candidates)) {
		for _, o := range s.opts.OwnDomains {
			if c != "" && lookalike(c, strings.ToLower(o)) {
				found = append(found, c)
			}
		}
	}
	return found
}
