package blockpage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Proxy is where browsers find the proxy.
type Proxy struct {
	Address string // host:port
	TLS     bool   // it is asked over TLS
}

// pac returns the PAC file, by which browsers choose the proxy. Names without a dot, own domains and addresses inside
// go direct; there is no way around the proxy for the rest. A proxy over TLS is HTTPS: with PROXY browsers would speak
// plainly to it.
func pac(o Options, p Proxy) []byte {
	var b strings.Builder
	b.WriteString("function FindProxyForURL(url, host) {\n")
	b.WriteString("  host = host.toLowerCase();\n")
	b.WriteString("  if (isPlainHostName(host) || host === \"localhost\") return \"DIRECT\";\n")
	for _, d := range o.Direct {
		fmt.Fprintf(&b, "  if (host === %s || dnsDomainIs(host, %s)) return \"DIRECT\";\n", quote(d), quote("."+d))
	}
	b.WriteString("  if (/^(10|127|192\\.168|169\\.254|172\\.(1[6-9]|2\\d|3[01]))\\.[\\d.]+$/.test(host)) " +
		"return \"DIRECT\";\n")
	way := "DIRECT" // the network leads to the proxy
	switch {
	case p.TLS:
		way = "HTTPS " + p.Address
	case p.Address != "":
		way = "PROXY " + p.Address
	}
	fmt.Fprintf(&b, "  return %s;\n}\n", quote(way))
	return []byte(b.String())
}

// quote writes a string as JavaScript has it.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

// proxyFor returns the proxy for a browser that asks in this way, over TLS or not: the first of that kind, or else the
// first.
func (p *Pages) proxyFor(r *http.Request) (found Proxy) {
	for i, proxy := range p.o.Proxies {
		if i == 0 || proxy.TLS == (r.TLS != nil) && found.TLS != proxy.TLS {
			found = proxy
		}
	}
	return found
}

func (p *Pages) servePAC(w http.ResponseWriter, r *http.Request) {
	b := pac(p.o, p.proxyFor(r))
	w.Header().Set("Content-Type", "application/x-ns-proxy-autoconfig")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Write(b)
}
