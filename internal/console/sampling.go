package console

import (
	"context"
	"errors"
	"slices"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/sampling"
)

// Sampling is the random sample in which leaks are looked for.
type Sampling struct {
	Audit   func(ctx context.Context, day string) (sampling.Report, error)
	SetSeed func(ctx context.Context, dice string, by ledger.Actor) (day string, err error)
}

// samplingRoutes let the board see that the sample is fair, and throw its dice (C3.3b).
var samplingRoutes = []route{
	{pattern: "GET /sampling", who: accountable, nav: "nav-sampling", do: (*visit).sampling},
	{pattern: "POST /sampling/audit", who: accountable, quiet: "it reads, and changes nothing", do: (*visit).auditSampling},
	{pattern: "POST /sampling/seed", who: only(ledger.Board), needs: proof, tells: ledger.SamplingSeed, do: (*visit).seedSampling},
}

// samplingView is what the page shows. Of directions and groups it tells whether they were
// drawn as often as chance has it, and no numbers: those of a day and a small group would
// point at people.
type samplingView struct {
	Days   []string // that were committed to, the latest first
	Rate   float64
	Day    string           // that was audited; empty: none
	Report *sampling.Report // of it
	Broken string           // why it could not be
	Dice   string           // as filled in
}

// maxDays bounds the days that can be chosen.
const maxDays = 62

func (v *visit) samplingView() (w samplingView, err error) {
	w.Day, w.Dice = v.field("day"), v.field("dice")
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		switch e.Kind {
		case ledger.SamplingCommit, ledger.SamplingRate:
			w.Rate = e.Data.Rate
			if !slices.Contains(w.Days, e.Data.Day) && e.Data.Day != "" {
				w.Days = append(w.Days, e.Data.Day)
			}
		}
		return nil
	})
	slices.Sort(w.Days)
	slices.Reverse(w.Days)
	w.Days = slices.DeleteFunc(w.Days, func(day string) bool { return day > v.now().UTC().Format(time.DateOnly) })
	w.Days = w.Days[:min(len(w.Days), maxDays)]
	return w, err
}

func (v *visit) sampling() error {
	w, err := v.samplingView()
	if err != nil {
		return err
	}
	return v.show("sampling", w)
}

// auditSampling repeats every draw of a day.
func (v *visit) auditSampling() error {
	w, err := v.samplingView()
	if err != nil {
		return err
	}
	if !slices.Contains(w.Days, w.Day) {
		return errNoPage
	}
	r, err := v.c.o.Sampling.Audit(v.r.Context(), w.Day)
	if err != nil {
		w.Broken = err.Error() // of the ledger and its secrets, never of a message
	} else {
		w.Report = &r
	}
	return v.show("sampling", w)
}

// seedSampling mixes throws of the board's dice into the sample, from the next day on.
func (v *visit) seedSampling() error {
	w, err := v.samplingView()
	if err != nil {
		return err
	}
	day, err := v.c.o.Sampling.SetSeed(v.r.Context(), w.Dice, v.by())
	if errors.Is(err, sampling.ErrDice) {
		return v.again("sampling", w, "sampling-dice-wrong")
	}
	if err != nil {
		return err
	}
	v.note("sampling-seeded", day)
	return v.see("/sampling")
}
