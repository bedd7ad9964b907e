package blockpage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// pac returns the PAC file, by which browsers choose the proxy. Names without a dot, own domains and addresses inside
// go direct; there is no way around the proxy for the rest.
func pac(o Options) []byte {
	var b strings.Builder
	b.WriteString("function FindProxyForURL(url, host) {\n")
	b.WriteString("  host = host.toLowerCase();\n")
	b.WriteString("  if (isPlainHostName(host) || host === \"localhost\") return \"DIRECT\";\n")
	for _, d := range o.Direct {
		fmt.Fprintf(&b, "  if (host === %s || dnsDomainIs(host, %s)) return \"DIRECT\";\n", quote(d), quote("."+d))
	}
	b.WriteString("  if (/^(10|127|192\\.168|169\\.254|172\\.(1[6-9]|2\\d|3[01]))\\.[\\d.]+$/.test(host)) " +
		"return \"DIRECT\";\n")
	fmt.Fprintf(&b, "  return %s;\n}\n", quote("PROXY "+o.Proxy))
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

func (p *Pages) servePAC(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ns-proxy-autoconfig")
	w.Header().Set("Content-Length", strconv.Itoa(len(p.pac)))
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Write(p.pac)
}
