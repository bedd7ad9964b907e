package console

import (
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

func (h *house) totals(dir string) Totals {
	h.t.Helper()
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		h.t.Fatal(err)
	}
	h.archive = &totals.Archive{
		Dir:    filepath.Join(dir, "reports"),
		Source: h.db,
		Ledger: h.ledger,
		Rules:  totals.Rules{MinPeople: 10},
		Sizes:  h.people.Sizes(),
		Rate:   0.05,
		Review: func(context.Context, time.Time, time.Time) (totals.Review, error) { return totals.Review{}, nil },
		Stored: func(context.Context) (int64, error) { return 5_000_000_000, nil },
	}
	return Totals{
		Archive: func() *totals.Archive { return h.archive },
		Facts: func(ctx context.Context, since, until time.Time, lang, period string) (f report.Facts, err error) {
			f = report.Facts{
				Organisation: "De Regenboog",
				Lang:         lang,
				Since:        since,
				Until:        until,
				Made:         until,
				Rules:        set.Rules(),
				Ledger:       h.ledger,
				Rate:         0.05,
				Retention:    [2]int{183, 30},
			}
			if period != "" {
				p, err := h.archive.Existing(ctx, period)
				if err != nil {
					return f, err
				}
				f.Period = &p
			}
			return f, nil
		},
	}
}

// freeze makes the reports of this month and the ones before it.
func (h *house) freeze(months int) (names []string) {
	h.t.Helper()
	begin := time.Now().UTC().AddDate(0, 0, 1-time.Now().UTC().Day())
	for i := range months {
		names = append(names, begin.AddDate(0, -i, 0).Format("2006-01"))
	}
	slices.Sort(names)
	for _, name := range names {
		if _, err := h.archive.Month(h.t.Context(), name, begin.AddDate(0, 2, 0)); err != nil {
			h.t.Fatal(err)
		}
	}
	return names
}

// TestTotalsAreFrozenReportsAlone: the page shows frozen figures, a visit makes no report, and each
// chart has its figures as a table (C3.2b).
func TestTotalsAreFrozenReportsAlone(t *testing.T) {
	h := newHouse(t)
	p := h.as(ledger.Board)
	p.get("/totals").check("before the first",
		status(http.StatusOK),
		has(h.pages.texts.In("nl").Text("totals-none")))
	p.get("/totals?period=2026-01").check("", status(http.StatusOK))
	if n := len(h.entries(ledger.ReportFrozen)); n != 0 {
		t.Fatalf("visits froze %d reports, want none", n)
	}
	h.traffic("juf@school.example", 500)
	months := h.freeze(4)
	a := p.get("/totals")
	a.must("", status(http.StatusOK))
	charts, tables := strings.Count(a.body, "<svg class=\"chart\""), strings.Count(a.body, "<table>")
	if charts < 8 || charts != tables {
		t.Errorf("%d charts and %d tables, want a table for each, and 8 or more", charts, tables)
	}
	people, _, _ := strings.Cut(a.body, `id="capacity-records"`) // which is of all together
	if !strings.Contains(people, "te weinig mensen") || regexp.MustCompile(`>5\d\d</td>`).MatchString(people) {
		t.Error("the traffic of few people is shown, want it hidden")
	}
	last := months[len(months)-1]
	for _, period := range []string{last, last[:4]} {
		p.get("/totals?period="+period).check(period, status(http.StatusOK), has("<svg"))
	}
	for _, bad := range []string{"1999-01", "x", "../../ledger", "2026-13", "2026-Q9"} {
		p.get("/totals?period="+bad).check(bad, status(http.StatusNotFound))
	}
	p.get("/totals/"+last+"/json").check("JSON", status(http.StatusOK), has(`"few-people"`))
	if n := len(h.entries(ledger.ReportFrozen)); n != 4 {
		t.Errorf("%d reports are frozen, want 4", n)
	}
}

func TestAChartEqualsItsTable(t *testing.T) {
	p := totals.Period{Tables: []totals.Table{{Name: totals.Volume, Rows: []totals.Row{
		{
			Name:    "mail-in",
			Figures: map[string]totals.Figure{totals.Records: {Value: 300}},
		}, {Name: "mail-out", Figures: map[string]totals.Figure{totals.Records: {Value: 600}}},
		{Name: "web", Figures: map[string]totals.Figure{totals.Records: {Value: 9999, Hidden: totals.FewPeople}}},
	}}}}
	all := charts(p, "nl")
	if len(all) != 1 || len(all[0].Bars) != 3 {
		t.Fatalf("charts %+v, want one with three bars", all)
	}
	for i, want := range []bar{
		{"mail van buiten", "300", "", 300, 0},
		{"mail naar buiten", "600", "", 600, barHeight},
		{"internet", "niet getoond", totals.FewPeople, 0, 2 * barHeight},
	} {
		if all[0].Bars[i] != want {
			t.Errorf("%+v, want %+v", all[0].Bars[i], want)
		}
	}
}

func TestProjection(t *testing.T) { // C3.3c
	for _, c := range []struct {
		values []int64
		want   int64
	}{{[]int64{100, 200, 300}, 900}, {[]int64{100, 100, 100, 100}, 100}, {[]int64{900, 600, 300}, 0}} {
		if got := project(c.values, 6); got != c.want {
			t.Errorf("%v: %d, want %d", c.values, got, c.want)
		}
	}
}

func TestTheAccountabilityReport(t *testing.T) { // K1, K2
	h := newHouse(t)
	p := h.as(ledger.Privacy)
	months := h.freeze(1)
	p.get("/reports").check("archive",
		status(http.StatusOK),
		has(h.entries(ledger.ReportFrozen)[0].Data.Commit))
	const quarter = "/reports/accountability?since=2026-01-01&until=2026-03-31"
	report := p.get(quarter + "&form=html&period=" + months[0])
	report.check("the page", status(http.StatusOK), has("De Regenboog"))
	if csp := report.header.Get("Content-Security-Policy"); strings.Contains(csp, "script") {
		t.Errorf("the policy of the report is %q, want no scripts", csp)
	}
	pdf := p.get(quarter + "&form=pdf")
	if !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Errorf("the PDF begins with %.10q, want %%PDF-", pdf.body)
	}
	pdf.check("the PDF",
		status(http.StatusOK),
		header("Content-Disposition", `attachment; filename="sluis-2026-01-01-2026-03-31.pdf"`))
	for _, bad := range []string{
		"since=x&until=2026-01-01&form=pdf", "since=2026-02-01&until=2026-01-01&form=pdf",
		"since=2026-01-01&until=2026-02-01&form=exe",
		"since=2026-01-01&until=2026-02-01&form=pdf&period=..%2f",
	} {
		p.get("/reports/accountability?"+bad).check(bad, status(http.StatusBadRequest))
	}
}
