package console

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/access"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
)

// accessPages answer a person's own request for their data (GDPR art. 15, K3).
type accessPages struct {
	Access
	people func() *roster.Roster
	facts  Facts
	ledger *ledger.Ledger
}

func (p *accessPages) routes() []route {
	return []route{
		get("/access", everybody, p.show).inMenu("nav-access"),
		post("/access", everybody, p.request).recorded(ledger.InsightGiven),
	}
}

// maxOwn is how many records a page shows; what is taken along has all.
const maxOwn = 200

// view is what the page about oneself shows.
type accessView struct {
	Address    string
	Identified bool // records under a pseudonym can be there
	Days       int  // that they are kept
	Since      time.Time
	Until      time.Time
	Asked      bool // what follows was looked up just now
	Records    []orders.Own
	Total      int
}

func (p *accessPages) subject(v *visit) roster.Subject { return p.people().Subject(v.Account.Address) }

func (p *accessPages) view(v *visit) (w accessView, err error) {
	now := v.now()
	f, err := p.facts(v.r.Context(), now.AddDate(0, 0, -1), now, v.Lang.Code, "")
	if err != nil {
		return w, err
	}
	w = accessView{Address: v.Account.Address, Days: f.Retention[0], Until: now, Since: now.AddDate(0, 0, -f.Retention[0])}
	w.Identified = w.Address != "" && p.subject(v).Identified()
	return w, nil
}

func (p *accessPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("access", w)
}

// request shows somebody their own records, or gives them to take along (GDPR art. 15).
// Nothing is looked up before it is in the ledger.
func (p *accessPages) request(v *visit) error {
	form := v.field("form")
	if form != "page" && form != "html" && form != "csv" && form != "json" {
		return errUnclear
	}
	w, err := p.view(v)
	if err != nil {
		return err
	}
	switch {
	case !w.Identified:
		return v.again("access", w, "access-not-identified")
	case !v.isFresh() && v.Account.Strong():
		return v.see("/proof?next=/access")
	case !v.isFresh():
		return v.again("access", w, "access-sign-in-again")
	}
	if err := p.Notify(v.r.Context(), w.Address); err != nil { // an account may have been made on another's address
		v.log().Error("console: a person was not told by mail of an insight", "error", err)
	}
	err = orders.Insight(v.r.Context(), p.ledger, v.by(), orders.ByAccount, p.subject(v), p.Keys, p.Records, w.Since, w.Until, func(own orders.Own) error {
		w.Records = append(w.Records, own)
		return nil
	})
	if err != nil {
		return err
	}
	if form == "page" {
		w.Asked, w.Total = true, len(w.Records)
		w.Records = w.Records[max(0, w.Total-maxOwn):]
		return v.show("access", w)
	}
	return p.download(v, form, access.Report{Organisation: v.c.config.Organisation, Address: w.Address, Since: w.Since, Until: w.Until,
		Retention: time.Duration(w.Days) * 24 * time.Hour, CodeURL: v.c.config.CodeURL, Records: w.Records})
}

// download sends a report as a file.
func (p *accessPages) download(v *visit, form string, r access.Report) error {
	write, kind := r.WriteJSON, "application/json"
	switch form {
	case "csv":
		write, kind = r.WriteCSV, "text/csv; charset=utf-8"
	case "html":
		write, kind = func(w io.Writer) error { return r.WriteHTML(w, v.Lang.Code) }, "text/html; charset=utf-8"
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("write insight: %w", err)
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="sluis-`+r.Until.In(v.zone()).Format(time.DateOnly)+"."+form+`"`)
	_, err := b.WriteTo(v.w)
	return err
}
