package sitepolicy

import "testing"

// TestAddressesAreReadAsBrowsersReadThem.
func TestAddressesAreReadAsBrowsersReadThem(t *testing.T) {
	for in, want := range map[string]Address{
		"www.example.nl":                     {"www.example.nl", "www.example.nl", "/", true},
		" HTTPS://WWW.Example.nl./A?b#c ":    {"www.example.nl", "www.example.nl", "/A?b", true},
		"http://caf\u00e9.example:81/x":      {"xn--caf-dma.example", "xn--caf-dma.example:81", "/x", false},
		"caf\u00e9.example":                  {"xn--caf-dma.example", "xn--caf-dma.example", "/", true},
		"ws://site.example?x=1":              {"site.example", "site.example", "/?x=1", false},
		"wss://user:pw@site.example/":        {"site.example", "site.example", "/", true},
		"http://0xc6336407/":                 {"198.51.100.7", "198.51.100.7", "/", false},
		"http://[::ffff:198.51.100.7]:8080/": {"198.51.100.7", "198.51.100.7:8080", "/", false},
		"https://[2001:DB8:0::7]/":           {"2001:db8::7", "[2001:db8::7]", "/", true},
		"https://[2001:db8::7]:444/":         {"2001:db8::7", "[2001:db8::7]:444", "/", true},
		"http://site.example\\a\\b":          {"site.example", "site.example", "/a/b", false},
		"http://%73ite.example:/":            {"site.example", "site.example", "/", false},
		"http://site.example/a@b":            {"site.example", "site.example", "/a@b", false},
		"https://":                           {}, "": {}, "ftp://site.example/": {}, "http://a b.example/": {}, "http://site.example:x/": {},
		"http://[::1/": {}, "http://1.2.3.4.5/": {}, "javascript:alert(1)": {}, "http://a..b/": {},
	} {
		got, err := ParseAddress(in)
		if (err == nil) != (want.Host != "") || err == nil && got != want {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, err, want)
		}
	}
}
