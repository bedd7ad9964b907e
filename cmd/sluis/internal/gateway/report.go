package gateway

import (
	"slices"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/roll"
	"sluis/internal/roster"
	"sluis/internal/store"
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
	f, err := facts(d.cfg, set, people, l, since, until, lang)
	if err != nil {
		return f, err
	}
	f.ByHeader, err = store.Readable(d.ByHeader().Between(since, until, f.Made))
	return f, err
}

func reportFacts(g *Generation, d *Data, since, until time.Time, lang string) (report.Facts, error) {
	l, err := d.Ledger()
	if err != nil {
		return report.Facts{}, err
	}
	f, err := facts(g.Config, g.Rules, g.Roster, l, since, until, lang)
	if err != nil {
		return f, err
	}
	f.ByHeader, err = store.Readable(d.ByHeader().Between(since, until, f.Made))
	return f, err
}

func facts(cfg *config.Config, set *rules.Set, people *roster.Roster, l *ledger.Ledger, since, until time.Time,
	lang string) (report.Facts, error) {
	checkpoint, err := l.Checkpoint()
	if err != nil {
		return report.Facts{}, err
	}
	rolls, err := roll.Replay(l, l)
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
		Inspected:    inspects(cfg),
		Ledger:       l,
		Checkpoint:   checkpoint,
		Roll:         rolls.Current(),
		Rate:         sampleRate(cfg),
		RateReason:   cfg.Policy.SampleReason,
		Unreasoned:   cfg.Policy.Unreasoned(),
		Approved:     approvals(cfg),
		Blocked:      ownBlocks(cfg),
		Disabled:     disabled(cfg),
	}, nil
}

// inspects reports whether any encrypted connection is inspected: an authority alone inspects none.
func inspects(cfg *config.Config) bool {
	return len(cfg.Web.Listen) > 0 && cfg.Web.Inspect.Certificate != "" && len(cfg.Web.Inspect.Only) > 0
}

// approvals returns the agreements on data of persons.
func approvals(cfg *config.Config) (all []report.Approved) {
	for _, a := range cfg.Approved {
		all = append(all, report.Approved{
			Name:  a.Name,
			Where: strings.Join(slices.Concat(a.Domains, a.Hosts), ", "),
			Last:  a.Until.End().Add(-time.Hour),
			Ended: a.Ended(time.Now()),
		})
	}
	return all
}

// ownBlocks returns the sites that a configuration blocks beside those of the code.
func ownBlocks(cfg *config.Config) (all []report.Blocked) {
	for _, e := range cfg.Web.Sites.Own {
		if e.Block {
			all = append(all, report.Blocked{What: e.Host + e.Path, Clause: e.Clause})
		}
	}
	for _, f := range cfg.Web.Sites.Forbid {
		for _, l := range f.Lists {
			all = append(all, report.Blocked{What: l, Clause: f.Clause})
		}
	}
	return all
}

func disabled(cfg *config.Config) (ids []string) {
	for _, d := range cfg.Rules.Disabled {
		ids = append(ids, d.ID)
	}
	return ids
}
