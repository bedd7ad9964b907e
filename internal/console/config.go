package console

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"sluis/internal/accounts/provider"
	"sluis/internal/setting"
)

// Config is the configuration of the console and its port.
type Config struct {
	// Listen is host:port; default 127.0.0.1:8080. With none there is no console.
	Listen string `yaml:"listen"`
	// Address is how browsers reach the console, such as https://sluis.school.nl; default http:// and listen.
	Address string          `yaml:"address"`
	TLS     setting.KeyPair `yaml:"tls"`
	// BehindProxy says that a web server of your own in front has the certificate, and puts the client's
	// address last in X-Forwarded-For.
	BehindProxy bool               `yaml:"behind-proxy"`
	Providers   []provider.Options `yaml:"providers"` // of sign-ins
}

// On reports whether there is a console.
func (c Config) On() bool { return c.Listen != "none" }

// SetDefaults implements setting.Defaulter.
func (c *Config) SetDefaults() {
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
func (c *Config) Validate(p setting.Problems) {
	if !c.On() {
		return
	}
	p.At("listen").Address(c.Listen)
	host, _, _ := net.SplitHostPort(c.Listen)
	if !ofThisMachine(host) && c.TLS.Certificate == "" && !c.BehindProxy {
		p.At("listen").Wrong("others could listen in on what is shown at this address: " +
			"give the console a certificate (tls), use 127.0.0.1, " +
			"or say behind-proxy: true if a web server of your own in front has one")
	}
	u, err := url.Parse(c.Address)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https":
		p.At("address").Wrong("write how browsers reach the console, without a path, such as https://sluis.school.nl")
	case u.Scheme == "http" && !ofThisMachine(u.Hostname()):
		p.At("address").Wrong("browsers have to reach the console over https: " +
			"write https:// and give it a certificate, or put a web server with one in front")
	case u.Hostname() == "" || u.Hostname() == "0.0.0.0" || u.Hostname() == "::":
		p.Wrong("say with address how browsers reach the console, such as https://sluis.school.nl")
	}
	for i, o := range c.Providers {
		isNamesake := func(b provider.Options) bool { return b.Name == o.Name }
		if slices.ContainsFunc(c.Providers[:i], isNamesake) {
			p.At("providers").Item(i).Wrong("a provider needs a name of its own, such as microsoft")
		}
	}
}

// hosts returns the hosts that the console answers to: that of its address, and those of this machine
// where no other machine can reach it and no server is in front.
func (c Config) hosts(address string) []string {
	all := []string{address}
	host, port, err := net.SplitHostPort(c.Listen)
	if err == nil && !c.BehindProxy && c.TLS.Certificate == "" && ofThisMachine(host) {
		all = append(all, net.JoinHostPort(host, port), "localhost:"+port)
	}
	return all
}

// ofThisMachine reports whether a host can be reached from this machine alone.
func ofThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
