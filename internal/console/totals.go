package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
)

// Totals are the totals for the board, and the account that is given of the controls.
type Totals struct {
	Archive func() *totals.Archive
	// Account returns what the report of a period is made from; period may be empty.
	Account func(ctx context.Context, since, until time.Time, lang, period string) (report.Facts, error)
}

var accountable = only(ledger.Board, ledger.Privacy, ledger.Legal)

// totalRoutes show totals under disclosure control (C3.2b): frozen reports, and nothing else.
var totalRoutes = []route{
	{pattern: "GET /totals", who: accountable, nav: "nav-totals", do: (*visit).totals},
	{pattern: "GET /totals/{period}/json", who: accountable, do: (*visit).totalsJSON},
	{pattern: "GET /reports", who: accountable, nav: "nav-reports", do: (*visit).reports},
	{pattern: "GET /reports/account", who: accountable, do: (*visit).accountReport},
}

// totalsView is what the page of totals shows.
type totalsView struct {
	Periods []string
	Period  totals.Period
	Tables  []chart
	Trends  []chart
	None    bool // there is no report yet
}

// chart is a table of figures of one measure with its bars.
type chart struct {
	ID, Title, Note string
	Head            string // of the figures
	Bars            []bar
	Height          int
}

// bar is one figure.
type bar struct {
	Name, Value string
	Hidden      totals.Why
	Width       int // of chartWidth
	Y           int
}

// Sizes of a chart, in its own units.
const (
	chartWidth = 600
	barHeight  = 34
)

// draw gives the bars their places. What is hidden has none: its length would tell.
func (c *chart) draw(values []int64) {
	most := int64(1)
	for i, v := range values {
		if c.Bars[i].Hidden == totals.Shown {
			most = max(most, v)
		}
	}
	for i := range c.Bars {
		c.Bars[i].Y = i * barHeight
		if c.Bars[i].Hidden == totals.Shown {
			c.Bars[i].Width = max(1, int(values[i]*chartWidth/most))
		}
	}
	c.Height = len(c.Bars) * barHeight
}

var measures = []string{totals.Records, totals.Bytes, "hours"}

// charts makes one of each measure of each table.
func charts(p totals.Period, n report.Names) (all []chart) {
	for _, t := range p.Tables {
		for _, m := range measures {
			c := chart{ID: t.Name + "-" + m, Title: n.Table(t.Name), Head: n.Measure(m)}
			var values []int64
			for _, r := range t.Rows {
				f, ok := r.Figures[m]
				if !ok {
					continue
				}
				c.Bars = append(c.Bars, bar{Name: n.Row(r.Name), Value: n.Figure(f, m), Hidden: f.Hidden})
				values = append(values, f.Value)
			}
			if len(c.Bars) > 0 {
				c.draw(values)
				all = append(all, c)
			}
		}
	}
	return all
}

// trends follow totals over the last months.
func (v *visit) trends(a *totals.Archive, months []string) (all []chart, err error) {
	months = months[max(0, len(months)-12):]
	n := report.Names(v.Lang.Code)
	for _, of := range []struct{ table, row, measure string }{
		{totals.Volume, "total", totals.Records}, {totals.Sample, "drawn", totals.Records}, {totals.Decisions, "quarantine", totals.Records}, {totals.Capacity, "month", totals.Bytes}, {totals.Capacity, "stored", totals.Bytes},
	} {
		c := chart{ID: "trend-" + of.table + "-" + of.row, Title: n.Table(of.table) + ": " + n.Row(of.row), Head: n.Measure(of.measure)}
		var values []int64
		for _, month := range months {
			p, err := a.Look(v.r.Context(), month)
			if err != nil {
				return nil, err
			}
			if f, ok := find(p, of.table, of.row, of.measure); ok {
				c.Bars = append(c.Bars, bar{Name: month, Value: n.Figure(f, of.measure), Hidden: f.Hidden})
				values = append(values, f.Value)
			}
		}
		if of.table == totals.Capacity && len(values) >= 3 {
			c.Note = v.T("projected", n.Figure(totals.Figure{Value: project(values, 6)}, of.measure))
		}
		if len(c.Bars) > 1 {
			c.draw(values)
			all = append(all, c)
		}
	}
	return all, nil
}

func find(p totals.Period, table, row, measure string) (totals.Figure, bool) {
	for _, t := range p.Tables {
		for _, r := range t.Rows {
			if f, ok := r.Figures[measure]; ok && t.Name == table && r.Name == row {
				return f, true
			}
		}
	}
	return totals.Figure{}, false
}

