package rules

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed sites/*.txt
var sites embed.FS

// Sites returns the lists of sites that come with Sluis, a file for each category of sites
// that the code of conduct forbids; help.txt and never-inspect.txt protect what is on them.
func Sites() fs.FS {
	sub, err := fs.Sub(sites, "sites")
	if err != nil {
		panic(err) // the name is fixed at build time
	}
	return sub
}

// SiteCategory returns the category of the code of conduct that a list of sites belongs to,
// by the names that public lists give it; false if the code does not forbid such sites
// (C2.8e). Case does not matter, nor whether words are joined by a hyphen or underscore.
func SiteCategory(list string) (Category, bool) {
	c, ok := siteCategories[strings.ReplaceAll(strings.ToLower(list), "_", "-")]
	return c, ok
}

// SiteList returns the one name of a list of sites: that of the category of the code, or
// its own in lower case where the code does not forbid it.
func SiteList(list string) string {
	if c, ok := SiteCategory(list); ok {
		return c.String()
	}
	return strings.ToLower(list)
}

// siteCategories has the names of UT1 (French), of the lists of StevenBlack, HaGeZi and
// blocklistproject, and of older collections. Not in it are UT1's mixed_adult, which has
// sites for pictures and stories of all kinds, and strict_redirector and strong_redirector,
// which have the search engines.
var siteCategories = map[string]Category{
	"pornography": Pornography, "adult": Pornography, "porn": Pornography, "porno": Pornography,
	"nsfw": Pornography, "xxx": Pornography,
	"hate": Hate, "agressif": Hate, "aggressive": Hate, "racism": Hate, "violence": Hate, "gore": Hate,
	"gambling": Gambling, "gamble": Gambling, "casino": Gambling, "betting": Gambling, "arjel": Gambling,
	"illegal-download": IllegalDownload, "warez": IllegalDownload, "piracy": IllegalDownload, "anti-piracy": IllegalDownload,
	"torrent": IllegalDownload, "torrents": IllegalDownload,
	"phishing": Phishing, "scam": Phishing, "fraud": Phishing,
	"malware": Malware, "cryptojacking": Malware, "ddos": Malware, "ransomware": Malware, "spyware": Malware, "stalkerware": Malware,
	"virusinfected": Malware, "tif": Malware,
	"bypass": Bypass, "doh": Bypass, "vpn": Bypass, "doh-vpn-proxy-bypass": Bypass, "anonvpn": Bypass, "proxy": Bypass, "anonymizer": Bypass,
	"redirector": Bypass, "residential-proxies": Bypass,
}
