package filter

import (
	"bytes"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/text"
)

// structures are the checks of an item's shape, by the names that rules use. Each
// returns what it found.
var structures = map[string]func(*text.Report, Item, *run) []string{
	"executable-attachment": func(r *text.Report, _ Item, _ *run) []string {
		return attachments(r, func(a text.Attachment, _ string) bool { return a.Executable })
	},
	"macro-attachment": func(r *text.Report, _ Item, _ *run) []string {
		return attachments(r, func(a text.Attachment, _ string) bool { return a.Macros })
	},
	"double-extension": func(r *text.Report, _ Item, _ *run) []string {
		return attachments(r, func(a text.Attachment, name string) bool {
			last := path.Ext(name)
			return a.Executable && last != "" && documentExtensions[path.Ext(strings.TrimRight(strings.TrimSuffix(name, last), " _-"))]
		})
	},
	"disguised-attachment": func(r *text.Report, _ Item, _ *run) []string {
		return attachments(r, func(a text.Attachment, name string) bool {
			return (a.Kind == text.KindProgram || a.Kind == text.KindScript) && documentExtensions[path.Ext(name)]
		})
	},
	"lying-link":       lyingLinks,
	"lookalike-domain": lookalikes,
	"listed-link":      listedLinks,
}

// documentExtensions are those that people open without a thought.
var documentExtensions = map[string]bool{
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true, ".ods": true, ".rtf": true,
	".txt": true, ".csv": true, ".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".mp3": true, ".mp4": true, ".htm": true, ".html": true, ".zip": true,
}

// structure runs the checks of the rules that ask for one.
func (r *run) structure(report *text.Report, item Item) {
	for _, i := range r.shapes {
		for _, value := range structures[r.scanner.rules[i].Structure](report, item, r) {
			b := []byte(value)
			r.count(i, b, b, place{0, len(b)})
		}
	}
}

func attachments(r *text.Report, is func(a text.Attachment, name string) bool) []string {
	var names []string
	for _, a := range r.Attachments {
		name := strings.ToLower(strings.TrimRight(a.Name.Reveal(), ". "))
		if is(a, name) {
			names = append(names, name)
		}
	}
	return names
}

// lyingLinks are links whose text is an address of another organisation than the one
// that they go to.
func lyingLinks(r *text.Report, _ Item, _ *run) []string {
	var found []string
	for _, l := range r.Links {
		shown, target := shownHost(l.Text.Reveal()), targetHost(l.Target.Reveal())
		if shown == "" || target == "" || registrable(shown) == registrable(target) || rewriters[registrable(target)] {
			continue
		}
		found = append(found, shown+" > "+target)
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

func targetHost(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
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
func listedLinks(r *text.Report, _ Item, in *run) []string {
	found := in.listed
	for _, l := range r.Links {
		if h := targetHost(l.Target.Reveal()); h != "" && in.opts.dangerous(h) {
			found = append(found, h)
		}
	}
	return found
}

// dangerous reports whether a host is listed as one of phishing or malware.
func (o *Options) dangerous(host string) bool {
	if o.Sites == nil {
		return false
	}
	return slices.ContainsFunc(o.Sites.Categories(o.Sites.Lookup(host)), func(c string) bool { return c == "phishing" || c == "malware" })
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
		for n < len(b) && n < 254 && (b[n] == '.' || b[n] == '-' || b[n]-'0' <= 9 || (b[n]|0x20)-'a' <= 'z'-'a') {
			n++
		}
		if host := strings.ToLower(strings.Trim(string(b[:n]), ".")); host != "" && r.opts.dangerous(host) {
			r.listed = append(r.listed, host)
		}
	}
}

// lookalikes are the sender's domain and those of links, if they look like one of the
// organisation's own and are not.
func lookalikes(r *text.Report, item Item, in *run) []string {
	candidates := []string{}
	if i := strings.LastIndexByte(item.Sender, '@'); i >= 0 {
		candidates = append(candidates, item.Sender[i+1:])
	}
	for _, l := range r.Links {
		candidates = append(candidates, targetHost(l.Target.Reveal()))
	}
	var found []string
	for _, c := range candidates {
		for _, o := range in.opts.OwnDomains {
			if c != "" && lookalike(strings.ToLower(c), strings.ToLower(o)) {
				found = append(found, c)
			}
		}
	}
	return found
}
