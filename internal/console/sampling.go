package console

import (
	"errors"
	"slices"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/sampling"
)

// samplingPages let the board see that the sample is fair, and throw its dice (C3.3b).
type samplingPages struct {
	Sampling
	ledger *ledger.Ledger
}

func (p *samplingPages) routes() []route {
	return []route{
		get("/sampling", accountable, p.show).inMenu("nav-sampling"),
		post("/sampling/audit", accountable, p.audit).unrecorded("it reads, and changes nothing"),
		post("/sampling/seed", only(ledger.Board), p.seed).needing(proof).recorded(ledger.SamplingSeed),
	}
}

// samplingView is the page. Of directions and groups it says whether they were drawn as often as
// chance has it, without numbers: those of a day and a small group would point at people.
type samplingView struct {
	Days   []string // that were committed to, the latest first
	Rates  sampling.Rates
	Day    string           // that was audited; empty: none
	Report *sampling.Report // of it
	Broken string           // why it could not be
	Dice   string           // as filled in
}

// maxDays bounds the days that can be chosen.
const maxDays = 62

func (p *samplingPages) view(v *visit) (w samplingView, err error) {
	w.Day, w.Dice = v.field("day"), v.field("dice")
	if w.Rates, err = sampling.RatesOf(p.ledger, v.now()); err != nil {
		return w, err
	}
	today := v.now().UTC().Format(time.DateOnly)
	for e, err := range p.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingCommit}, Newest: true}) {
		if err != nil {
			return w, err
		}
		if e.Data.Day != "" && e.Data.Day <= today && !slices.Contains(w.Days, e.Data.Day) {
			w.Days = append(w.Days, e.Data.Day)
		}
		if len(w.Days) == maxDays {
			break
		}
	}
	slices.Sort(w.Days)
	slices.Reverse(w.Days)
	return w, nil
}

func (p *samplingPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("sampling", w)
}

// audit repeats every draw of a day.
func (p *samplingPages) audit(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	if !slices.Contains(w.Days, w.Day) {
		return errNoPage
	}
	r, err := p.Audit(v.r.Context(), w.Day)
	if err != nil {
		w.Broken = err.Error() // of the ledger and its secrets, never of a message
	} else {
		w.Report = &r
	}
	return v.show("sampling", w)
}

// seed mixes throws of the board's dice into the sample, from the next day on.
func (p *samplingPages) seed(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	day, err := p.SetSeed(v.r.Context(), w.Dice, v.actor())
	if errors.Is(err, sampling.ErrInvalidDice) {
		return v.again("sampling", w, "sampling-dice-wrong")
	}
	if err != nil {
		return err
	}
	v.note("sampling-seeded", day)
	return v.see("/sampling")
}
