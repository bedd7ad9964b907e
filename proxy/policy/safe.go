package policy

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// engines are hosts of search engines and the hosts of the same engines that give results
// suited to children, as their makers document them.
var engines = map[string]string{
	"bing.com": "strict.bing.com", "www.bing.com": "strict.bing.com", "edgeservices.bing.com": "strict.bing.com",
	"duckduckgo.com": "safe.duckduckgo.com", "www.duckduckgo.com": "safe.duckduckgo.com", "start.duckduckgo.com": "safe.duckduckgo.com",
	"search.brave.com": "forcesafe.search.brave.com",
	"www.ecosia.org":   "strict-safe-search.ecosia.org",
	"pixabay.com":      "safesearch.pixabay.com",
	"yandex.com":       "familysearch.yandex.ru", "www.yandex.com": "familysearch.yandex.ru", "yandex.ru": "familysearch.yandex.ru", "www.yandex.ru": "familysearch.yandex.ru",
}

// youtube are the hosts of YouTube that have a restricted mode.
var youtube = map[string]bool{
	"www.youtube.com": true, "m.youtube.com": true, "youtubei.googleapis.com": true, "youtube.googleapis.com": true, "www.youtube-nocookie.com": true,
}

// host returns the host to connect to in the place of another; empty: that one itself.
func (s *Safe) host(h string) string {
	if to := engines[h]; to != "" {
		return to
	}
	if youtube[h] {
		switch s.YouTube {
		case "strict":
			return "restrict.youtube.com"
		case "moderate":
			return "restrictmoderate.youtube.com"
		}
		return ""
	}
	name, ok := strings.CutPrefix(strings.TrimPrefix(h, "www."), "google.")
	if suffix, icann := publicsuffix.PublicSuffix(h); ok && icann && suffix == name { // google.nl, google.co.uk
		return "forcesafesearch.google.com"
	}
	return ""
}
