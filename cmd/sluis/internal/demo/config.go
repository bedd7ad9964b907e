package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"sluis/cmd/sluis/internal/config"
	"sluis/proxy/ca"
)

// configText is the configuration of the demonstration; so that the other commands find
// it, it is kept in the data directory.
const configText = `# Written by sluis demo. See sluis config example for every key.
organisation: {name: Demonstratie, domains: [school.example]}
data: .
roster: roster.yaml
log: {level: warn}
mail:
  hostname: sluis.school.example
  listen: [{address: %q}]
  trusted: [127.0.0.0/8, "::1/128"]
  routes: [{to: ["*"], hosts: [%q], tls: none}]
web:
  listen: [{address: %q}]
  proxy: %q
  clients: [127.0.0.0/8, "::1/128"]
  inner: [127.0.0.0/8]              # the sites of the demonstration are on this machine
  ports: [443, %d]
  plain-ports: [80, %d]
  inspect: {certificate: authority.crt, key: authority.key, managed: [leerlingen]}
  content: {pages: true}
console: {listen: %q}
policy:
  sample-rate: 50%%
  sample-reason: the demonstration shows both outcomes
`

// Settings are the addresses and the directory of the demonstration.
type Settings struct {
	Data    string // directory of all that is kept
	Address string // where mail is taken
	Web     string // where web traffic is taken
	Console string // where the console is shown; none: nowhere
}

// Configure writes the configuration, the roster and the authority of the demonstration, and
// loads them.
func (c Settings) Configure(nextHop string, sites *Sites) (*config.Config, error) {
	certificate, key := filepath.Join(c.Data, "authority.crt"), filepath.Join(c.Data, "authority.key")
	if _, err := ca.Load(certificate, key); err != nil {
		if err := ca.Create(certificate, key, ca.Spec{Name: authorityName}); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{
		"sluis.yaml":  fmt.Sprintf(configText, c.Address, nextHop, c.Web, c.Web, sites.Secure, sites.Plain, c.Console),
		"roster.yaml": Roster,
	} {
		if err := os.WriteFile(filepath.Join(c.Data, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the demonstration's configuration: %w", err)
		}
	}
	return config.Load(filepath.Join(c.Data, "sluis.yaml"))
}

// authorityName is the name of the gateway's own authority in the demonstration.
const authorityName = "Sluis, demonstratie"
