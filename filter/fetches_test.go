package filter

import "testing"

// A document that fetches a part of itself from another organisation is one with macros; house templates are not
// (C2.9a).
func TestPartsFromAnotherOrganisationAreForeign(t *testing.T) {
	o := &Options{OwnDomains: []string{"school.example"}}
	for target, want := range map[string]bool{
		"https://kwaad.example/sjabloon.dotm":                 true,
		"http://203.0.113.5/x.dotx":                           true,
		"https://school.example.kwaad.example/x.dotm":         true,
		"HTTPS://kwaad.example\\x":                            true,
		"mhtml:https://kwaad.example/x.html!x-usc:https://k":  true,
		"ftp://kwaad.example/x":                               true,
		"https://kwaad.sharepoint.com/x.dotm":                 true,
		"https://kwaadsharepoint.com/x.dotx":                  true,
		`\\203.0.113.5\share\x.dotm`:                          true,
		`\\kwaad.example@SSL\DavWWWRoot\x.dotm`:               true,
		`file:///\\203.0.113.5\share\x.dotm`:                  true,
		"file://203.0.113.5/share/x.dotm":                     true,
		"https://sjablonen.school.example/brief.dotm":         false,
		"https://intranet/brief.dotm":                         false,
		"http://10.1.2.3/brief.dotm":                          false,
		"https://mijnschool.sharepoint.com/huis/Brief.dotx":   false,
		"https://d.docs.live.net/a1b2/begroting.xlsx":         false,
		`file:///C:\Users\anna\AppData\Templates\Normal.dotm`: false,
		`file:///\\fs01\sjablonen\brief.dotm`:                 false,
		`\\ad.school.nl\dfs\brief.dotx`:                       false,
		`C:\Sjablonen\brief.dotm`:                             false,
		"begroting.xlsx":                                      false,
	} {
		if got := o.foreign(target); got != want {
			t.Errorf("%s: got %v, want %v", target, got, want)
		}
	}
}
