package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Console is the web interface.
type Console struct {
	Listen      string           `yaml:"listen"`  // host:port; default 127.0.0.1:8080; none: there is no console
	Address     string           `yaml:"address"` // that browsers reach it at, such as https://sluis.school.nl; default http:// and listen
	TLS         KeyPair          `yaml:"tls"`
	BehindProxy bool             `yaml:"behind-proxy"` // a web server of your own in front has the certificate, and tells the client's address
	Providers   []SignInProvider `yaml:"providers"`
}

// SignInProvider lets people sign in where the organisation has them sign in already (OpenID
// Connect): Microsoft Entra ID, Google Workspace, Entree Federatie.
type SignInProvider struct {
	Name       string              `yaml:"name"`   // in addresses, such as microsoft
	Label      string              `yaml:"label"`  // on the page
	Issuer     string              `yaml:"issuer"` // such as https://login.microsoftonline.com/TENANT/v2.0
	Client     string              `yaml:"client"`
	SecretFile string              `yaml:"secret-file"` // file with the client's secret
	Scopes     []string            `yaml:"scopes"`      // beside openid; default profile and email
	UserInfo   bool                `yaml:"user-info"`   // ask for claims that are not in the ID token
	NameFrom   string              `yaml:"name-from"`   // claim that an account is named after; default preferred_username
	Address    string              `yaml:"address-from"`
	Vouched    bool                `yaml:"vouched"`     // addresses are the organisation's own, although the provider does not say email_verified
	GroupsFrom string              `yaml:"groups-from"` // claim with groups; default groups
	Roles      map[string][]string `yaml:"roles"`       // groups by role; who is in none of them is not let in
}

// ConsoleRoles are the roles of the console.
var ConsoleRoles = []string{"ict", "board", "legal", "privacy", "admin", "employee"}

// On reports whether there is a console.
func (c Console) On() bool { return c.Listen != "none" }

func (c *Console) defaults() {
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
	for i := range c.Providers {
		if p := &c.Providers[i]; p.Scopes == nil {
			p.Scopes = []string{"profile", "email"}
		}
	}
}

func (c *Console) paths() []*string {
	ps := []*string{&c.TLS.Certificate, &c.TLS.Key}
	for i := range c.Providers {
		ps = append(ps, &c.Providers[i].SecretFile)
	}
	return ps
}

var providerName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

func (v *validator) console(c *Console) {
	if !c.On() {
		return
	}
	v.address("$.console.listen", c.Listen)
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		v.wrong("$.console.tls", "certificate and key belong together: set both or none")
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	if !ofThisMachine(host) && c.TLS.Certificate == "" && !c.BehindProxy {
		v.wrong("$.console.listen", "others could listen in on what is shown at this address: give the console a certificate (tls), use 127.0.0.1, or say behind-proxy: true if a web server of your own in front has one")
	}
	u, err := url.Parse(c.Address)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https":
		v.wrong("$.console.address", "write how browsers reach the console, without a path, such as https://sluis.school.nl")
	case u.Scheme == "http" && !ofThisMachine(u.Hostname()):
		v.wrong("$.console.address", "browsers have to reach the console over https: write https:// and give it a certificate, or put a web server with one in front")
	case u.Hostname() == "" || u.Hostname() == "0.0.0.0" || u.Hostname() == "::":
		v.wrong("$.console", "say with address how browsers reach the console, such as https://sluis.school.nl")
	}
	for i, p := range c.Providers {
		v.provider(fmt.Sprintf("$.console.providers[%d]", i), p, c.Providers[:i])
	}
}

// ofThisMachine reports whether a host can be reached from this machine alone.
func ofThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (v *validator) provider(path string, p SignInProvider, before []SignInProvider) {
	if !providerName.MatchString(p.Name) || slices.ContainsFunc(before, func(o SignInProvider) bool { return o.Name == p.Name }) {
		v.wrong(path, "a provider needs a name of its own, of small letters, digits and hyphens, such as microsoft")
	}
	if p.Label == "" || p.Client == "" || p.SecretFile == "" {
		v.wrong(path, "a provider needs a label, a client and a secret-file")
	}
	u, err := url.Parse(p.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && ofThisMachine(u.Hostname())):
		v.wrong(path+".issuer", "write the provider's issuer, such as https://login.microsoftonline.com/TENANT/v2.0")
	case u.Host == "login.microsoftonline.com" && slices.Contains([]string{"common", "organizations", "consumers"}, strings.Split(u.Path+"/", "/")[1]):
		v.wrong(path+".issuer", "name your own tenant in the place of %s: otherwise every organisation could sign in", strings.Split(u.Path, "/")[1])
	}
	if len(p.Roles) == 0 {
		v.wrong(path+".roles", "say which groups have which role, for instance {employee: [staff]}: who is in none of them is not let in")
	}
	for role, groups := range p.Roles {
		if v.oneOf(path+".roles."+role, role, ConsoleRoles...); len(groups) == 0 {
			v.wrong(path+".roles."+role, "name the groups that have this role")
		}
	}
}
