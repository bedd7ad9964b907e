package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/smtpd"
)

// mailServices are what the relay works with beside the generation.
type mailServices struct {
	policy     smtpd.Policy
	quarantine smtpd.Quarantine
	journal    smtpd.Journal
	complaints []smtpd.Subscription
	advise     func(sender string, size int64, at time.Time) bool
	split      smtpd.SplitMemory
	log        *slog.Logger
}

// mailConfig makes the relay's configuration of a generation: certificates are read anew.
func (g *Generation) mailConfig(s mailServices) (smtpd.Config, error) {
	cfg := g.Config
	c := smtpd.Config{
		Hostname:    cfg.Mail.Hostname,
		Trusted:     cfg.Mail.Trusted,
		Shared:      cfg.Mail.Shared,
		Carriers:    cfg.Mail.Carriers,
		Receiver:    cfg.Mail.Receiver,
		Routes:      routes(cfg),
		Spool:       NewData(cfg).spool(),
		Reserve:     NewData(cfg).Reserve(),
		Limits:      cfg.Mail.Limits,
		Notice:      cfg.Mail.Notice,
		About:       cfg.Organisation.CodeURL,
		Approved:    cfg.Approved.Mail,
		Advise:      s.advise,
		OpenForLeak: cfg.Policy.OnFailure.Leak == "open",
		Policy:      s.policy,
		Quarantine:  s.quarantine,
		Journal:     g.recorded(s.journal),
		Subscribers: s.complaints,
		Split:       s.split,
		Roster:      g.Roster,
		Log:         s.log,
	}
	var err error
	c.TLS, err = serverTLS(cfg.Mail.TLS)
	return c, err
}

// routes returns the routes to the next hops.
func routes(cfg *config.Config) []smtpd.Route {
	all := slices.Clone(cfg.Mail.Routes)
	for i := range all {
		all[i].Own = cfg.Organisation.Domains
	}
	return all
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
