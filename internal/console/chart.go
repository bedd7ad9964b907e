package console

import (
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
)

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

// draw gives the bars their places. A hidden figure has no length, which would disclose it.
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

// charts makes one of each measure of each table.
func charts(p totals.Period, n report.Names) (all []chart) {
	for _, t := range p.Tables {
		for _, m := range totals.Measures() {
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

// trendFigures are the figures that are followed from month to month.
var trendFigures = []struct{ table, row, measure string }{
	{totals.Volume, "total", totals.Records},
	{totals.Sample, "drawn", totals.Records},
	{totals.Decisions, "quarantine", totals.Records},
	{totals.Capacity, "month", totals.Bytes},
	{totals.Capacity, "stored", totals.Bytes},
}

// trends follow totals over the last months.
func (p *totalPages) trends(v *visit, a *totals.Archive, months []string) (all []chart, err error) {
	months = months[max(0, len(months)-12):]
	n := report.Names(v.Lang.Code)
	for _, of := range trendFigures {
		c := chart{
			ID:    "trend-" + of.table + "-" + of.row,
			Title: n.Table(of.table) + ": " + n.Row(of.row),
			Head:  n.Measure(of.measure),
		}
		var values []int64
		for _, month := range months {
			period, err := a.Existing(v.r.Context(), month)
			if err != nil {
				return nil, err
			}
			if f, ok := find(period, of.table, of.row, of.measure); ok {
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
