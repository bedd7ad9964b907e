package console

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/totals"
)

// reportPages show the archive of frozen totals, and the accountability report (K1, K2).
type reportPages struct {
	Totals
	ledger *ledger.Ledger
}

func (p *reportPages) routes() []route {
	return []route{
		get("/reports", readers, p.list).inMenu("nav-reports"),
		get("/reports/accountability", readers, p.show),
	}
}

// reportsView is the archive.
type reportsView struct {
	Frozen  []frozenReport // the latest first
	Periods []string
	Since   string
	Until   string
}

// frozenReport is a month's totals, with its entry in the ledger.
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

// quarter returns the last three months, which a report is about by default.
func quarter(v *visit) (since, until string) {
	now := v.now().In(v.zone())
	return now.AddDate(0, -3, 0).Format(time.DateOnly), now.Format(time.DateOnly)
}

var periodShape = regexp.MustCompile(`^([0-9]{4}(-(Q[1-4]|[01][0-9]))?)?$`)

// span is what a report is about.
type span struct {
	begin, end   string // days, for the name of a file
	since, until time.Time
	period       string // of totals; empty: none
}

func spanOf(v *visit) (s span, err error) {
	q := v.r.URL.Query()
	s.begin, s.end = quarter(v)
	s.begin, s.end, s.period = cmp.Or(q.Get("since"), s.begin), cmp.Or(q.Get("until"), s.end), q.Get("period")
	var wrong error
	s.since, wrong = time.ParseInLocation(time.DateOnly, s.begin, v.zone())
	s.until, err = time.ParseInLocation(time.DateOnly, s.end, v.zone())
	if wrong != nil || err != nil || !s.since.Before(s.until) || !periodShape.MatchString(s.period) {
		return s, errUnclear
	}
	return s, nil
}

// reportPolicy is that of the report, a page of its own with its style in it.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// show gives the accountability report, to read or as PDF.
func (p *reportPages) show(v *visit) error {
	s, err := spanOf(v)
	if err != nil {
		return err
	}
	facts, err := p.Facts(v.r.Context(), s.since, s.until.AddDate(0, 0, 1), v.Lang.Code, s.period)
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
	switch v.r.URL.Query().Get("form") {
	case "", "html":
		v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = r.WriteHTML(&b)
	case "pdf":
		v.download("application/pdf", "sluis-"+s.begin+"-"+s.end+".pdf")
		err = r.WritePDF(&b)
	default:
		return errUnclear
	}
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Security-Policy", reportPolicy)
	_, err = io.Copy(v.w, &b)
	return err
}
