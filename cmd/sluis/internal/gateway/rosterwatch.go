package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/console"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// bindings is the document of whom each address belongs to.
func (d *Data) bindings() *store.Value[roster.Bindings] {
	return store.NewValue[roster.Bindings](d.store, "bindings")
}

// hold returns a roster as it is in force: without what waits for the privacy officer. A damaged
// document of bindings, which health names, holds nothing.
func (d *Data) hold(r *roster.Roster) (*roster.Roster, error) {
	if d.cfg.Data == "" {
		return r, nil
	}
	b, err := d.bindings().Get()
	if errors.Is(err, store.ErrDamaged) || err == nil && b.Begun.IsZero() {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("whom addresses belong to: %w", err)
	}
	return b.Hold(r, d.cfg.Totals.People), nil
}

// kept is how long an address that left the roster is still that of the person who had it: as long as
// there can be records of it.
func (g *Generation) kept() time.Duration { return g.Config.Journal.Retention + 31*24*time.Hour }

// learnRoster keeps whom the addresses of a roster belong to, and records in the ledger what waits for
// the privacy officer, by kind and role.
func (g *Gateway) learnRoster(ctx context.Context, gen *Generation) error {
	offered, risks := gen.Roster.Offered(), gen.Roster.Risks()
	fewest := gen.Config.Totals.People
	err := g.data.bindings().Update(func(b *roster.Bindings) error {
		if b.Begun.IsZero() {
			return g.beginRoster(ctx, gen, b)
		}
		fresh := slices.DeleteFunc(slices.Clone(risks), func(k roster.Risk) bool {
			_, known := b.Told[k.Key()]
			return known
		})
		if err := g.recordRisks(ctx, ledger.RosterHeld, ledger.Actor{}, fresh); err != nil {
			return err
		}
		b.Learn(offered, risks, fewest, time.Now(), gen.kept())
		for _, k := range fresh {
			b.Told[k.Key()] = false
		}
		return nil
	})
	if errors.Is(err, store.ErrDamaged) {
		g.log.Error("roster: whose addresses are cannot be read: nothing waits for the privacy officer", "error", err)
		return nil
	}
	if len(risks) > 0 {
		g.log.Warn("roster: changes wait for the privacy officer, and do not count until then", "changes", len(risks))
	}
	return err
}

// beginRoster begins to remember whom addresses belong to, with the roster as it is. Where that had begun
// before, its file is lost: then the ledger says so, and health for a month.
func (g *Gateway) beginRoster(ctx context.Context, gen *Generation, b *roster.Bindings) error {
	if gen.Config.Roster == "" {
		return nil
	}
	before, err := g.ledger.Count(ledger.Query{Kinds: []ledger.Kind{ledger.RosterBegun}})
	if err != nil {
		return err
	}
	offered := gen.Roster.Offered()
	all, _ := offered.People()
	d := ledger.Data{Roster: offered.Fingerprint(), Count: all}
	if before > 0 {
		d.Step = begunAnew
		g.log.Error("roster: whose addresses are was lost, and is remembered anew: the privacy officer compares " +
			"the list of people with the one of before")
	}
	*b = roster.Begin(offered, gen.Config.Totals.People, time.Now())
	return g.data.Record(ctx, ledger.RosterBegun, d)
}

// begunAnew is the step of an entry that says that the memory of whose addresses are was lost.
const begunAnew = "anew"

