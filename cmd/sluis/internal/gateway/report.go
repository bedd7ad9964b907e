package gateway

import (
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/roster"
	"sluis/rules"
)

// ReportFacts is what an accountability report is made from, but for totals (K1, K2).
func (d *Data) ReportFacts(since, until time.Time, lang string) (report.Facts, error) {
	set, err := LoadRules(d.cfg)
	if err != nil {
		return report.Facts{}, err
	}
	people, err := LoadRoster(d.cfg)
	if err != nil {
		return report.Facts{}, err
	}
	l, err := d.Ledger()
	if err != nil {
		return report.Facts{}, err
	}
	return facts(d.cfg, set, people, l, since, until, lang)
}

func reportFacts(g *Generation, l *ledger.Ledger, since, until time.Time, lang string) (report.Facts, error) {
	return facts(g.Config, g.Rules, g.Roster, l, since, until, lang)
}

func facts(cfg *config.Config, set *rules.Set, people *roster.Roster, l *ledger.Ledger, since, until time.Time,
	lang string) (report.Facts, error) {
	checkpoint, err := l.Checkpoint()
	if err != nil {
		return report.Facts{}, err
	}
	all, confidential := people.People()
	return report.Facts{
		Organisation: cfg.Organisation.Name,
		CodeURL:      cfg.Organisation.CodeURL,
		Lang:         lang,
		Since:        since,
		Until:        until,
		Made:         time.Now(),
		Rules:        set.Rules(),
		Fingerprints: [2]string{set.Fingerprint(), people.Fingerprint()},
		People:       all,
		Confidential: confidential,
		Groups:       len(people.Groups()),
		Retention:    [2]int{days(cfg.Journal.Retention), days(cfg.Quarantine.Retention)},
		WebControl:   len(cfg.Web.Listen) > 0,
		Inspected:    cfg.Web.Inspect.Certificate != "",
		Ledger:       l,
		Checkpoint:   checkpoint,
		Rate:         sampleRate(cfg),
	}, nil
}