// project returns what a figure will be in some months if it goes on as it did, along the
// line that lies closest to its months (least squares); never less than nothing. It is for
// bytes and counts alone (C3.3c).
func project(values []int64, months int) int64 {
	n := float64(len(values))
	var sx, sy, sxy, sxx float64
	for i, v := range values {
		x, y := float64(i), float64(v)
		sx, sy, sxy, sxx = sx+x, sy+y, sxy+x*y, sxx+x*x
	}
	slope := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return max(0, int64((sy-slope*sx)/n+slope*(n-1+float64(months))))
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

func (v *visit) totals() error {
	a := v.c.o.Totals.Archive()
	months, err := a.Months()
	if err != nil {
		return err
	}
	w := totalsView{Periods: periods(months), None: len(months) == 0}
	if w.None {
		return v.show("totals", w)
	}
	if w.Period, err = v.period(a, cmpOr(v.r.URL.Query().Get("period"), months[len(months)-1])); err != nil {
		return err
	}
	w.Tables = charts(w.Period, report.Names(v.Lang.Code))
	if w.Trends, err = v.trends(a, months); err != nil {
		return err
	}
	return v.show("totals", w)
}

// period returns the totals of a period that has any.
func (v *visit) period(a *totals.Archive, name string) (totals.Period, error) {
	p, err := a.Look(v.r.Context(), name)
	if errors.Is(err, totals.ErrPeriod) || errors.Is(err, totals.ErrMonth) || errors.Is(err, totals.ErrNotOver) {
		return p, errNoPage
	}
	return p, err
}

func (v *visit) totalsJSON() error {
	p, err := v.period(v.c.o.Totals.Archive(), v.r.PathValue("period"))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Disposition", `attachment; filename="totals-`+p.Name+`.json"`)
	return json.NewEncoder(v.w).Encode(p)
}

// reportsView is what the archive shows.
type reportsView struct {
	Frozen  []frozenReport // the latest first
	Periods []string
	Since   string
	Until   string
}

// frozenReport is a month's totals with what the ledger says of it.
type frozenReport struct {
	Month  string
	Frozen time.Time
	Index  int64 // of its entry in the ledger
	Hash   string
}

func (v *visit) reports() error {
	months, err := v.c.o.Totals.Archive().Months()
	if err != nil {
		return err
	}
	w := reportsView{Periods: periods(months)}
	w.Since, w.Until = v.quarter()
	by := map[string]frozenReport{}
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		if _, ok := by[e.Data.Ref]; e.Kind == ledger.ReportFrozen && !ok {
			by[e.Data.Ref] = frozenReport{e.Data.Ref, e.Time, e.Index, e.Data.Commit}
		}
		return nil
	})
	for _, m := range slices.Backward(months) {
		w.Frozen = append(w.Frozen, by[m])
	}
	if err != nil {
		return err
	}
	return v.show("reports", w)
}

// quarter is the last three months, which a report is about unless somebody chooses.
func (v *visit) quarter() (since, until string) {
	now := v.now().In(v.c.o.Zone)
	return now.AddDate(0, -3, 0).Format(time.DateOnly), now.Format(time.DateOnly)
}

var periodShape = regexp.MustCompile(`^([0-9]{4}(-(Q[1-4]|[01][0-9]))?)?$`)

// accountReport gives the account of the controls (K1, K2), to read or as PDF.
func (v *visit) accountReport() error {
	q := v.r.URL.Query()
	begin, end := v.quarter()
	begin, end = cmpOr(q.Get("since"), begin), cmpOr(q.Get("until"), end)
	since, wrong := time.ParseInLocation(time.DateOnly, begin, v.c.o.Zone)
	until, err := time.ParseInLocation(time.DateOnly, end, v.c.o.Zone)
	form, period := cmpOr(q.Get("form"), "html"), q.Get("period")
	if wrong != nil || err != nil || !since.Before(until) || form != "html" && form != "pdf" || !periodShape.MatchString(period) {
		return errUnclear
	}
	facts, err := v.c.o.Totals.Account(v.r.Context(), since, until.AddDate(0, 0, 1), v.Lang.Code, period)
	if errors.Is(err, totals.ErrNotOver) || errors.Is(err, totals.ErrPeriod) || errors.Is(err, totals.ErrMonth) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	r, err := report.New(facts)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	write, kind := r.WriteHTML, "text/html; charset=utf-8"
	if form == "pdf" {
		write, kind = r.WritePDF, "application/pdf"
		v.w.Header().Set("Content-Disposition", `attachment; filename="sluis-`+begin+`-`+end+`.pdf"`)
	}
	if err := write(&b); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'") // a page of its own, with its style in it
	_, err = io.Copy(v.w, &b)
	return err
}
