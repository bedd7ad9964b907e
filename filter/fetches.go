package filter

import (
	"net/netip"
	"slices"
	"strings"

	"sluis/filter/text"
)

// macros are the attachments that run something when they are opened, or fetch it from elsewhere.
func (s *shape) macros() []string {
	found := s.attachments(func(a text.Attachment, _ string) bool { return a.Macros })
	for _, f := range s.report.Fetches {
		if s.opts.foreign(f.Target.Reveal()) {
			found = append(found, strings.ToLower(text.PlainName(f.Name.Reveal())))
		}
	}
	return found
}

// sharedHosts are where organisations keep their own templates and tables. Documents name them in every letter.
var sharedHosts = []string{"sharepoint.com", "officeapps.live.com", "docs.live.net"}

// passive are the extensions of parts that hold no macros.
var passive = []string{".dotx", ".potx", ".xltx", ".docx", ".xlsx", ".pptx"}

// foreign reports whether a part of a document comes from another organisation. Templates on a disk or a server beside
// the document are ordinary, and so are tables in the shared places of an organisation.
func (o *Options) foreign(target string) bool {
	target = strings.ToLower(strings.TrimLeft(target, "! "))
	scheme, rest, ok := strings.Cut(target, ":")
	switch {
	case strings.HasPrefix(target, `\\`) || strings.HasPrefix(target, "//"):
		return foreignShare(target)
	case !ok || len(scheme) == 1: // beside the document, or on a disk
		return false
	case scheme == "file":
		return foreignShare(rest)
	case scheme != "http" && scheme != "https":
		return true
	}
	host := hostOf(authority(target))
	path, _, _ := strings.Cut(rest, "?")
	return !o.own(host) && !(beneath(host, sharedHosts) && slices.Contains(passive, text.Extension(path)))
}

// own reports whether a host is the organisation's, or has no place in the public internet.
func (o *Options) own(host string) bool {
	if !strings.ContainsAny(host, ".:") {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || ip.IsLoopback()
	}
	return beneath(host, o.OwnDomains)
}

// beneath reports whether a host is one of domains, or in one.
func beneath(host string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool {
		d = strings.ToLower(d)
		return host == d || strings.HasSuffix(host, "."+d)
	})
}

// foreignShare reports whether a path leads to a server by its number, or through the web: names of servers are of the
// network that a document was made in.
func foreignShare(path string) bool {
	host := strings.TrimLeft(path, `/\`)
	if i := strings.IndexAny(host, `/\`); i >= 0 {
		host = host[:i]
	}
	if strings.ContainsRune(host, '@') {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !ip.IsPrivate() && !ip.IsLoopback()
}
