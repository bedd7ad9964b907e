package sitepolicy

import (
	"slices"
	"testing"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/rules"
)

func TestSafeSearch(t *testing.T) {
	p := school(t)
	pupils := group(t, "leerlingen")
	for host, want := range map[string]string{
		"www.google.nl": "forcesafesearch.google.com", "google.com": "forcesafesearch.google.com", "www.google.co.uk": "forcesafesearch.google.com",
		"mail.google.com": "", "www.google.example": "", "google.evil.nl": "", "www.googlesomething.nl": "", "www.google.nl.evil.nl": "",
		"www.bing.com": "strict.bing.com", "yandex.com.tr": "familysearch.yandex.ru", "www.yandex.ru": "familysearch.yandex.ru", "ya.ru": "familysearch.yandex.ru",
		"mail.yandex.ru": "", "google": "", "www.google": "", "www.google.": "", "a.www.google.nl": "", "www.google.blogspot.com": "", "drive.google.com": "", "duckduckgo.com": "safe.duckduckgo.com", "search.brave.com": "forcesafe.search.brave.com",
		"www.youtube.com": "restrict.youtube.com", "m.youtube.com": "restrict.youtube.com", "youtube.com": "restrict.youtube.com", "youtubei.googleapis.com": "restrict.youtube.com", "i.ytimg.com": "",
	} {
		if d := p.Decide(Request{
			Hosts: [3]string{host}, Group: pupils, Time: at("mon", "10:00"), TLS: true,
		}); d.Connect != want {
			t.Errorf("%s: connects to %q, want %q", host, d.Connect, want)
		}
		if d := p.Decide(Request{
			Hosts: [3]string{host}, Group: group(t, "leraren"), Time: at("mon", "10:00"), TLS: true,
		}); d.Connect != "" {
			t.Errorf("%s: got %q for staff, want no safe search", host, d.Connect)
		}
	}
	d := p.Decide(
		Request{Hosts: [3]string{"login.microsoftonline.com"}, Group: pupils, Time: at("mon", "10:00"), TLS: true},
	)
	if len(d.Header) != 1 || d.Header[0].Value != "school.example" {
		t.Errorf("tenant restriction: got %+v, want one field for school.example", d)
	}
}

