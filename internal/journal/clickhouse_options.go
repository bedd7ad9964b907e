package journal

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"sluis/internal/setting"
)

// ClickHouseOptions say where a ClickHouse server is that keeps the journal, in place of the
// embedded database.
type ClickHouseOptions struct {
	// host:port of the native protocol, tried in order; none: embedded
	Hosts []string `yaml:"hosts"`
	// the hosts speak ClickHouse's HTTP interface instead, uncompressed
	HTTP         bool   `yaml:"http"`
	Database     string `yaml:"database"`                      // default sluis; it has to be there
	Username     string `yaml:"username"`                      // default default
	PasswordFile string `yaml:"password-file" path:"relative"` // none: no password
	// who reads: totals, retention, orders, access requests; none: the user above does, who then has both rights
	Office  ClickHouseUser `yaml:"office"`
	TLS     bool           `yaml:"tls"`                           // with a certificate of a known authority
	CA      string         `yaml:"ca"            path:"relative"` // PEM file with another authority
	Cluster string         `yaml:"cluster"`                       // name of a cluster; none: one server

	Days int `yaml:"-"` // retention of records
}

// ClickHouseUser is a user of a ClickHouse server.
type ClickHouseUser struct {
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password-file" path:"relative"` // none: no password
}

// inserting returns the user who inserts.
func (o *ClickHouseOptions) inserting() ClickHouseUser {
	return ClickHouseUser{o.Username, o.PasswordFile}
}

// plainName is a name that stands in a statement as it is.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// SetDefaults implements setting.Defaulter.
func (o *ClickHouseOptions) SetDefaults() { setting.Default(&o.Database, "sluis") }

// Validate implements setting.Validator.
func (o *ClickHouseOptions) Validate(p setting.Problems) {
	for i, h := range o.Hosts {
		p.At("hosts").Item(i).Address(h)
	}
	for key, name := range map[string]string{"database": o.Database, "cluster": o.Cluster} {
		if name != "" && !plainName.MatchString(name) {
			p.At(key).Wrong("use letters, digits and underscores")
		}
	}
	if o.Office.Username == "" && o.Office.PasswordFile != "" {
		p.At("office").Wrong("name the user whose password this is")
	}
	if len(o.Hosts) == 0 && o.Username+o.PasswordFile+o.CA+o.Cluster+o.Office.Username != "" {
		p.Wrong("say where the server is: hosts")
	}
	if o.CA != "" && !o.TLS {
		p.At("ca").Wrong("an authority is for TLS: say tls: true")
	}
}

// password reads the password; empty if there is none.
func (u ClickHouseUser) password() (string, error) {
	if u.PasswordFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(u.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// tlsConfig returns how to speak TLS; nil for without.
func (o *ClickHouseOptions) tlsConfig() (*tls.Config, error) {
	if !o.TLS {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(o.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca holds no certificate in PEM")
	}
	return t, nil
}
