package rules

import (
	"io/fs"
	"strings"
	"testing"
)

func TestTheCodeKnowsItsListsByManyNames(t *testing.T) {
	for list, want := range map[string]Category{
		"adult": Pornography, "NSFW": Pornography, "Porn": Pornography, "agressif": Hate, "gambling": Gambling, "warez": IllegalDownload,
		"doh": Bypass, "vpn": Bypass, "residential-proxies": Bypass, "Residential_Proxies": Bypass, "phishing": Phishing, "stalkerware": Malware,
	} {
		if c, ok := SiteCategory(list); !ok || c != want || SiteList(list) != want.String() {
			t.Errorf("%s is %s, listed as %s", list, c, SiteList(list))
		}
	}
	// C2.8e: what the code does not forbid has no category of it, however much somebody would like that.
	for _, list := range []string{"social_networks", "games", "dating", "drogue", "chat", "news", "mixed_adult", "strict_redirector", "strong_redirector", "none", "own-code", "insult", "file-sharing", ""} {
		if c, ok := SiteCategory(list); ok {
			t.Errorf("%s is %s: the code does not forbid it", list, c)
		}
	}
	if got := SiteList("Social_Networks"); got != "social_networks" {
		t.Errorf("a list of one's own is named %q", got)
	}
}

func TestEachCategoryOfSitesHasAStarterList(t *testing.T) {
	have := map[string]bool{"help.txt": true, "never-inspect.txt": true}
	for _, c := range []Category{Pornography, Hate, Gambling, IllegalDownload, Phishing, Malware, Bypass} {
		have[c.String()+".txt"] = true
	}
	files, err := fs.ReadDir(Sites(), ".")
	if err != nil || len(files) != len(have) {
		t.Errorf("%d lists, %v", len(files), err)
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
