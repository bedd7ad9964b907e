package config

import (
	"net/netip"
	"slices"

	"sluis/internal/setting"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
	"sluis/proxy"
	"sluis/proxy/content"
)

// Web is the web proxy. Without listen there is none.
type Web struct {
	Hostname string `yaml:"hostname"` // of its own pages: /setup, /proxy.pac; default mail.hostname
	// host:port that the PAC file sends browsers to, after https:// if it is asked over TLS; default hostname and the
	// port of a listener for browsers, of the kind that the file was asked for by
	Proxy    string           `yaml:"proxy"`
	Listen   []WebListener    `yaml:"listen" reload:"no"`
	TLS      setting.KeyPair  `yaml:"tls"`         // for listeners over TLS
	Clients  []netip.Prefix   `yaml:"clients"`     // networks that may use it
	Inner    []netip.Prefix   `yaml:"inner"`       // own servers that may be reached through it
	Ports    []uint16         `yaml:"ports"`       // that tunnels may be made to; default [443]
	Plain    []uint16         `yaml:"plain-ports"` // of sites without TLS; default [80]
	Opaque   bool             `yaml:"opaque"`      // tunnels may carry other things than TLS
	Identify Identify         `yaml:"identify"`
	Sites    Sites            `yaml:"sites"`
	Inspect  Inspect          `yaml:"inspect"`
	Content  content.Settings `yaml:"content"`
	Code     CodeVersion      `yaml:"acknowledge"`
	Limits   proxy.Limits     `yaml:"limits"`
}

// WebListener is a port that takes web traffic.
type WebListener struct {
	Address       string         `yaml:"address"`             // host:port
	Mode          string         `yaml:"mode"`                // of webModes; default proxy
	ProxyProtocol []netip.Prefix `yaml:"proxy-protocol-from"` // load balancers that give the client's address
}

// Identify says how people prove who they are. Without it networks tell the group.
type Identify struct {
	Passwords string   `yaml:"passwords" path:"relative"` // file with lines that sluis web password makes
	Kerberos  Kerberos `yaml:"kerberos"`
	Required  bool     `yaml:"required"` // ask everybody
}

// Kerberos checks the tickets of people who are signed in to the school's domain.
type Kerberos struct {
	Keytab    string            `yaml:"keytab" path:"relative"`
	Principal string            `yaml:"principal"` // such as HTTP/sluis.school.example
	Realms    map[string]string `yaml:"realms"`    // mail domain of the people of a realm
}

// Sites says which sites are blocked and allowed.
type Sites struct {
	Lists            []sitelists.Source `yaml:"lists" reload:"no"` // beside those that come with Sluis
	sitepolicy.Sites `yaml:",inline"`
}

// Inspect says which connections are inspected; without an authority none is.
type Inspect struct {
	// of the own authority, made with sluis web authority
	Certificate            string `yaml:"certificate" path:"relative"`
	Key                    string `yaml:"key" path:"relative"`
	Insist                 bool   `yaml:"insist"` // also where programs or sites refuse it: they stay broken
	sitepolicy.Inspections `yaml:",inline"`
}

// CodeVersion asks staff once whether they know the code of conduct (K3).
type CodeVersion struct {
	Version string `yaml:"version"` // none: nobody is asked
}

// webModes are the modes of listeners.
var webModes = []string{"proxy", "proxy-tls", "redirect-http", "redirect-tls", "tproxy-http", "tproxy-tls"}

// SetDefaults implements setting.Defaulter.
func (l *WebListener) SetDefaults() { setting.Default(&l.Mode, "proxy") }

// Validate implements setting.Validator.
func (w *Web) Validate(p setting.Problems) {
	if len(w.Listen) == 0 {
		return
	}
	w.validateListeners(p.At("listen"))
	if len(w.Clients) == 0 {
		p.At("clients").Wrong("nobody may use the proxy: name the networks of the school, such as [10.0.0.0/8]")
	}
	p.At("clients").Networks(w.Clients, "this would be an open proxy. Name the networks of the school")
	p.At("inner").Networks(w.Inner, "the proxy would lead into your own network. Name single servers")
}

func (w *Web) validateListeners(p setting.Problems) {
	for i, l := range w.Listen {
		at := p.Item(i)
		at.At("address").Address(l.Address)
		at.At("mode").OneOf(l.Mode, webModes...)
		at.At("proxy-protocol-from").Networks(l.ProxyProtocol, "anybody could pass for another")
		if slices.ContainsFunc(w.Listen[:i], func(o WebListener) bool { return o.Address == l.Address }) {
			at.At("address").Wrong("%s is listened on already", l.Address)
		}
		if l.Mode == "proxy-tls" && w.TLS.Certificate == "" {
			at.At("mode").Wrong("proxy-tls needs a certificate: set web.tls.certificate and web.tls.key")
		}
	}
}

// Validate implements setting.Validator.
func (i *Identify) Validate(p setting.Problems) {
	if i.Kerberos.Keytab != "" && len(i.Kerberos.Realms) == 0 {
		p.At("kerberos").Wrong("name the realms, and the mail domain of their people: " +
			"realms: {SCHOOL.LOCAL: school.nl}")
	}
	if i.Required && i.Passwords == "" && i.Kerberos.Keytab == "" {
		p.Wrong("credentials are required, but there are neither passwords nor Kerberos to check them with")
	}
}

// Validate implements setting.Validator.
func (i *Inspect) Validate(p setting.Problems) {
	if (i.Certificate == "") != (i.Key == "") {
		p.Wrong("certificate and key belong together: sluis web authority makes both")
	}
	if i.Certificate == "" && (len(i.Only) > 0 || len(i.Managed) > 0) {
		p.Wrong("to inspect connections an authority is needed: make one with sluis web authority, " +
			"and name its certificate and key")
	}
}
