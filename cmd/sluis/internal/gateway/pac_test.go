package gateway

import (
	"net/netip"
	"slices"
	"testing"

	"sluis/cmd/sluis/internal/config"
	"sluis/proxy/blockpage"
)

// TestBrowsersAreSentToAListenerForThem: of all listeners the PAC file names one that browsers can ask, in the way that
// it has to be asked.
func TestBrowsersAreSentToAListenerForThem(t *testing.T) {
	listeners := func(of ...string) (all []config.WebListener) {
		for i := 0; i < len(of); i += 2 {
			all = append(all, config.WebListener{Address: of[i], Mode: of[i+1]})
		}
		return all
	}
	balanced := listeners("0.0.0.0:3130", "proxy", "0.0.0.0:3128", "proxy")
	balanced[0].ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}
	const host = "sluis.school.example:"
	for name, tt := range map[string]struct {
		proxy  string
		listen []config.WebListener
		want   []blockpage.Proxy
	}{
		"one":                       {"", listeners("0.0.0.0:3128", "proxy"), []blockpage.Proxy{{Address: host + "3128"}}},
		"one over TLS":              {"", listeners(":3129", "proxy-tls"), []blockpage.Proxy{{Address: host + "3129", TLS: true}}},
		"behind those put between":  {"", listeners(":80", "redirect-http", ":443", "redirect-tls", ":8080", "proxy"), []blockpage.Proxy{{Address: host + "8080"}}},
		"only those put between":    {"", listeners(":80", "tproxy-http", ":443", "tproxy-tls"), nil},
		"both kinds":                {"", listeners(":3129", "proxy-tls", ":3128", "proxy"), []blockpage.Proxy{{Address: host + "3129", TLS: true}, {Address: host + "3128"}}},
		"one for this machine only": {"", listeners("127.0.0.1:1", "proxy", "[::1]:2", "proxy", "[::]:3128", "proxy"), []blockpage.Proxy{{Address: host + "3128"}, {Address: host + "1"}, {Address: host + "2"}}},
		"one for a load balancer":   {"", balanced, []blockpage.Proxy{{Address: host + "3128"}, {Address: host + "3130"}}},
		"any port":                  {"", listeners("0.0.0.0:0", "proxy"), []blockpage.Proxy{{Address: host + "3128"}}},
		"named":                     {"lb.example:8080", listeners(":3128", "proxy"), []blockpage.Proxy{{Address: "lb.example:8080"}}},
		"named, all over TLS":       {"lb.example:8080", listeners(":80", "redirect-http", ":3129", "proxy-tls"), []blockpage.Proxy{{Address: "lb.example:8080", TLS: true}}},
		"named by its port":         {"lb.example:3129", listeners(":3128", "proxy", ":3129", "proxy-tls"), []blockpage.Proxy{{Address: "lb.example:3129", TLS: true}}},
		"named over TLS":            {"https://lb.example:8080", listeners(":3128", "proxy"), []blockpage.Proxy{{Address: "lb.example:8080", TLS: true}}},
		"named in plain":            {"http://lb.example:3129", listeners(":3129", "proxy-tls"), []blockpage.Proxy{{Address: "lb.example:3129"}}},
	} {
		w := &config.Web{Hostname: "sluis.school.example", Proxy: tt.proxy, Listen: tt.listen}
		if got := browserProxies(w); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
