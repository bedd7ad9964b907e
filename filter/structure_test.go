package filter

import "testing"

// Where a link goes is where a browser goes (C2.9a).
func TestALinkGoesWhereABrowserGoes(t *testing.T) {
	for target, want := range map[string]string{
		"https://evil.example/login":                "evil.example",
		" HTTPS://Evil.Example ":                    "evil.example",
		"https://bank.example@evil.example/":        "evil.example",
		"https://bank.example:x@evil.example:8443/": "evil.example",
		"https://evil.example\\@bank.example/":      "evil.example",
		"https:\\\\evil.example":                    "evil.example",
		"https:evil.example":                        "evil.example",
		"https:///evil.example":                     "evil.example",
		"https://evil.example/%zz":                  "evil.example",
		"ht\ntps://ev\til.example":                  "evil.example",
		"https://%65vil.example":                    "evil.example",
		"https://[::1]:80/":                         "::1",
		"https://evil.example?bank.example":         "evil.example",
		"https://evil.example#@bank.example":        "evil.example",
		"mailto:juf@school.example":                 "",
		"javascript:alert(1)":                       "",
		"/agenda":                                   "",
		"":                                          "",
	} {
		if got := hostOf(authority(target)); got != want {
			t.Errorf("%q goes to %q, want %q", target, got, want)
		}
	}
}
