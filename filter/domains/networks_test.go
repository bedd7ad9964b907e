package domains

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// entries makes an index of one category.
func entries(t testing.TB, list ...string) *Index {
	t.Helper()
	b, err := NewBuilder("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !b.AddEntry(0, e) {
			t.Errorf("%q is not taken, want it listed", e)
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	x, err := parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAnAddressIsInItsNetworksInEverySpelling(t *testing.T) {
	x := entries(t, "=198.51.100.7/32", "=203.0.113.0/25", "=2001:db8:7::/48", "name.example", "=::ffff:192.0.2.9/128")
	for host, want := range map[string]bool{
		"198.51.100.7": true, "198.51.100.7.": true, "198.51.100.8": false, "198.51.100.70": false,
		"203.0.113.0": true, "203.0.113.127": true, "203.0.113.128": false,
		"::ffff:198.51.100.7": true, "::ffff:c633:6407": true, "[::ffff:198.51.100.7]": true,
		"3325256711": true, "0xc6336407": true, "0xC6.0x33.0x64.7": true, "0306.063.0144.07": true, "198.51.25607": true,
		"198.3367943": true, "3325256712": false, "198.51.100.7.example": false, "1.198.51.100.7": false,
		"１９８.51.100.7": true, "198。51。100。7": true,
		"64:ff9b::c633:6407": true, "2002:c633:6407::1": true, "2002:c633:6408::1": false,
		"2001:db8:7::1": true, "2001:DB8:7:ffff::1": true, "2001:0db8:0007::0001": true, "2001:db8:8::1": false,
		"192.0.2.9": true, "www.name.example": true, "name.example": true, "": false, ".": false, "0x": false, "1.": false,
	} {
		if got := x.Lookup(host) != 0; got != want {
			t.Errorf("%q is listed: %v, want %v", host, got, want)
		}
	}
}

func TestANetworkThatIsTooWideIsRefused(t *testing.T) {
	for p, want := range map[string]bool{
		"0.0.0.0/0": false, "8.0.0.0/8": false, "8.0.0.0/9": true, "::/0": false, "2000::/19": false, "2000::/20": true,
		"::ffff:0.0.0.0/96": false, "::ffff:8.8.0.0/112": true,
	} {
		b, err := NewBuilder("a")
		if err != nil {
			t.Fatal(err)
		}
		if got := b.AddNetwork(0, netip.MustParsePrefix(p)); got != want {
			t.Errorf("%s is taken: %v, want %v", p, got, want)
		}
	}
}

func TestPagesOfAnAddress(t *testing.T) {
	x := entries(t, "198.51.100.7/bad", "[2001:db8::7]/bad", "203.0.113.9/")
	for page, want := range map[string]bool{
		"198.51.100.7 /bad": true, "198.51.100.7 /bad/x": true, "198.51.100.7 /good": false, "0xc6336407 /bad": true,
		"2001:db8::7 /bad": true, "2001:db8:0::7 /bad": true, "2001:db8::7 /good": false, "203.0.113.9 /any": true,
		"198.51.100.8 /bad": false, "51.100.7 /bad": false,
	} {
		host, path, _ := strings.Cut(page, " ")
		if got := x.LookupURL(host, path) != 0; got != want {
			t.Errorf("%s is listed: %v, want %v", page, got, want)
		}
	}
}

func TestAnExceptionTakesAPartOutOfWhatIsListedAbove(t *testing.T) {
	x := entries(t, "wide.example", "!good.wide.example", "bad.good.wide.example", "!other.example")
	for host, want := range map[string]bool{
		"wide.example": true, "www.wide.example": true, "good.wide.example": false, "a.good.wide.example": false,
		"bad.good.wide.example": true, "x.bad.good.wide.example": true, "other.example": false, "notgood.wide.example": true,
		"GOOD.wide.example.": false,
	} {
		if got := x.Lookup(host) != 0; got != want {
			t.Errorf("%s is listed: %v, want %v", host, got, want)
		}
	}
}

// A name in Unicode is listed as browsers ask for it.
func TestNamesInUnicodeHaveTheFormOfBrowsers(t *testing.T) {
	for name, want := range map[string]string{
		"café.example": "xn--caf-dma.example", "CAFÉ.Example.": "xn--caf-dma.example", "cafe\u0301.example": "xn--caf-dma.example",
		"straße.example": "xn--strae-oqa.example", "ｅｘａｍｐｌｅ.example": "example.example", "een。example": "een.example",
		"bücher_x.example": "xn--bcher_x-n2a.example", ".squid.example": "squid.example", "r3---sn-4g5e.example": "r3---sn-4g5e.example",
		"": "", "a b.example": "", "１２７.0.0.1": "", "a.0x7f": "", "a.1": "", "1.2.3": "", "-": "-", "a..b": "", "%.example": "",
		strings.Repeat("a", 64) + ".example": "", "3.nl": "3.nl", "a.1password": "a.1password",
	} {
		got, ok := Name(name)
		if got != want || ok != (want != "") {
			t.Errorf("%q becomes %q, %v, want %q", name, got, ok, want)
		}
	}
}
