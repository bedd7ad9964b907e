package config

import (
	"fmt"
	"net/netip"
	"strings"

	"sluis/internal/roster"
	"sluis/internal/setting"
	"sluis/smtpd"
)

// Mail is the SMTP relay.
type Mail struct {
	Hostname string         `yaml:"hostname" reload:"no"` // what the gateway calls itself; a name that resolves to it
	Listen   []Listener     `yaml:"listen" reload:"no"`
	TLS      TLS            `yaml:"tls"`
	Trusted  []netip.Prefix `yaml:"trusted"` // networks that may send to anywhere: your own mail servers
	Shared   []smtpd.Shared `yaml:"shared"`
	Carriers []netip.Prefix `yaml:"carriers"` // networks that strangers' mail comes through: a filter in front
	// what a receiving server among the carriers calls itself in Authentication-Results, which it writes on
	// each message: senders at own domains that it vouches for count for confidential roles; none: no such server
	Receiver string        `yaml:"authserv-id"`
	Routes   []smtpd.Route `yaml:"routes"`
	Limits   smtpd.Limits  `yaml:"limits"`
	Advice   Advice        `yaml:"advice"` // to who sends large attachments (C2.1a); none unless groups are named
	Notice   string        `yaml:"notice"` // reply text for a quarantined message; none: as for any other
}

// Advice is a note to who sends a large attachment to outside: share by link (C2.1a). It delays and stops nothing,
// and a person gets one a day at most.
type Advice struct {
	Groups []roster.Group `yaml:"groups"` // of staff, who asked for it
	Size   setting.Size   `yaml:"size"`   // of a message, from which it is large; default 10MB
}

// SetDefaults implements setting.Defaulter.
func (a *Advice) SetDefaults() { setting.Default(&a.Size, 10<<20) }

// Validate implements setting.Validator.
func (a *Advice) Validate(p setting.Problems) {
	if a.Size < 1<<20 {
		p.At("size").Wrong("an attachment of less than 1MB is not large")
	}
}

// Listener is a port that takes mail.
type Listener struct {
	Address       string         `yaml:"address"`             // host:port
	TLS           string         `yaml:"tls"`                 // starttls (default with a certificate), implicit, or none
	ProxyProtocol []netip.Prefix `yaml:"proxy-protocol-from"` // load balancers that give the client's address
}

// TLS is the gateway's own certificate.
type TLS struct {
	Certificate string `yaml:"certificate" path:"relative"` // PEM file, with the chain
	Key         string `yaml:"key" path:"relative"`         // PEM file
	ClientCA    string `yaml:"client-ca" path:"relative"`   // PEM file: clients with a certificate of this authority may send to anywhere
}

// SetDefaults implements setting.Defaulter.
func (m *Mail) SetDefaults() {
	for i := range m.Listen {
		mode := "none"
		if m.TLS.Certificate != "" {
			mode = "starttls"
		}
		setting.Default(&m.Listen[i].TLS, mode)
	}
}

// Validate implements setting.Validator.
func (m *Mail) Validate(p setting.Problems) {
	if m.Hostname == "" || !strings.Contains(m.Hostname, ".") {
		p.At("hostname").Wrong("hostname has to be the gateway's full name, such as sluis.school.nl")
	}
	if len(m.Listen) == 0 {
		p.At("listen").Wrong("nowhere to listen: add for instance - address: \"0.0.0.0:25\"")
	}
	p.At("notice").OneLine(m.Notice)
	if strings.ContainsAny(m.Receiver, " \t;\"()") {
		p.At("authserv-id").Wrong("this is no name: write what stands first in Authentication-Results of your server")
	}
	if m.Receiver != "" && len(m.Carriers) == 0 {
		p.At("authserv-id").Wrong("authserv-id needs carriers: only what comes from the networks there is believed")
	}
	m.validateListeners(p.At("listen"))
	if (m.TLS.Certificate == "") != (m.TLS.Key == "") {
		p.At("tls").Wrong("certificate and key belong together: set both or none")
	}
	if m.TLS.ClientCA != "" && m.TLS.Certificate == "" {
		p.At("tls").At("client-ca").Wrong("client-ca needs a certificate: clients show theirs over TLS only")
	}
	p.At("trusted").Networks(m.Trusted, "this would be an open relay. Name the networks of your own mail servers")
	p.At("carriers").Networks(m.Carriers, "nobody would have a limit for an address. Name the servers of your filter")
	for i := range m.Shared {
		if m.TLS.Certificate == "" {
			p.At("shared").Item(i).Wrong("a shared network needs a certificate: the key is taken over TLS only")
		}
	}
	m.validateRoutes(p.At("routes"))
}

func (m *Mail) validateListeners(p setting.Problems) {
	seen := map[string]bool{}
	for i, l := range m.Listen {
		at := p.Item(i)
		at.At("address").Address(l.Address)
		if seen[l.Address] && !strings.HasSuffix(l.Address, ":0") { // any free port, each time another
			at.At("address").Wrong("%s is listened on already", l.Address)
		}
		seen[l.Address] = true
		at.At("proxy-protocol-from").Networks(l.ProxyProtocol, "anybody could pass for one of your own servers")
		at.At("tls").OneOf(l.TLS, "none", "starttls", "implicit")
		if l.TLS != "none" && m.TLS.Certificate == "" {
			at.At("tls").Wrong("tls: %s needs a certificate: set mail.tls.certificate and mail.tls.key", l.TLS)
		}
	}
}

func (m *Mail) validateRoutes(p setting.Problems) {
	if len(m.Routes) == 0 {
		p.Wrong("no routes: say where mail goes, for instance - {to: [\"*\"], hosts: [\"mail.school.nl:25\"]}")
	}
	seen := map[string]bool{}
	for i, r := range m.Routes {
		at := p.Item(i)
		for _, to := range r.To {
			key := strings.ToLower(to) + fmt.Sprint(r.Directions)
			if seen[key] {
				at.At("to").Wrong("%q has a route already: the first is taken, this one never", to)
			}
			seen[key] = true
		}
		for j, h := range r.Hosts {
			for _, l := range m.Listen {
				if l.Address == h {
					at.At("hosts").Item(j).Wrong("%s is this gateway itself: mail would go round in a loop", h)
				}
			}
		}
	}
}
