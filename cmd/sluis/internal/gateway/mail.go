package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"sluis/cmd/sluis/internal/config"
	"sluis/rules"
	"sluis/smtpd"
)

// mailServices are what the relay works with beside the generation.
type mailServices struct {
	policy     smtpd.Policy
	quarantine smtpd.Quarantine
	journal    smtpd.Journal
	complaints []smtpd.Subscription
	log        *slog.Logger
}

// mailConfig makes the relay's configuration of a generation: certificates, keys and passwords
// are read anew.
func (g *Generation) mailConfig(s mailServices) (smtpd.Config, error) {
	cfg := g.Config
	c := smtpd.Config{
		Hostname:    cfg.Mail.Hostname,
		Trusted:     cfg.Mail.Trusted,
		Carriers:    cfg.Mail.Carriers,
		Spool:       NewData(cfg).spool(),
		Reserve:     NewData(cfg).Reserve(),
		Limits:      cfg.Mail.Limits,
		Notice:      cfg.Mail.Notice,
		About:       cfg.Organisation.CodeURL,
		OpenForLeak: cfg.Policy.OnFailure.Leak == "open",
		Policy:      s.policy,
		Quarantine:  s.quarantine,
		Journal:     s.journal,
		Subscribers: s.complaints,
		Roster:      g.Roster,
		Log:         s.log,
	}
	var err error
	if c.TLS, err = serverTLS(cfg.Mail.TLS); err != nil {
		return c, err
	}
	for i, shared := range cfg.Mail.Shared {
		key, err := shared.Key()
		if err != nil {
			return c, fmt.Errorf("mail: shared network %d: %w", i+1, err)
		}
		c.Shared = append(c.Shared, smtpd.Shared{Networks: shared.Networks, Field: shared.Field, Key: key})
	}
	c.Routes, err = routes(cfg)
	return c, err
}

// routes returns the routes to the next hops, with their passwords.
func routes(cfg *config.Config) ([]smtpd.Route, error) {
	var all []smtpd.Route
	for i, r := range cfg.Mail.Routes {
		route, err := routeOf(cfg, i, r)
		if err != nil {
			return nil, err
		}
		all = append(all, route)
	}
	return all, nil
}

// serverTLS reads the gateway's certificate; nil if there is none.
func serverTLS(c config.TLS) (*tls.Config, error) {
	if c.Certificate == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("mail: tls: %w", err)
	}
	t := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if c.ClientCA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("mail: tls: client-ca: %w", err)
	}
	t.ClientCAs, t.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !t.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("mail: tls: client-ca holds no certificate in PEM")
	}
	return t, nil
}

func routeOf(cfg *config.Config, i int, r config.Route) (smtpd.Route, error) {
	route := smtpd.Route{
		Name:        fmt.Sprintf("route %d", i+1),
		Directions:  rules.DirectionsOf(r.Directions...),
		Hosts:       r.Hosts,
		Implicit:    r.Implicit,
		Connections: r.Connections,
		Command:     r.Timeout,
		Body:        5 * r.Timeout,
	}
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return route, fmt.Errorf("mail: %s: ca: %w", route.Name, err)
		}
		route.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		if !route.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return route, fmt.Errorf("mail: %s: ca holds no certificate in PEM", route.Name)
		}
	}
	for _, to := range r.To {
		if to == "own" {
			route.Domains = append(route.Domains, cfg.Organisation.Domains...)
			continue
		}
		route.Domains = append(route.Domains, to)
	}
	if r.TLS != "" {
		if err := route.TLS.UnmarshalText([]byte(r.TLS)); err != nil {
			return route, err
		}
	}
	if r.Auth != nil {
		password, err := r.Auth.Password()
		if err != nil {
			return route, fmt.Errorf("mail: %s: %w", route.Name, err)
		}
		route.User, route.Password = r.Auth.Username, password
	}
	return route, nil
}
