package smtpd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"sluis/internal/setting"
	"sluis/rules"
)

// Route says where mail for some recipients goes. Its files are read when a relay or a sender is
// made, and again at Reload.
type Route struct {
	Name string   `yaml:"-"` // for logs and metrics; default route and its number
	Own  []string `yaml:"-"` // the organisation's domains

	// To are recipient domains: ".school.nl" takes the domains below, "own" all of Own; none or
	// "*": any.
	To         []string          `yaml:"to"`
	Directions []rules.Direction `yaml:"directions"` // none: any
	Hosts      []string          `yaml:"hosts"`      // host:port, tried in their order
	TLS        TLSMode           `yaml:"tls"`
	Implicit   bool              `yaml:"implicit"` // TLS from the first byte (port 465)

	// CA is a PEM file with an authority of the organisation's own; none: the system's.
	CA        string      `yaml:"ca" path:"relative"`
	TLSConfig *tls.Config `yaml:"-"`    // roots and own certificate; may be nil
	Auth      *Auth       `yaml:"auth"` // SASL PLAIN or LOGIN, after TLS only; nil: none

	Connections int           `yaml:"connections"` // at once; default 40, as Postfix lets a client have 50
	Command     time.Duration `yaml:"timeout"`     // for a reply to a command; default 2 minutes
	Body        time.Duration `yaml:"-"`           // for the reply to a whole message; default five times Command
	Dial        time.Duration `yaml:"-"`           // per host; default 15 s, or Command if that is less
	Idle        time.Duration `yaml:"-"`           // keep an unused connection; default 20 s, negative: do not

	// Hold is how long a connection waits for a client that is silent, before another may need
	// it; default 5 s.
	Hold time.Duration `yaml:"-"`
}

// Auth is what a smarthost asks for. The password never stands in the configuration itself.
type Auth struct {
	Username     string `yaml:"username"`
	Password     string `yaml:"-"` // none: it is read
	PasswordFile string `yaml:"password-file" path:"relative"`
	PasswordEnv  string `yaml:"password-env"` // name of an environment variable
}

// Validate implements setting.Validator.
func (r *Route) Validate(p setting.Problems) {
	if len(r.To) == 0 {
		p.Wrong("no to: name domains, own, or \"*\" for all")
	}
	if len(r.Hosts) == 0 {
		p.Wrong("no hosts: name the mail server that takes it, as host:port")
	}
	for i, h := range r.Hosts {
		p.At("hosts").Item(i).Address(h)
	}
	p.At("connections").NotNegative(r.Connections)
	if r.Implicit && r.TLS == TLSNone {
		p.At("implicit").Wrong("implicit TLS and tls: none exclude each other")
	}
	if r.CA != "" && r.TLS == TLSNone {
		p.At("ca").Wrong("an authority is for TLS: tls: none uses none")
	}
	a := r.Auth
	if a == nil {
		return
	}
	if a.Username == "" || (a.PasswordFile == "") == (a.PasswordEnv == "") {
		p.At("auth").Wrong("auth needs a username and either password-file or password-env; " +
			"a password never stands in this file")
	}
	if r.TLS != TLSRequired && r.TLS != TLSVerified {
		p.At("auth").Wrong("a password needs tls: required or verified")
	}
}

// prepare makes a copy of a route ready for use: files are read, and what was left out is set.
func (r *Route) prepare() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	if err := r.read(); err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	var to []string
	for _, d := range r.To {
		if d == "own" {
			to = append(to, r.Own...)
		} else {
			to = append(to, d)
		}
	}
	r.To = to
	setting.Default(&r.Command, 2*time.Minute)
	setting.Default(&r.Dial, min(15*time.Second, r.Command))
	setting.Default(&r.Body, 5*r.Command)
	setting.Default(&r.Connections, 40)
	setting.Default(&r.Hold, 5*time.Second)
	setting.Default(&r.Idle, 20*time.Second)
	return nil
}

func (r *Route) check() error {
	if len(r.Hosts) == 0 {
		return errors.New("no hosts")
	}
	loopback := true
	for _, h := range r.Hosts {
		host, _, err := net.SplitHostPort(h)
		if err != nil {
			return fmt.Errorf("host: %w", err)
		}
		ip, err := netip.ParseAddr(host)
		loopback = loopback && (host == "localhost" || err == nil && ip.IsLoopback())
	}
	if r.Auth != nil && r.TLS != TLSRequired && r.TLS != TLSVerified && !loopback {
		return errors.New("a password needs TLS required or verified")
	}
	if r.Implicit && r.TLS == TLSNone {
		return errors.New("implicit TLS and no TLS exclude each other")
	}
	return nil
}

// read reads the authority and the password from where they are.
func (r *Route) read() error {
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return fmt.Errorf("ca: %w", err)
		}
		r.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		if !r.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return errors.New("ca holds no certificate in PEM")
		}
	}
	if r.Auth == nil || r.Auth.Password != "" {
		return nil
	}
	a := *r.Auth
	r.Auth = &a
	return a.read()
}

func (a *Auth) read() error {
	if a.PasswordEnv != "" {
		if a.Password = os.Getenv(a.PasswordEnv); a.Password == "" {
			return fmt.Errorf("the environment variable %s is not set", a.PasswordEnv)
		}
		return nil
	}
	b, err := os.ReadFile(a.PasswordFile)
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	a.Password = strings.TrimRight(string(b), "\r\n")
	return nil
}
