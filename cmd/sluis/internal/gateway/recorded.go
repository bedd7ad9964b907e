package gateway

import (
	"fmt"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/journal"
	"sluis/internal/roster"
)

// recorder takes records.
type recorder interface {
	Put(r journal.Record, who roster.Subject)
}

// coarse hands records on with groups that are large enough to say nothing of a person (C3.2b,
// C3.2c). What applies to a group, such as its sites, goes by the group itself.
type coarse struct {
	recorder
	people *roster.Roster
	fewest int
}

// recorded returns a journal for the records of a generation.
func (g *Generation) recorded(to recorder) recorder {
	return coarse{to, g.Roster, g.Config.Totals.People}
}

// Put implements smtpd.Journal and proxy.Journal.
func (c coarse) Put(r journal.Record, who roster.Subject) {
	r.Group = c.people.Recorded(r.Group, c.fewest)
	c.recorder.Put(r, who)
}

// smallNetworks names the networks that would single out who uses them, with their groups. None if the roster
// cannot be read, which is named elsewhere.
func smallNetworks(cfg *config.Config) (names []string) {
	people, err := LoadRoster(cfg)
	if err != nil {
		return nil
	}
	for _, n := range people.SmallNetworks(cfg.Totals.People) {
		names = append(names, fmt.Sprintf("%s (%s)", n.Prefix, n.Group))
	}
	return names
}
