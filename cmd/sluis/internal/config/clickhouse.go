package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// ClickHouse is a server that keeps the journal, in place of the embedded database.
type ClickHouse struct {
	Hosts        []string `yaml:"hosts"`         // host:port of the native protocol, tried in order; none: embedded
	Database     string   `yaml:"database"`      // default sluis; it has to be there
	Username     string   `yaml:"username"`      // default default
	PasswordFile string   `yaml:"password-file"` //
	TLS          bool     `yaml:"tls"`           // with a certificate of a known authority
	CA           string   `yaml:"ca"`            // PEM file with another authority
	Cluster      string   `yaml:"cluster"`       // name of a cluster; none: one server
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

func (v *validator) clickhouse(c *ClickHouse) {
	for i, h := range c.Hosts {
		v.address(fmt.Sprintf("$.journal.clickhouse.hosts[%d]", i), h)
	}
	for path, name := range map[string]string{"$.journal.clickhouse.database": c.Database, "$.journal.clickhouse.cluster": c.Cluster} {
		if name != "" && !plainName.MatchString(name) {
			v.wrong(path, "use letters, digits and underscores")
		}
	}
	if len(c.Hosts) == 0 && c.Username+c.PasswordFile+c.CA+c.Cluster != "" {
		v.wrong("$.journal.clickhouse", "say where the server is: hosts")
	}
	if c.CA != "" && !c.TLS {
		v.wrong("$.journal.clickhouse.ca", "an authority is for TLS: say tls: true")
	}
}

// Password reads the password; empty if there is none.
func (c ClickHouse) Password() (string, error) {
	if c.PasswordFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("journal: clickhouse: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// TLSConfig returns how to speak TLS; nil for without.
func (c ClickHouse) TLSConfig() (*tls.Config, error) {
	if !c.TLS {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("journal: clickhouse: ca: %w", err)
	}
	if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("journal: clickhouse: ca holds no certificate in PEM")
	}
	return t, nil
}
