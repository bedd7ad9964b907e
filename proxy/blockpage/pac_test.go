package blockpage

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
)

// pacFunctions are what browsers give a PAC file.
const pacFunctions = `
function isPlainHostName(host) { return host.indexOf(".") < 0 && host.indexOf(":") < 0; }
function dnsDomainIs(host, domain) {
	return host.length >= domain.length && host.substring(host.length - domain.length) == domain;
}
`

// TestThePACFileLeadsToTheProxy: a JavaScript engine chooses by it.
func TestThePACFileLeadsToTheProxy(t *testing.T) {
	testenv.Need(t, "chromium")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tab, stop := testenv.Chromium(ctx, t.TempDir(), nil)
	defer stop()
	plain, secure := Proxy{Address: "sluis.school.example:3128"}, Proxy{Address: "sluis.school.example:3129", TLS: true}
	for _, tt := range []struct {
		proxies []Proxy
		overTLS bool
		want    string
	}{
		{[]Proxy{plain}, false, "PROXY sluis.school.example:3128"},
		{[]Proxy{plain}, true, "PROXY sluis.school.example:3128"},
		{[]Proxy{secure}, false, "HTTPS sluis.school.example:3129"},
		{[]Proxy{secure}, true, "HTTPS sluis.school.example:3129"},
		{[]Proxy{secure, plain}, false, "PROXY sluis.school.example:3128"},
		{[]Proxy{plain, secure}, true, "HTTPS sluis.school.example:3129"},
		{nil, false, "DIRECT"},
	} {
		p, _ := pages(t, func(o *Options) { o.Proxies = tt.proxies })
		r := httptest.NewRequest("GET", "http://sluis.school.example/proxy.pac", nil)
		if tt.overTLS {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		for host, want := range map[string]string{
			"www.example.com":            tt.want,
			"WWW.Example.COM":            tt.want,
			"notschool.example":          tt.want,
			"school.example.example.com": tt.want,
			"192.0.2.1":                  tt.want,
			"10.example.com":             tt.want,
			"172.32.0.1":                 tt.want,
			"school.example":             "DIRECT",
			"www.SCHOOL.example":         "DIRECT",
			"printer":                    "DIRECT",
			"localhost":                  "DIRECT",
			"10.1.2.3":                   "DIRECT",
			"172.16.0.1":                 "DIRECT",
			"192.168.1.1":                "DIRECT",
		} {
			call := fmt.Sprintf("%s%s;FindProxyForURL(%q, %q)", pacFunctions, w.Body, "https://"+host+"/", host)
			got, err := chromedp.Run(tab, chromedp.Evaluate[string](call))
			if err != nil || got != want {
				t.Errorf("proxies %v, asked over TLS %v: %s: got %q, %v, want %q",
					tt.proxies, tt.overTLS, host, got, err, want)
			}
		}
	}
}
