package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
)

// accountable answer for the controls; readers are those to whom they answer as well (K1, K2).
var (
	accountable = only(ledger.Board, ledger.Supervisor, ledger.Privacy, ledger.Legal)
	readers     = only(append(accountable.roles, ledger.Council)...)
)

// totalPages show totals under disclosure control (C3.2b).
type totalPages struct {
	archive func() *totals.Archive
}

func (p *totalPages) routes() []route {
	return []route{
		get("/totals", readers, p.show).inMenu("nav-totals"),
		get("/totals/{period}/json", accountable, p.json),
	}
}

// totalsView is what the page of totals shows.
type totalsView struct {
	Periods []string
	Period  totals.Period
	Tables  []chart
	Trends  []chart
	None    bool // there is no report yet
}

// periods lists what the frozen months make up: months, quarters and years, the latest first.
func periods(months []string) (all []string) {
	for _, m := range slices.Backward(months) {
		year, month, _ := strings.Cut(m, "-")
		n, _ := strconv.Atoi(month)
		for _, p := range []string{m, year + "-Q" + strconv.Itoa((n+2)/3), year} {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (p *totalPages) show(v *visit) error {
	a := p.archive()
	months, err := a.Months()
	if err != nil {
		return err
	}
	w := totalsView{Periods: periods(months), None: len(months) == 0}
	if w.None {
		return v.show("totals", w)
	}
	if w.Period, err = p.period(v, a, cmp.Or(v.r.URL.Query().Get("period"), months[len(months)-1])); err != nil {
		return err
	}
	w.Tables = charts(w.Period, report.Names(v.Lang.Code))
	if w.Trends, err = p.trends(v, a, months); err != nil {
		return err
	}
	return v.show("totals", w)
}

// period returns the totals of a period that has any.
func (p *totalPages) period(v *visit, a *totals.Archive, name string) (totals.Period, error) {
	period, err := a.Existing(v.r.Context(), name)
	if errors.Is(err, totals.ErrPeriod) || errors.Is(err, totals.ErrMonth) || errors.Is(err, totals.ErrNotOver) {
		return period, errNoPage
	}
	return period, err
}

func (p *totalPages) json(v *visit) error {
	period, err := p.period(v, p.archive(), v.r.PathValue("period"))
	if err != nil {
		return err
	}
	v.download("application/json", "totals-"+period.Name+".json")
	return json.NewEncoder(v.w).Encode(period)
}
