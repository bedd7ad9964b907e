package console

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
	"time"
)

// reportPages show the archive of frozen totals, and the accountability report (K1, K2).
type reportPages struct {
	Totals
	ledger *ledger.Ledger
}

func (p *reportPages) routes() []route {
	return []route{
		get("/reports", accountable, p.list).inMenu("nav-reports"),
		get("/reports/account", accountable, p.show),
	}
}

// reportsView is the archive.
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

func (p *reportPages) list(v *visit) error {
	months, err := p.Archive().Months()
	if err != nil {
		return err
	}
	w := reportsView{Periods: periods(months)}
	w.Since, w.Until = quarter(v)
	by := map[string]frozenReport{}
	for e, err := range p.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.ReportFrozen}}) {
		if err != nil {
			return err
		}
		if _, ok := by[e.Data.Ref]; !ok {
			by[e.Data.Ref] = frozenReport{e.Data.Ref, e.Time, e.Index, e.Data.Commit}
		}
	}
	for _, m := range slices.Backward(months) {
		w.Frozen = append(w.Frozen, by[m])
	}
	if err != nil {
		return err
	}
	return v.show("reports", w)
}

// quarter is the last three months, which a report is about unless somebody chooses.
func quarter(v *visit) (since, until string) {
	now := v.now().In(v.zone())
	return now.AddDate(0, -3, 0).Format(time.DateOnly), now.Format(time.DateOnly)
}

var periodShape = regexp.MustCompile(`^([0-9]{4}(-(Q[1-4]|[01][0-9]))?)?$`)

// account gives the account of the controls (K1, K2), to read or as PDF.
func (p *reportPages) show(v *visit) error {
	q := v.r.URL.Query()
	begin, end := quarter(v)
	begin, end = cmpOr(q.Get("since"), begin), cmpOr(q.Get("until"), end)
	since, wrong := time.ParseInLocation(time.DateOnly, begin, v.zone())
	until, err := time.ParseInLocation(time.DateOnly, end, v.zone())
	form, period := cmpOr(q.Get("form"), "html"), q.Get("period")
	if wrong != nil || err != nil || !since.Before(until) || form != "html" && form != "pdf" || !periodShape.MatchString(period) {
		return errUnclear
	}
	facts, err := p.Facts(v.r.Context(), since, until.AddDate(0, 0, 1), v.Lang.Code, period)
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
