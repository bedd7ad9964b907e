package sitelists

import (
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/domains"
	"sluis/internal/sitelists/listfile"
	"sluis/rules"
)

// wholeSuffixes are the only suffixes of which all sites are listed.
var wholeSuffixes = map[string]bool{"xxx": true, "porn": true, "sex": true, "adult": true}

// TestTheStarterLists: a few dozen sites of each category, so that a first run shows it;
// none twice, no whole country, and nothing that a school cannot do without.
func TestTheStarterLists(t *testing.T) {
	count, seen := map[string]int{}, map[string]string{}
	if err := readStarter(func(category, name string) {
		count[category]++
		if other, ok := seen[name]; ok {
			t.Errorf("%s is on the lists %s and %s", name, other, category)
		}
		seen[name] = category
		if one, ok := domains.Name(name); !ok || one != name {
			t.Errorf("%s is written as %s", name, one)
		}
		if suffix, icann := publicsuffix.PublicSuffix(name); icann && suffix == name && !wholeSuffixes[name] {
			t.Errorf("%s is a whole suffix", name)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for category, least := range map[string]int{
		"pornography": 40, "hate": 30, "gambling": 50, "illegal-download": 40, "bypass": 60, "phishing": 4, "malware": 4,
	} {
		if count[category] < least {
			t.Errorf("%s: %d names", category, count[category])
		}
	}
	for _, needed := range strings.Fields(`school.nl kennisnet.nl wikipedia.org google.com googleapis.com gstatic.com microsoft.com office.com
		bing.com youtube.com apple.com icloud.com cloudflare.com github.com schooltv.nl nos.nl jeugdjournaal.nl archive.org snappet.org gynzy.com
		squla.nl basispoort.nl heutink.nl parro.com socialschools.nl proton.me mozilla.org annefrank.org oorlogsbronnen.nl holocaust.nl`) {
		for h, more := needed, true; more; _, h, more = strings.Cut(h, ".") {
			if c := seen[h]; c != "" {
				t.Errorf("%s is on the list %s", needed, c)
			}
		}
	}
	for _, l := range []string{"help", "never-inspect"} {
		names, err := Builtin(l)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) < 50 {
			t.Errorf("%s: %d names", l, len(names))
		}
		twice := map[string]bool{}
		for _, n := range names {
			if twice[n] || seen[n] != "" {
				t.Errorf("%s is on the list %s twice, or also on list %q", n, l, seen[n])
			}
			twice[n] = true
		}
	}
}

// TestNoCategoryOfTheCodeStopsASchool: each category has its list, and on none is help, a site that schools cannot do
// without, or a domain above or below one, as help is for instance www.113.nl too.
func TestNoCategoryOfTheCodeStopsASchool(t *testing.T) {
	count := map[string]int{}
	g := Options{}.newGuard(Source{})
	if err := readStarter(func(category, entry string) {
		count[category]++
		if why, refused := g.refuses(category, entry); refused && (why != listfile.Suffix || !wholeSuffixes[entry]) {
			t.Errorf("%s is on the list %s, and is one of %s", entry, category, why)
		}
		for _, list := range []string{"help", "never-inspect", wellKnownList} {
			for _, n := range mustBuiltin(list) {
				below := strings.HasSuffix(entry, "."+n) && list == "help" // mask.icloud.com is no icloud.com
				if strings.HasSuffix(n, "."+entry) || below || n == entry {
					t.Errorf("%s is on the list %s, and %s on the list %s", entry, category, n, list)
				}
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range rules.SiteCategories() {
		if count[c.String()] == 0 {
			t.Errorf("the category %s has no site on its list", c)
		}
		delete(count, c.String())
	}
	if len(count) > 0 {
		t.Errorf("lists of no category: %v", count)
	}
}