// keepBindings restores the document of bindings before a roster is read anew, if it is lost or damaged while
// the gateway runs.
func (g *Gateway) keepBindings() error {
	known := g.inForce.Load().Roster.Known()
	b, err := g.data.bindings().Get()
	if known == nil || err == nil && !b.Begun.IsZero() {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	g.log.Error("roster: whose addresses are was lost or damaged on disk, and is restored")
	return g.data.bindings().Put(*known)
}

// recordRisks records risks in the ledger, each kind and role once, with how many there are.
func (g *Gateway) recordRisks(ctx context.Context, kind ledger.Kind, by ledger.Actor, risks []roster.Risk) error {
	counts := map[string]int{}
	for _, k := range risks {
		counts[strings.TrimSpace(string(k.Kind)+" "+k.Role)]++
	}
	for _, step := range slices.Sorted(maps.Keys(counts)) {
		d := ledger.Data{Actor: by, Step: step, Count: counts[step]}
		if _, err := g.ledger.Append(ctx, kind, d); err != nil {
			return err
		}
	}
	return nil
}

// notifyRisks tells those concerned of what waits, once for each.
func (g *Gateway) notifyRisks(ctx context.Context) error {
	gen := g.inForce.Load()
	risks := gen.Roster.Risks()
	if len(risks) == 0 || gen.Config.Notices.From == "" {
		return nil
	}
	b, err := g.data.bindings().Get()
	if err != nil {
		return err
	}
	risks = slices.DeleteFunc(risks, func(k roster.Risk) bool { return b.Told[k.Key()] })
	if len(risks) == 0 {
		return nil
	}
	if err := g.tellOfRisks(ctx, gen.Roster, risks, false); err != nil {
		return err
	}
	return g.data.bindings().Update(func(b *roster.Bindings) error {
		for _, k := range risks {
			if _, waits := b.Told[k.Key()]; waits {
				b.Told[k.Key()] = true
			}
		}
		return nil
	})
}

// tellOfRisks sends what waits, or was agreed to, to those who watch over the roster, and to each person
// what is about that person. It fails if none who watches was reached, before it sends anything else;
// an address of a person that cannot be reached is logged, and is not tried for ever.
func (g *Gateway) tellOfRisks(ctx context.Context, r *roster.Roster, risks []roster.Risk, agreed bool) error {
	s := g.sender()
	about := map[string][]roster.Risk{}
	for _, k := range risks {
		for _, address := range concerned(r, k) {
			about[address] = append(about[address], k)
		}
	}
	write := func(changes []roster.Risk) notice.Message {
		return notice.RosterChanged(s.language(), s.cfg.Organisation.Name, changes, agreed)
	}
	watch, err := g.rosterWatchers(ctx)
	if err != nil {
		return err
	}
	reached, err := s.reach(ctx, watch, write(risks))
	if len(watch) > 0 && len(reached) == 0 {
		return errors.Join(accounts.ErrNotMailed, err)
	}
	missed := 0
	for address, changes := range about {
		if slices.Contains(watch, address) {
			continue
		}
		if reached, _ := s.reach(ctx, []string{address}, write(changes)); len(reached) == 0 {
			missed++
		}
	}
	if missed > 0 {
		g.log.Warn("roster: addresses of people concerned could not be reached", "addresses", missed)
	}
	return nil
}

// rosterWatchers are the privacy officer and the participation council: the organisation's addresses, and
// those of the holders of these roles.
func (g *Gateway) rosterWatchers(ctx context.Context) ([]string, error) {
	n := g.inForce.Load().Config.Notices
	to := slices.Concat(n.Privacy, n.Council)
	if g.console != nil {
		holders, err := g.console.accounts.Holders(ctx, ledger.Privacy, ledger.Council)
		if err != nil {
			return nil, err
		}
		for _, a := range holders {
			to = append(to, a.Address)
		}
	}
	slices.Sort(to)
	return slices.Compact(to), nil
}

// concerned are all addresses of the people whom a risk is about, of before and after.
func concerned(r *roster.Roster, k roster.Risk) (to []string) {
	if k.Kind == roster.SmallGroup || k.Kind == roster.FewAddresses {
		return nil
	}
	to = append(to, k.Of)
	for _, person := range []string{k.From, k.To} {
		if person != "" {
			to = slices.Concat(to, []string{person}, r.Addresses(person), r.Offered().Addresses(person))
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// Waiting implements console.Roster.
func (p peopleTable) Waiting() []roster.Risk { return p.now().Risks() }

// Agree implements console.Roster.
func (p peopleTable) Agree(ctx context.Context, by ledger.Actor, keys []string) error {
	g := p.g
	r := p.now()
	risks := slices.DeleteFunc(r.Risks(), func(k roster.Risk) bool { return !slices.Contains(keys, k.Key()) })
	if len(risks) == 0 || len(risks) != len(keys) {
		return console.ErrRosterChanged
	}
	err := g.data.bindings().Update(func(b *roster.Bindings) error {
		for _, k := range risks {
			if !b.Told[k.Key()] {
				return console.ErrRosterUntold
			}
		}
		if err := g.recordRisks(ctx, ledger.RosterAgreed, by, risks); err != nil {
			return err
		}
		b.Agree(r.Offered(), risks, time.Now())
		return nil
	})
	if err != nil {
		return err
	}
	if err := g.tellOfRisks(ctx, r, risks, true); err != nil {
		g.log.Error("roster: not everybody got notice of what the privacy officer agreed to", "error", err)
	}
	g.askRenewal()
	return nil
}
