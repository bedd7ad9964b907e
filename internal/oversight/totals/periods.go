package totals

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Period is a report of a month, a quarter or a year.
type Period struct {
	Name   string   `json:"name"`   // 2026-11, 2026-Q4 or 2026
	Months []string `json:"months"` // with a report
	Absent []string `json:"absent"` // without one
	Rate   float64  `json:"sample_rate"`
	Tables []Table  `json:"tables"`
}

var (
	quarterShape = regexp.MustCompile(`^([0-9]{4})-Q([1-4])$`)
	yearShape    = regexp.MustCompile(`^([0-9]{4})$`)
)

// ErrPeriod is returned for a name that is no period.
var ErrPeriod = errors.New("this is no period: write a month (2026-11), a quarter (2026-Q4) or a year (2026)")

// monthsOf returns the months of a period.
func monthsOf(name string) ([]string, error) {
	first, n := "", 0
	switch q := quarterShape.FindStringSubmatch(name); {
	case monthShape.MatchString(name):
		return []string{name}, nil
	case q != nil:
		first, n = fmt.Sprintf("%s-%02d", q[1], int(q[2][0]-'1')*3+1), 3
	case yearShape.MatchString(name):
		first, n = name+"-01", 12
	default:
		return nil, ErrPeriod
	}
	at, err := time.Parse(monthForm, first)
	if err != nil {
		return nil, ErrPeriod
	}
	var months []string
	for i := range n {
		months = append(months, at.AddDate(0, i, 0).Format(monthForm))
	}
	return months, nil
}

// Period returns the report of a period, made of the frozen reports of its months and of
// nothing else. It freezes months that are over.
func (a *Archive) Period(ctx context.Context, name string, now time.Time) (Period, error) {
	return a.period(name, func(month string) (Month, error) { return a.Month(ctx, month, now) })
}

// Existing is Period without freezing anything: a month that has no report yet
// is absent. The error is ErrNotOver if no month has one.
func (a *Archive) Existing(ctx context.Context, name string) (Period, error) {
	frozen, err := a.Months()
	if err != nil {
		return Period{}, err
	}
	return a.period(name, func(month string) (Month, error) {
		if !slices.Contains(frozen, month) {
			return Month{}, ErrNotOver
		}
		return a.Month(ctx, month, time.Time{})
	})
}

func (a *Archive) period(name string, report func(month string) (Month, error)) (Period, error) {
	months, err := monthsOf(name)
	if err != nil {
		return Period{}, err
	}
	p := Period{Name: name, Months: []string{}, Absent: []string{}}
	var reports []Month
	for _, m := range months {
		r, err := report(m)
		if errors.Is(err, ErrNotOver) {
			p.Absent = append(p.Absent, m)
			continue
		}
		if err != nil {
			return Period{}, err
		}
		p.Months, reports, p.Rate = append(p.Months, m), append(reports, r), r.Rate
	}
	if len(reports) == 0 {
		return Period{}, ErrNotOver
	}
	p.Tables = sum(reports)
	return p, nil
}

// sum adds the tables of months up, row by row. A figure that a month hides hides the sum; a
// small count does so only if all are small, and is nothing otherwise. A row that a month
// lacks is nothing there.
func sum(reports []Month) []Table {
	if len(reports) == 1 {
		return reports[0].Tables
	}
	var out []Table
	for i, t := range reports[0].Tables {
		names, rows := []string{}, map[string]map[string]Figure{}
		for _, r := range reports {
			for _, row := range r.Tables[i].Rows {
				if rows[row.Name] == nil {
					names, rows[row.Name] = append(names, row.Name), map[string]Figure{}
				}
				for measure, f := range row.Figures {
					if before, ok := rows[row.Name][measure]; ok {
						f = before.plus(f, row.Name)
					}
					rows[row.Name][measure] = f
				}
			}
		}
		total := Table{Name: t.Name, Rows: []Row{}}
		for _, n := range names {
			total.Rows = append(total.Rows, Row{n, rows[n]})
		}
		out = append(out, total)
	}
	return out
}

// plus adds two figures of one row: peaks, stored amounts and middle times are not added,
// the larger counts.
func (f Figure) plus(g Figure, row string) Figure {
	switch {
	case f.Hidden != Shown && f.Hidden != Few || g.Hidden != Shown && g.Hidden != Few:
		return Figure{Hidden: Missing}
	case f.Hidden == Few && g.Hidden == Few:
		return f
	}
	base := max(f.Base, g.Base)
	if row == "peak-hour" || row == "stored" || row == "median-hours" {
		return Figure{Value: max(f.Value, g.Value), Base: base}
	}
	return Figure{Value: f.Value + g.Value, Base: base}
}
