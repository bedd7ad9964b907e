package console

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/access"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
)

// employeeRoutes are what everybody may know: what is held about oneself, and what is
// controlled (C3.2f, K2, K3). Every role has them, for all are employees too.
var employeeRoutes = []route{
	{pattern: "GET /mine", who: everybody, nav: "nav-mine", do: (*visit).mine},
	{pattern: "POST /mine", who: everybody, tells: ledger.InsightGiven, do: (*visit).insight},
	{pattern: "GET /conduct", who: everybody, nav: "nav-conduct", do: (*visit).conduct},
}

// maxOwn is how many records a page shows; what is taken along has all.
const maxOwn = 200

// mineView is what the page about oneself shows.
type mineView struct {
	Address    string
	Identified bool // records under a pseudonym can be there
	Days       int  // that they are kept
	Since      time.Time
	Until      time.Time
	Asked      bool // what follows was looked up just now
	Records    []orders.Own
	Total      int
}

func (v *visit) subject() roster.Subject { return v.c.o.Orders.People().Subject(v.Account.Address) }

func (v *visit) mineView() (w mineView, err error) {
	now := v.now()
	f, err := v.c.o.Totals.Account(v.r.Context(), now.AddDate(0, 0, -1), now, v.Lang.Code, "")
	if err != nil {
		return w, err
	}
	w = mineView{Address: v.Account.Address, Days: f.Retention[0], Until: now, Since: now.AddDate(0, 0, -f.Retention[0])}
	w.Identified = w.Address != "" && v.subject().Identified()
	return w, nil
}

func (v *visit) mine() error {
	w, err := v.mineView()
	if err != nil {
		return err
	}
	return v.show("mine", w)
}

// fresh reports whether somebody showed who they are a short while ago: by signing in, or by
// a passkey or code. Who finds an open browser learns nothing about its owner.
func (v *visit) fresh() bool { return v.Proven() || v.now().Sub(v.at(keySince)) < proofTime }

// insight shows somebody their own records, or gives them to take along (GDPR art. 15).
// Nothing is looked up before it is in the ledger.
func (v *visit) insight() error {
	form := v.field("form")
	if form != "page" && form != "html" && form != "csv" && form != "json" {
		return errUnclear
	}
	w, err := v.mineView()
	if err != nil {
		return err
	}
	switch {
	case !w.Identified:
		return v.again("mine", w, "mine-nobody")
	case !v.fresh() && v.Account.Strong():
		return v.see("/proof?next=/mine")
	case !v.fresh():
		return v.again("mine", w, "mine-again")
	}
	o := v.c.o.Orders
	if err := o.Tell(v.r.Context(), w.Address); err != nil { // an account may have been made on another's address
		v.c.o.Log.Error("console: a person was not told by mail of an insight", "error", err)
	}
	err = orders.Insight(v.r.Context(), v.c.o.Ledger, v.by(), orders.ByAccount, v.subject(), o.Keys, o.Records, w.Since, w.Until, func(own orders.Own) error {
		w.Records = append(w.Records, own)
		return nil
	})
	if err != nil {
		return err
	}
	if form == "page" {
		w.Asked, w.Total = true, len(w.Records)
		w.Records = w.Records[max(0, w.Total-maxOwn):]
		return v.show("mine", w)
	}
	return v.takeAlong(form, access.Report{Organisation: v.c.o.Organisation, Address: w.Address, Since: w.Since, Until: w.Until,
		Retention: time.Duration(w.Days) * 24 * time.Hour, CodeURL: v.c.o.CodeURL, Records: w.Records})
}

// takeAlong sends a report as a file.
func (v *visit) takeAlong(form string, r access.Report) error {
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
	h.Set("Content-Disposition", `attachment; filename="sluis-`+r.Until.In(v.c.o.Zone).Format(time.DateOnly)+"."+form+`"`)
	_, err := b.WriteTo(v.w)
	return err
}

// conductView is what is controlled, as it is configured.
type conductView struct {
	Purposes     []conductPurpose
	Share        float64 // of messages that are drawn for leaks
	Days         [2]int  // that metadata and messages set aside are kept
	Confidential int     // people whose traffic is checked for safety alone
	Web, Inside  bool    // web traffic is checked; encrypted traffic of some groups is looked into
}

type conductPurpose struct {
	Name  string
	Rules int
}

func (v *visit) conduct() error {
	now := v.now()
	f, err := v.c.o.Totals.Account(v.r.Context(), now.AddDate(0, 0, -1), now, v.Lang.Code, "")
	if err != nil {
		return err
	}
	w := conductView{Share: f.Rate, Days: f.Retention, Confidential: f.Confidential, Web: f.WebControl, Inside: f.Inspected}
	number := map[string]int{}
	for _, r := range f.Rules {
		number[r.Purpose.String()]++
	}
	for _, name := range strings.Fields("security conduct leak") {
		if n := number[name]; n > 0 {
			w.Purposes = append(w.Purposes, conductPurpose{name, n})
		}
	}
	return v.show("conduct", w)
}
