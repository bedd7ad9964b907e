package rules

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheCodeKnowsItsListsByManyNames(t *testing.T) {
	for list, want := range map[string]Category{
		"adult": Pornography, "NSFW": Pornography, "Porn": Pornography, "agressif": Hate, "gambling": Gambling,
		"warez": IllegalDownload,
		"doh":   Bypass, "vpn": Bypass, "residential-proxies": Bypass, "Residential_Proxies": Bypass,
		"phishing": Phishing, "stalkerware": Malware,
	} {
		if c, ok := SiteCategory(list); !ok || c != want || SiteList(list) != want.String() {
			t.Errorf("%s is %s, listed as %s", list, c, SiteList(list))
		}
	}
	// C2.8e: what the code does not forbid has no category of it, however much somebody would like that.
	for _, list := range []string{"social_networks", "games", "dating", "drogue", "chat", "news", "mixed_adult",
		"strict_redirector", "strong_redirector", "none", "own-code", "insult", "file-sharing", ""} {
		if c, ok := SiteCategory(list); ok {
			t.Errorf("%s is %s: the code does not forbid it", list, c)
		}
	}
	if got := SiteList("Social_Networks"); got != "social_networks" {
		t.Errorf("a list of one's own is named %q", got)
	}
}

// The lists that come with Sluis are those of the categories of sites, and the three that protect.
func TestEachCategoryOfSitesHasAStarterList(t *testing.T) {
	have := map[string]bool{"help.txt": true, "never-inspect.txt": true, "well-known.txt": true}
	for _, c := range SiteCategories() {
		have[c.String()+".txt"] = true
	}
	if len(have) != 10 {
		t.Errorf("%d categories of sites, want the seven that the code forbids", len(have)-3)
	}
	files, err := fs.ReadDir(Sites(), ".")
	if err != nil || len(files) != len(have) {
		t.Errorf("%d lists (%v), want %d", len(files), err, len(have))
	}
	for _, f := range files {
		if !have[f.Name()] {
			t.Errorf("%s is of no category that the code forbids", f.Name())
		}
		b, err := fs.ReadFile(Sites(), f.Name())
		if err != nil || !strings.HasPrefix(string(b), "# ") {
			t.Errorf("%s does not begin with what it is: %v", f.Name(), err)
		}
	}
}

const drugs = "# Sellers of drugs.\n#: clause: C2.8e\n#: number: 23\n#: title: {nl: Drugs, en: Drugs}\n#: also: " +
	"[drogue]\ndrugs.example\n"

// One file makes a category: its name, clause, titles and the names that public lists give it.
func TestACategoryOfSitesIsOneFile(t *testing.T) {
	got, err := readSiteCategories(fstest.MapFS{"drugs.txt": {Data: []byte(drugs)}})
	if err != nil {
		t.Fatal(err)
	}
	c := got.byName["drogue"]
	s, ok := got.of(c)
	if !ok || got.names[c] != "drugs" || s.clause.String() != "C2.8e" || s.title.In("nl") != "Drugs" {
		t.Errorf("the list makes category %q of clause %s, titled %q; want drugs, C2.8e, Drugs", got.names[c], s.clause,
			s.title.In("nl"))
	}
}

func TestAWrongHeaderOfAListIsRefused(t *testing.T) {
	for want, change := range map[string][2]string{
		"needs a number: 23 is the next": {"#: number: 23\n", ""},
		"number 3 is that of attachment": {"number: 23", "number: 3"},
		"unknown clause":                 {"C2.8e", "C9.9z"},
		"title: no text in nl and en":    {", en: Drugs", ""},
		"drugs.txt:3:":                   {"number", "nummer"},
	} {
		_, err := readSiteCategories(fstest.MapFS{"drugs.txt": {Data: []byte(strings.Replace(drugs, change[0], change[1], 1))}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q for %q the error is %v, want %q", change[1], change[0], err, want)
		}
	}
}
