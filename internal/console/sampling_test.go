package console

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/sampling"
)

// sampled makes a sampler with a day of draws.
func (h *house) sampled(dir string) Sampling {
	h.t.Helper()
	dir = filepath.Join(dir, "sampling")
	s, err := sampling.Open(dir, h.ledger, 0.2)
	if err != nil {
		h.t.Fatal(err)
	}
	h.sampler = s
	return Sampling{
		Audit: func(_ context.Context, day string) (sampling.Report, error) {
			return sampling.Audit(day, dir, h.ledger, func(_ string, use func(sampling.Draw) error) error {
				for _, d := range h.draws {
					if err := use(d); err != nil {
						return err
					}
				}
				return nil
			})
		},
		SetSeed: func(ctx context.Context, dice string, by ledger.Actor) (string, error) {
			return s.SetSeed(ctx, dice, by, time.Now())
		},
	}
}

// TestTheBoardSeesThatTheDrawIsFair: every draw is repeated, a false one is found, and no number of a
// group is on the page (C3.3b).
func TestTheBoardSeesThatTheDrawIsFair(t *testing.T) {
	h := newHouse(t)
	p := h.as(ledger.Board)
	now := time.Now().UTC()
	if err := h.sampler.Prepare(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for range 137 {
		id := filter.NewID()
		drawn, err := h.sampler.Draw(id, now)
		if err != nil {
			t.Fatal(err)
		}
		h.draws = append(h.draws, sampling.Draw{ID: id, Time: now, Direction: "out", Group: "team", Drawn: drawn})
	}
	day := now.Format(time.DateOnly)
	p.get("/sampling").must("", status(http.StatusOK), has(day), has("20%"))
	fair := h.pages.texts.In("nl").Text("sampling-fair")
	a := p.post("/sampling/audit", url.Values{"day": {day}})
	a.check("", status(http.StatusOK), has(fair), has("team"), lacks(" 137 "), lacks(">137<"))
	h.draws[0].Drawn = !h.draws[0].Drawn
	p.post("/sampling/audit", url.Values{"day": {day}}).check("a false draw",
		lacks(fair),
		has("1 trekkingen wijken af"))
	for _, bad := range []string{"", "x", "1999-01-01", "../../ledger"} {
		p.post("/sampling/audit", url.Values{"day": {bad}}).check(bad, status(http.StatusNotFound))
	}
}

func TestTheBoardThrowsItsDice(t *testing.T) { // C3.3b
	h := newHouse(t)
	if err := h.sampler.Prepare(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	p := h.as(ledger.Board)
	dice := url.Values{"dice": {"31642651436251346521"}}
	p.post("/sampling/seed", dice).check("without proof", toward("/proof"))
	p.proves(string(ledger.Board))
	for _, bad := range []string{"123", "31642651436251346527", "x"} {
		p.post("/sampling/seed", url.Values{"dice": {bad}}).check(bad, status(http.StatusUnprocessableEntity))
	}
	p.post("/sampling/seed", dice).check("", status(http.StatusSeeOther))
	if got := h.entries(ledger.SamplingSeed); len(got) != 1 || got[0].Data.Actor.Name != "board" ||
		got[0].Data.Role != "board" {
		t.Errorf("the ledger has %+v, want one throw by the board", got)
	}
	h.as(ledger.Legal).proves("legal").post("/sampling/seed", dice).check("Legal Affairs threw",
		status(http.StatusForbidden))
}
