package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"sluis/internal/accounts/provider"
	"sluis/internal/setting"
)

// Console is the web interface.
type Console struct {
	Listen      string             `yaml:"listen"`  // host:port; default 127.0.0.1:8080; none: there is no console
	Address     string             `yaml:"address"` // that browsers reach it at, such as https://sluis.school.nl; default http:// and listen
	TLS         KeyPair            `yaml:"tls"`
	BehindProxy bool               `yaml:"behind-proxy"` // a web server of your own in front has the certificate, and tells the client's address
	Providers   []provider.Options `yaml:"providers"`
}

// On reports whether there is a console.
func (c Console) On() bool { return c.Listen != "none" }

// SetDefaults implements setting.Defaulter.
func (c *Console) SetDefaults() {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.Address == "" && c.On() {
		c.Address = "http://" + c.Listen
		if c.TLS.Certificate != "" {
			c.Address = "https://" + c.Listen
		}
	}
	c.Address = strings.TrimSuffix(c.Address, "/")
}

// Validate implements setting.Validator.
func (c *Console) Validate(p setting.Problems) {
	if !c.On() {
		return
	}
	p.At("listen").Address(c.Listen)
	host, _, _ := net.SplitHostPort(c.Listen)
	if !ofThisMachine(host) && c.TLS.Certificate == "" && !c.BehindProxy {
		p.At("listen").Wrong("others could listen in on what is shown at this address: give the console a certificate (tls), use 127.0.0.1, or say behind-proxy: true if a web server of your own in front has one")
	}
	u, err := url.Parse(c.Address)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https":
		p.At("address").Wrong("write how browsers reach the console, without a path, such as https://sluis.school.nl")
	case u.Scheme == "http" && !ofThisMachine(u.Hostname()):
		p.At("address").Wrong("browsers have to reach the console over https: write https:// and give it a certificate, or put a web server with one in front")
	case u.Hostname() == "" || u.Hostname() == "0.0.0.0" || u.Hostname() == "::":
		p.Wrong("say with address how browsers reach the console, such as https://sluis.school.nl")
	}
	for i, o := range c.Providers {
		if slices.ContainsFunc(c.Providers[:i], func(b provider.Options) bool { return b.Name == o.Name }) {
			p.At("providers").Item(i).Wrong("a provider needs a name of its own, such as microsoft")
		}
	}
}

// ofThisMachine reports whether a host can be reached from this machine alone.
func ofThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
