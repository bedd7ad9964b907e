package sitelists

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/domains"
	"sluis/internal/sitelists/listfile"
	"sluis/rules"
)

// wellKnownList is the list of sites that schools cannot do without.
const wellKnownList = "well-known"

// guard keeps mistakes of public lists from stopping everybody: a domain under which everybody can have a site, a site
// of the organisation itself, help, and sites that schools cannot do without. A nil guard refuses nothing.
type guard struct {
	own       []string        // domains of the organisation
	forbidden map[string]bool // lists that its own code forbids
	confirmed map[string]bool // well-known sites that are blocked all the same
}

// compared are the lists of sites with which the guard compares.
var compared struct {
	once       sync.Once
	help, well map[string]bool
}

// known returns the sites of help, and the well-known ones with the domains above them.
func known() (help, well map[string]bool) {
	compared.once.Do(func() {
		compared.help, compared.well = map[string]bool{}, map[string]bool{}
		for _, n := range mustBuiltin("help") {
			compared.help[n] = true
		}
		for _, n := range mustBuiltin(wellKnownList) {
			compared.well["www."+n] = true
			for up, more := n, true; more; _, up, more = strings.Cut(up, ".") {
				compared.well[up] = true // blocked by it as well
			}
		}
	})
	return compared.help, compared.well
}

func mustBuiltin(list string) []string {
	names, err := Builtin(list)
	if err != nil {
		panic(err) // it is part of the program
	}
	return names
}

// newGuard returns the guard of a source.
func (o Options) newGuard(src Source) *guard {
	g := &guard{forbidden: map[string]bool{}, confirmed: map[string]bool{}}
	for _, d := range o.Own {
		if n, ok := domains.Name(d); ok {
			g.own = append(g.own, n)
		}
	}
	for _, l := range o.Forbidden {
		g.forbidden[rules.SiteList(l)] = true
	}
	for _, c := range src.Confirmed {
		if n, ok := domains.Name(c); ok {
			g.confirmed[n] = true
		}
	}
	return g
}

// refuses returns why an entry is not to be taken. A well-known site that is confirmed is not refused, and is reported
// as one all the same.
func (g *guard) refuses(category, entry string) (why listfile.Reason, refused bool) {
	if g == nil || entry[0] == '=' || entry[0] == '!' {
		return 0, false
	}
	host, _, page := strings.Cut(entry, "/")
	if !page && isSuffix(host) {
		return listfile.Suffix, true
	}
	if _, is := rules.SiteCategory(category); !is && !g.forbidden[category] {
		return 0, false // it blocks nothing
	}
	if slices.ContainsFunc(g.own, func(own string) bool { return related(own, host, page) }) {
		return listfile.Own, true
	}
	help, well := known()
	for up, more := host, true; more; _, up, more = strings.Cut(up, ".") {
		if help[up] {
			return listfile.Help, true
		}
	}
	if !page && well[host] {
		return listfile.WellKnown, !g.confirmed[host]
	}
	return 0, false
}

// related reports whether a name is a domain, is below it, or is above it and so has all of it.
func related(domain, name string, page bool) bool {
	return name == domain || strings.HasSuffix(name, "."+domain) || !page && strings.HasSuffix(domain, "."+name)
}

// isSuffix reports whether a name is a domain under which everybody can have a site, of a registry or of a provider.
func isSuffix(name string) bool {
	suffix, _ := publicsuffix.PublicSuffix(name)
	return suffix == name
}

// readerVersion is raised when lists are read in another way: those that are kept are then read anew.
const readerVersion = 2

// reader identifies how a source is read.
func (g *guard) reader() string {
	var all []string
	for _, m := range []map[string]bool{g.forbidden, g.confirmed} {
		var names []string
		for n := range m {
			names = append(names, n)
		}
		slices.Sort(names)
		all = append(all, strings.Join(names, " "))
	}
	sum := sha256.Sum256(fmt.Append(nil, readerVersion, g.own, all))
	return hex.EncodeToString(sum[:8])
}
