package sitepolicy

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

const yandex = "familysearch.yandex.ru"

// safeHosts maps hosts of search engines to the hosts of the same engines that give results suited to children, as
// their makers document them.
var safeHosts = map[string]string{
	"bing.com":              "strict.bing.com",
	"www.bing.com":          "strict.bing.com",
	"edgeservices.bing.com": "strict.bing.com",
	"duckduckgo.com":        "safe.duckduckgo.com",
	"www.duckduckgo.com":    "safe.duckduckgo.com",
	"start.duckduckgo.com":  "safe.duckduckgo.com",
	"search.brave.com":      "forcesafe.search.brave.com",
	"www.ecosia.org":        "strict-safe-search.ecosia.org",
	"pixabay.com":           "safesearch.pixabay.com",
	"ya.ru":                 yandex,
	"www.ya.ru":             yandex,
}

// youtube are the hosts of YouTube that have a restricted mode.
var youtube = map[string]bool{
	"m.youtube.com":            true,
	"www.youtube-nocookie.com": true,
	"www.youtube.com":          true,
	"youtube.googleapis.com":   true,
	"youtubei.googleapis.com":  true,
}

// host returns the host to connect to in the place of another; empty: that one itself.
func (s *SafeSearch) host(h string) string {
	if to := safeHosts[h]; to != "" {
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
	engine, suffix, _ := strings.Cut(strings.TrimPrefix(h, "www."), ".")
	if to := engineNames[engine]; to != "" && isPublicSuffix(suffix) { // google.nl, google.co.uk
		return to
	}
	return ""
}

// engineNames are search engines with a domain of their own in every country.
var engineNames = map[string]string{"google": "forcesafesearch.google.com", "yandex": yandex}

func isPublicSuffix(s string) bool {
	suffix, icann := publicsuffix.PublicSuffix(s)
	return icann && suffix == s
}
