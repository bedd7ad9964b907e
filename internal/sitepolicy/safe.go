package sitepolicy

import (
	_ "embed"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"sluis/internal/strictyaml"
)

//go:embed safesearch.yaml
var safeSearchText []byte

// engine is a search engine, and its hosts that give results suited to children.
type engine struct {
	Engine    string   `yaml:"engine"`
	Source    string   `yaml:"source"`    // where its maker says so
	To        string   `yaml:"to"`        // host that enforces; none: nothing does
	Countries []string `yaml:"countries"` // names before the suffix of a country
	Hosts     []string `yaml:"hosts"`
	Lands     []string `yaml:"lands"` // domains with a host for each country
	Spare     []string `yaml:"spare"` // hosts there that are of no country
	Block     []string `yaml:"block"` // with all below them
	Pages     []string `yaml:"pages"` // that show what the hosts answer
}

// engines are the search engines by host.
type engines struct {
	all       []engine
	hosts     map[string]string // host that enforces
	countries map[string]string // by the name before the suffix of a country
	lands     map[string]string // by the domain after a country
	spare     map[string]bool
	blocked   map[string]bool
	pages     map[string]string // host that enforces what they show
}

// searchEngines returns the search engines. They are part of the program and tested, so that reading cannot fail.
var searchEngines = sync.OnceValue(func() *engines {
	e := &engines{
		hosts:     map[string]string{},
		countries: map[string]string{},
		lands:     map[string]string{},
		spare:     map[string]bool{},
		blocked:   map[string]bool{},
		pages:     map[string]string{},
	}
	if err := (strictyaml.File{Name: "safesearch.yaml", Text: safeSearchText}).Decode(&e.all); err != nil {
		panic(err)
	}
	for _, s := range e.all {
		for _, h := range s.Hosts {
			e.hosts[h] = s.To
		}
		for _, c := range s.Countries {
			e.countries[c] = s.To
		}
		for _, l := range s.Lands {
			e.lands[l] = s.To
		}
		for _, h := range s.Spare {
			e.spare[h] = true
		}
		for _, h := range s.Pages {
			e.pages[h] = s.To
		}
		for _, b := range s.Block {
			e.blocked[b] = true
		}
	}
	return e
})

// youtube are the hosts of YouTube that have a restricted mode (https://support.google.com/a/answer/6214622), and those
// that lead to them.
var youtube = map[string]bool{
	"m.youtube.com":            true,
	"www.youtube-nocookie.com": true,
	"www.youtube.com":          true,
	"youtube-nocookie.com":     true,
	"youtube.com":              true,
	"youtube.googleapis.com":   true,
	"youtubei.googleapis.com":  true,
}

// youtubeUnrestricted are hosts of YouTube that show videos and have no restricted mode that an administrator can set.
var youtubeUnrestricted = map[string]bool{"music.youtube.com": true, "tv.youtube.com": true}

// host returns the host to connect to in the place of another; empty: that one itself.
func (s *SafeSearch) host(h string) string {
	if youtube[h] {
		switch s.YouTube {
		case "strict":
			return "restrict.youtube.com"
		case "moderate":
			return "restrictmoderate.youtube.com"
		}
		return ""
	}
	e := searchEngines()
	if to := e.hosts[h]; to != "" {
		return to
	}
	if land, of, _ := strings.Cut(h, "."); len(land) == 2 && e.lands[of] != "" && !e.spare[h] {
		return e.lands[of]
	}
	for i := range len(h) { // google.nl, www.google.co.uk
		if h[i] != '.' {
			continue
		}
		if to := e.countries[h[:i]]; to != "" && isPublicSuffix(h[i+1:]) {
			return to
		}
	}
	return ""
}

// blocks reports whether a host is of a search engine, and nothing there enforces. Where YouTube is strict that holds
// for its other hosts with videos as well.
func (s *SafeSearch) blocks(h string) bool {
	return inDomainSet(h, searchEngines().blocked) && s.host(h) == "" ||
		s.YouTube == "strict" && youtubeUnrestricted[h]
}

func isPublicSuffix(s string) bool {
	suffix, icann := publicsuffix.PublicSuffix(s)
	return icann && suffix == s && !strings.HasPrefix(s, ".")
}
