package gateway

import (
	"sluis/internal/roster"
	"sluis/internal/store/disk"
)

// peopleTable gives the console the roster, and a way to replace its table of people.
type peopleTable struct{ g *Gateway }

func (p peopleTable) now() *roster.Roster { return p.g.inForce.Load().Roster }

// People implements console.Roster.
func (p peopleTable) People() (all, confidential int) { return p.now().People() }

// Groups implements console.Roster.
func (p peopleTable) Groups() []roster.Group { return p.now().Groups() }

// Preview implements console.Roster.
func (p peopleTable) Preview(table []byte) (c roster.Changes, err error) {
	cfg := p.g.inForce.Load().Config
	if _, err := roster.Table(cfg.Roster); err != nil {
		return c, err
	}
	with, err := roster.LoadWith(cfg.Roster, table, cfg.Organisation.Domains, cfg.Organisation.Separate...)
	if err != nil {
		return c, err
	}
	return roster.Compare(p.now(), with), nil
}

// Replace implements console.Roster.
func (p peopleTable) Replace(table []byte) error {
	path, err := roster.Table(p.g.inForce.Load().Config.Roster)
	if err != nil {
		return err
	}
	if err := disk.Replace(path, table); err != nil {
		return err
	}
	p.g.askRenewal()
	return nil
}
