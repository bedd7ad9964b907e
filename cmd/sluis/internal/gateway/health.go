package gateway

import (
	"context"
	"time"

	"sluis/internal/clamd"
	"sluis/internal/health"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
)

// Health returns the checks of a gateway that may run in another process.
func (d *Data) Health() ([]health.Check, error) {
	var states []sitelists.State
	if len(d.cfg.Web.Listen) > 0 {
		lists, err := d.Lists()
		if err != nil {
			return nil, err
		}
		states = lists.Status()
	}
	counts := func(ctx context.Context) (quarantine.Counts, error) {
		q, err := d.Quarantine()
		if err != nil {
			return quarantine.Counts{}, err
		}
		return q.Counts(ctx)
	}
	sender, err := NewSender(d.cfg)
	if err != nil {
		return nil, err
	}
	defer sender.mail.Close()
	none := func() int64 { return 0 } // only the running process counts what it dropped
	return append([]health.Check{d.running}, d.healthChecks(sender, states, none, counts)...), nil
}

// running checks whether a gateway has the data directory.
func (d *Data) running(context.Context, time.Time) health.Result {
	r := health.Result{
		Name:  health.Text{NL: "Sluis", EN: "Sluis"},
		State: health.OK,
		Found: health.Text{NL: "draait", EN: "runs"},
	}
	if !d.Locked() {
		r.State, r.Found = health.Broken, health.Text{NL: "draait niet", EN: "does not run"}
		r.Advice = health.Text{NL: "Start de dienst: systemctl start sluis.", EN: "Start the service: systemctl start sluis."}
	}
	return r
}

// healthChecks are the checks of this gateway.
func (g *Gateway) healthChecks() []health.Check {
	return g.data.healthChecks(g.sender(), g.listStates(), g.journal.Dropped, g.quarantine.Counts)
}

// What of certificates needs attention: a device takes longer to get a new authority than a
// server a new certificate.
const (
	renewAhead   = 21 * 24 * time.Hour
	replaceAhead = 90 * 24 * time.Hour
)

// healthChecks are the checks that the configuration of a sender asks for.
func (d *Data) healthChecks(sender Sender, states []sitelists.State, dropped func() int64,
	counts func(context.Context) (quarantine.Counts, error)) []health.Check {
	var all []health.Check
	cfg := sender.cfg
	for _, next := range sender.mail.NextHops() {
		all = append(all, health.MailServer(next))
	}
	all = append(all,
		health.Journal(d.path("journal", "segments"), dropped),
		health.Spool(d.spool()),
		health.Quarantine(counts))
	if address := cfg.Policy.Malware.Clamd; address != "" {
		all = append(all, health.Clamd(clamd.New(address)))
	}
	all = append(all, health.Lists(states)...)
	for _, c := range []struct {
		nl, en, file string
		ahead        time.Duration
	}{
		{"Certificaat voor mail", "Certificate for mail", cfg.Mail.TLS.Certificate, renewAhead},
		{"Certificaat van de webproxy", "Certificate of the web proxy", cfg.Web.TLS.Certificate, renewAhead},
		{"Certificaat van deze pagina’s", "Certificate of the console", cfg.Console.TLS.Certificate, renewAhead},
		{"Eigen certificaatautoriteit", "Own certificate authority", cfg.Web.Inspect.Certificate, replaceAhead},
	} {
		if c.file != "" {
			all = append(all, health.Certificate(health.Text{NL: c.nl, EN: c.en}, c.file, c.ahead))
		}
	}
	return append(all, health.Disk(cfg.Data), health.Clock)
}
