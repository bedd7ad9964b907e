package listfile

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestListsInJSON: the sites of a list are taken, and what is said about them is not.
func TestListsInJSON(t *testing.T) {
	for name, tt := range map[string]struct {
		list string
		want string
		skip map[Reason]int
	}{
		"records": {`[
			{"phish_id":8,"url":"http:\/\/bad.example\/a","phish_detail_url":"http://about.example/8","verified":"yes",
			 "details":[{"ip_address":"198.51.100.7","cidr_block":"198.51.100.0/24","announcing_network":"1"}],"target":"x"},
			{"details":[{"ip_address":"198.51.100.8"}],"url":"https://bad2.example/"}]`, "bad.example/a bad2.example", nil},
		"by number": {`{"12":[{"dateadded":"x","url":"http://bad.example:81/x.exe","urlhaus_link":"https://about.example/","tags":["exe"]}],
			"13":[{"url":"http://198.51.100.7/y","url_status":"online","tags":null}]}`, "bad.example/x.exe 198.51.100.7/y", nil},
		"within an answer": {`{"query_status":"ok","data":[{"id":"1","ioc_value":"bad.example","ioc_type":"domain"},
			{"ioc_value":"198.51.100.9:443","malware":"x.example"},{"ioc_value":"d41d8cd98f00b204e9800998ecf8427e"}]}`,
			"bad.example =198.51.100.9/32", nil},
		"names":           {`["bad.example", "WORSE.example.", "*.wild.example", "niet dit", 7, null]`, "bad.example worse.example wild.example", map[Reason]int{Unreadable: 1}},
		"a line each":     {"{\"domain\":\"bad.example\"}\n{\"domain\":\"worse.example\",\"first_seen\":1}\n", "bad.example worse.example", nil},
		"black and white": {`{"version":2,"fuzzylist":["goed.example"],"whitelist":["ok.bad.example","bad2.example"],"blacklist":["bad.example","bad2.example"]}`, "bad.example !ok.bad.example", map[Reason]int{Cancelled: 1}},
		"white behind":    {`{"blacklist":["bad.example"],"whitelist":[{"host":"ok.bad.example"}]}`, "bad.example !ok.bad.example", nil},
		"a set of rules":  {`{"version":1,"rules":[{"domain":["bad.example"],"domain_suffix":[".worse.example"],"domain_keyword":["porno"],"ip_cidr":["203.0.113.0/25"]}]}`, "bad.example worse.example =203.0.113.0/25", map[Reason]int{Pattern: 1}},
		"with a mark":     {"\ufeff[\"bad.example\"]", "bad.example", nil},
		"nothing":         {"[]", "", nil},
		"an address":      {"[2001:db8::1]\nbad.example\n", "=2001:db8::1/128 bad.example", nil},
		"of a blocker":    {"[Adblock Plus 2.0]\n||bad.example^\n", "bad.example", nil},
		"rules of Clash": {"# NAME: x\npayload:\n  - '+.bad.example'\n  - \"worse.example\"\n  - DOMAIN-SUFFIX,suffix.example\n  - 'DOMAIN,exact.example'\n" +
			"  - IP-CIDR,203.0.113.0/25,no-resolve\n  - DOMAIN-KEYWORD,porno\n  - GEOIP,CN\n", "bad.example worse.example suffix.example exact.example =203.0.113.0/25",
			map[Reason]int{Setting: 2, Pattern: 1}},
		"rules with what is done": {"[Rule]\nDOMAIN-SUFFIX,ok.bad.example,DIRECT\nDOMAIN-SUFFIX,bad.example,REJECT\nHOST-SUFFIX,worse.example,reject // x\nURL-REGEX,^http,REJECT\n" +
			"FINAL,DIRECT\nIP-CIDR6, 2001:db8:1::/48, REJECT\n", "bad.example worse.example =2001:db8:1::/48 !ok.bad.example", map[Reason]int{Pattern: 1, Setting: 1}},
		"a table": {"domain,category\nbad.example,x\nworse.example,y\n", "bad.example worse.example", nil},
	} {
		taken, skipped := readAll(t, []byte(tt.list))
		if want := strings.Fields(tt.want); !slices.Equal(taken, want) || !maps.Equal(skipped, tt.skip) {
			t.Errorf("%s: got %q, skipped %v, want %q and %v", name, taken, skipped, want, tt.skip)
		}
	}
}

// TestHostileJSON: what is damaged, deep or endless ends with an error that quotes nothing, within bounds.
func TestHostileJSON(t *testing.T) {
	for name, list := range map[string]string{
		"cut off": `[{"url":"http://geheim.example/`, "damaged": `["geheim.example" "b.example"]`, "deep": strings.Repeat("[", 100_000),
		"deep objects": strings.Repeat(`{"a":`, 100_000), "an endless string": `["` + strings.Repeat("geheim", 1<<20) + `"]`,
	} {
		_, err := Look(bytes.NewReader([]byte(list)))
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: got %v, want an error without what is in it", name, err)
		}
	}
}
