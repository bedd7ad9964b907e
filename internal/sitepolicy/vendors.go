package sitepolicy

import (
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"sluis/internal/sitelists/listfile"
)

// vendorFiles has a list for each vendor of devices: hosts at which the devices trust no authority but their vendor's,
// which says so itself. A vendor is added by its file.
//
//go:embed vendors/*.txt
var vendorFiles embed.FS

//go:embed fronts.txt
var frontFile []byte

// vendorLists returns the hosts of each vendor. They are part of the program and tested, so that reading cannot fail.
var vendorLists = sync.OnceValue(func() map[string][]string {
	lists := map[string][]string{}
	files, err := fs.Glob(vendorFiles, "vendors/*.txt")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		b, err := vendorFiles.ReadFile(f)
		if err != nil {
			panic(err)
		}
		lists[strings.TrimSuffix(path.Base(f), ".txt")] = namesIn(b)
	}
	return lists
})

// fronts returns the names behind which Encrypted Client Hello hides others.
var fronts = sync.OnceValue(func() map[string]bool { return set(namesIn(frontFile)) })

func namesIn(list []byte) []string {
	names, err := listfile.Names(list)
	if err != nil {
		panic(err)
	}
	return names
}

// Vendors returns the vendors whose hosts are not inspected, by name.
func Vendors() []string { return slices.Sorted(maps.Keys(vendorLists())) }

// ofVendors returns the hosts of vendors that are not inspected.
func (n *Never) ofVendors() map[string]bool {
	hosts := map[string]bool{}
	for vendor, names := range vendorLists() {
		if slices.Contains(n.WithoutVendors, vendor) {
			continue
		}
		for _, h := range names {
			hosts[h] = true
		}
	}
	for _, h := range n.Without {
		delete(hosts, h)
	}
	return hosts
}

// keptClosed reports whether a site is never inspected for a group. A vendor's list gives way to a host that the
// configuration names itself, at least as closely, and where a field has to be set in its requests.
func (p *Policy) keptClosed(site string, r Request) bool {
	if inDomainSet(site, p.never) {
		return true
	}
	if _, restricted := p.tenantOf(site); restricted {
		return false
	}
	for h, ok := site, true; ok; h, ok = parent(h) {
		if p.names(h, r) {
			return false
		}
		if p.vendors[h] {
			return true
		}
	}
	return false
}

// names reports whether an inspection names a host itself.
func (p *Policy) names(host string, r Request) bool {
	return slices.ContainsFunc(p.inspect, func(n inspection) bool { return n.hosts[host] && holds(n.Groups, r.Group) })
}

// tenantOf returns the fields that restrict a service, for its host or one below it.
func (p *Policy) tenantOf(host string) ([]Field, bool) {
	for h, ok := host, len(p.tenants) > 0; ok; h, ok = parent(h) {
		if f := p.tenants[h]; f != nil {
			return f, true
		}
	}
	return nil, false
}

// hidesName reports whether a ClientHello hides another name. The extension alone says nothing, since browsers send it
// to every site (GREASE, RFC 9849, section 6.2): it is the name that is shown which is that of a front, or not that of
// the site that the client asked the proxy for.
func (r *Request) hidesName() bool {
	if !r.ECH {
		return false
	}
	asked, shown := normalHost(r.Hosts[0]), normalHost(r.Hosts[1])
	return fronts()[shown] || asked != "" && shown != "" && asked != shown && !isNumber(asked)
}
