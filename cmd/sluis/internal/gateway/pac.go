package gateway

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sluis/cmd/sluis/internal/config"
	"sluis/proxy/blockpage"
)

// browserProxies returns where browsers find the proxy, best first: what the configuration says, or else the listeners
// for browsers that ask. Those that only this machine, or a load balancer, can reach come last.
func browserProxies(w *config.Web) []blockpage.Proxy {
	asked := slices.DeleteFunc(slices.Clone(w.Listen), func(l config.WebListener) bool {
		return l.Mode != "proxy" && l.Mode != "proxy-tls"
	})
	if w.Proxy != "" {
		return []blockpage.Proxy{configuredProxy(w.Proxy, asked)}
	}
	slices.SortStableFunc(asked, func(a, b config.WebListener) int { return cmp.Compare(remote(a), remote(b)) })
	var all []blockpage.Proxy
	for _, l := range asked {
		all = append(all, blockpage.Proxy{
			Address: net.JoinHostPort(w.Hostname, portOf(l.Address)),
			TLS:     l.Mode == "proxy-tls",
		})
	}
	return all
}

// configuredProxy returns the proxy that web.proxy names: host:port, after https:// if it is asked over TLS. Without
// that its port says so, or the only kind of listeners.
func configuredProxy(s string, asked []config.WebListener) blockpage.Proxy {
	scheme, address, ok := strings.Cut(s, "://")
	if ok {
		return blockpage.Proxy{Address: address, TLS: strings.EqualFold(scheme, "https")}
	}
	overTLS := func(l config.WebListener) bool { return l.Mode == "proxy-tls" }
	p := blockpage.Proxy{Address: s}
	i := slices.IndexFunc(asked, func(l config.WebListener) bool { return portOf(l.Address) == portOf(s) })
	if i >= 0 {
		p.TLS = overTLS(asked[i])
	} else {
		p.TLS = len(asked) > 0 && !slices.ContainsFunc(asked, func(l config.WebListener) bool { return !overTLS(l) })
	}
	return p
}

// remote orders listeners by how certainly browsers reach them.
func remote(l config.WebListener) int {
	host, _, _ := net.SplitHostPort(l.Address)
	switch a, err := netip.ParseAddr(host); {
	case host == "localhost" || err == nil && a.IsLoopback():
		return 2
	case len(l.ProxyProtocol) > 0:
		return 1
	}
	return 0
}

// portOf returns the port of an address; that of a proxy by habit if any will do.
func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n == 0 {
		return "3128"
	}
	return port
}