// TestEveryHostOfASearchEngineIsSafe: it leads to the host that enforces, or is blocked, for the groups that search
// safely; what is no search is left as it is.
func TestEveryHostOfASearchEngineIsSafe(t *testing.T) {
	pupils, staff := group(t, "leerlingen"), group(t, "leraren")
	p, err := New(Options{Sites: Sites{
		SafeSearch: &SafeSearch{Groups: []roster.Group{pupils}, YouTube: "moderate"},
		Own:        []Entry{{Host: "mojeek.com", Reason: "les", Author: "ICT-dienst"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"html.duckduckgo.com": "blocked", "lite.duckduckgo.com": "blocked", "a.lite.duckduckgo.com": "blocked", "start.duckduckgo.com": "safe.duckduckgo.com",
		"search.yahoo.com": "blocked", "nl.search.yahoo.com": "blocked", "nl.images.search.yahoo.com": "blocked", "www.yahoo.com": "", "mail.yahoo.com": "",
		"www.startpage.com": "safe.startpage.com", "safe.startpage.com": "", "eu-browse.startpage.com": "blocked",
		"api.qwant.com": "safeapi.qwant.com", "www.qwant.com": "", "lite.qwant.com": "blocked", "ecosia.org": "strict-safe-search.ecosia.org",
		"cn.bing.com": "strict.bing.com", "nl.bing.com": "strict.bing.com", "de.bing.com": "strict.bing.com", "r.bing.com": "", "a.nl.bing.com": "",
		"ipv4.google.com": "forcesafesearch.google.com", "ipv6.google.nl": "forcesafesearch.google.com", "encrypted.google.com": "forcesafesearch.google.com",
		"www.baidu.com": "blocked", "kagi.com": "blocked", "search.naver.com": "blocked", "www.naver.com": "", "nl.bing.com.evil.nl": "",
		"tse1.explicit.bing.net": "blocked", "tse1.mm.bing.net": "", "th.bing.com": "",
		"images.google.nl": "forcesafesearch.google.com", "images.google.com.br": "forcesafesearch.google.com", "google.co.jp": "forcesafesearch.google.com",
		"docs.google.com": "", "images.google.evil.example": "", "m.yandex.com.tr": "familysearch.yandex.ru", "disk.yandex.ru": "", "xmlsearch.yandex.ru": "blocked",
		"www.bing.net": "strict.bing.com", "bing.net": "", "www.ask.com": "blocked", "search.lycos.com": "blocked", "www.yep.com": "blocked", "qwant.com": "",
		"youtubei.googleapis.com": "restrictmoderate.youtube.com", "m.youtube.com": "restrictmoderate.youtube.com", "www.youtube-nocookie.com": "restrictmoderate.youtube.com",
		"music.youtube.com": "", "fonts.googleapis.com": "", "metager.org": "blocked", "mojeek.com": "", "wikipedia.org": "",
	} {
		r := Request{Hosts: [3]string{host}, Group: pupils, Time: at("mon", "10:00"), TLS: true}
		d := p.Decide(r)
		got := d.Connect
		if d.Action == Block {
			got = "blocked"
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", host, got, want)
		}
		if d.Action == Block && (d.Category != rules.Bypass || d.Rule.String() != "web.safe-search") {
			t.Errorf("%s: got %+v, want it blocked by web.safe-search", host, d)
		}
		for _, other := range []Request{{Group: staff}, {Group: pupils, Confidential: true}} {
			other.Hosts, other.Time, other.TLS = r.Hosts, r.Time, true
			if d := p.Decide(other); d.Action == Block || d.Connect != "" && other.Group == staff {
				t.Errorf("%s, for others: got %+v, want it as it is", host, d)
			}
		}
	}
}

// TestEveryHostIsExplained: what is known of a host of a search engine is said, also where it stays as it is.
func TestEveryHostIsExplained(t *testing.T) {
	pupils := group(t, "leerlingen")
	for _, youtube := range []string{"strict", "moderate"} {
		p, err := New(Options{Sites: Sites{SafeSearch: &SafeSearch{Groups: []roster.Group{pupils}, YouTube: youtube}}})
		if err != nil {
			t.Fatal(err)
		}
		for host, want := range map[string]string{
			"www.qwant.com": "shows what safeapi.qwant.com answers", "api.qwant.com": "safeapi.qwant.com",
			"lite.qwant.com":    "blocked: nothing there enforces it",
			"music.youtube.com": map[string]string{"strict": "blocked: nothing there enforces it"}[youtube],
			"www.youtube.com":   map[string]string{"strict": "restrict.youtube.com", "moderate": "restrictmoderate.youtube.com"}[youtube],
			"i.ytimg.com":       "",
		} {
			got := ""
			r := Request{Hosts: [3]string{host}, Group: pupils, Time: at("mon", "10:00"), TLS: true}
			for _, s := range p.Explain(r).Steps {
				if s.Name == "safe search" && s.Holds {
					got = s.Result
				}
			}
			if got != want {
				t.Errorf("youtube: %s, %s: got %q, want %q", youtube, host, got, want)
			}
		}
	}
}

// TestTheSearchEnginesAreWellWritten: each has its source, and hosts as requests have them.
func TestTheSearchEnginesAreWellWritten(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range searchEngines().all {
		led := len(e.Hosts) + len(e.Countries)
		if e.Engine == "" || e.Source == "" || (e.To == "") != (led == 0) || led+len(e.Block) == 0 {
			t.Errorf("%s has no source, or hosts without one that enforces", e.Engine)
		}
		for _, h := range slices.Concat(e.Hosts, e.Block, e.Pages) {
			suffix, _ := publicsuffix.PublicSuffix(h)
			name, ok := domains.Name(h)
			if !ok || name != h || seen[h] || suffix == h || h == e.To {
				t.Errorf("%s: %s is not as requests have it, is there twice, or is the host that enforces", e.Engine, h)
			}
			seen[h] = true
		}
		if e.To != "" && inDomainSet(e.To, searchEngines().blocked) {
			t.Errorf("%s: %s enforces, and is blocked", e.Engine, e.To)
		}
	}
}
