package report

import (
	"cmp"
	"slices"

	"sluis/internal/ledger"
)

// acts are what the ledger has of a period.
type acts struct {
	byRole  map[string]map[ledger.Kind]int
	changes []ledger.Entry
	rules   string // fingerprint when the period began; empty: unknown
	roster  string
}

// counted are the acts that are counted by role.
var counted = []ledger.Kind{
	ledger.QuarantineOpened,
	ledger.QuarantineRevealed,
	ledger.QuarantineReleased,
	ledger.QuarantineConfirmed,
	ledger.QuarantineWrong,
	ledger.QuarantineDeleted,
	ledger.BreakGlass,
	ledger.OrderRequested,
	ledger.OrderAdvised,
	ledger.OrderDecided,
	ledger.OrderUsed,
	ledger.OrderWithdrawn,
	ledger.OrderCompleted,
	ledger.AccessGiven,
	ledger.BreachOpened,
	ledger.BreachClosed,
	ledger.PayloadErased,
	ledger.ExportMade,
}

// changing are the acts that have a row each.
var changing = []ledger.Kind{
	ledger.SamplingRate,
	ledger.SamplingSeed,
	ledger.RetentionChanged,
	ledger.ExceptionChanged,
	ledger.PeopleImported,
	ledger.PeopleRemoved,
	ledger.BreakGlass,
	ledger.RosterHeld,
	ledger.RosterAgreed,
	ledger.RollProposed,
	ledger.RollObjected,
	ledger.RollAdopted,
}

// maxChanges bounds the rows of changes.
const maxChanges = 200

// gateway is the role of an act without an actor.
const gateway = "-"

// acts reads the period's acts.
func (f Facts) acts() (acts, error) {
	a := acts{byRole: map[string]map[ledger.Kind]int{}}
	if err := f.begin(&a); err != nil {
		return a, err
	}
	kinds := slices.Concat(counted, changing)
	for e, err := range f.Ledger.Find(ledger.Query{Kinds: kinds, Since: f.Since, Until: f.Until}) {
		if err != nil {
			return a, err
		}
		if slices.Contains(counted, e.Kind) {
			role := cmp.Or(string(e.Data.Actor.Role), e.Data.Actor.Name, gateway)
			if a.byRole[role] == nil {
				a.byRole[role] = map[ledger.Kind]int{}
			}
			a.byRole[role][e.Kind]++
		}
		if slices.Contains(changing, e.Kind) && len(a.changes) < maxChanges {
			a.changes = append(a.changes, e)
		}
	}
	return a, nil
}

// begin sets the fingerprints with which the period began: those of the last start or configuration before it, or the
// first in it.
func (f Facts) begin(a *acts) error {
	loaded := []ledger.Kind{ledger.GatewayStarted, ledger.ConfigLoaded}
	before := ledger.Query{Kinds: loaded, Until: f.Since, Newest: true, Limit: 1}
	within := ledger.Query{Kinds: loaded, Since: f.Since}
	for _, q := range []ledger.Query{before, within} {
		for e, err := range f.Ledger.Find(q) {
			if err != nil {
				return err
			}
			if a.rules, a.roster = e.Data.Rules, e.Data.Roster; a.rules != "" {
				return nil
			}
		}
	}
	return nil
}
