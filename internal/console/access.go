package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
	"sluis/internal/oversight/access"
	"sluis/internal/roster"
)

// accessPages answer access requests: every role may ask for the records of its own account's
// address, for all are employees too (GDPR art. 15, K3, C3.2f). The request is in the ledger
// before a record is read.
type accessPages struct {
	Access
	accounts *accounts.Store
	people   func() *roster.Roster
	facts    Facts
	ledger   *ledger.Ledger
}

func (p *accessPages) routes() []route {
	return []route{
		get("/access", everybody, p.show).inMenu("nav-access"),
		post("/access", everybody, p.request).recorded(ledger.AccessGiven),
		post("/access/code", everybody, p.sendCode).unrecorded("what the code confirms is in the ledger"),
		post("/access/confirm", everybody, p.confirm).recorded(ledger.AccountChanged),
	}
}

// maxOwn is how many records a page shows; a file has all of them.
const maxOwn = 200

// accessView is the page.
type accessView struct {
	Address    string
	Identified bool // records under a pseudonym can be there
	Confirm    bool // the address has to be confirmed first
	Held       bool // a change of whose the person's addresses are waits for consent
	Days       int  // that they are stored
	Since      time.Time
	Until      time.Time
	Requested  bool // the records are in this page
	Records    []access.Record
	Total      int
}

func (p *accessPages) subject(v *visit) roster.Subject { return p.people().Subject(v.Account.Address) }

func (p *accessPages) view(v *visit) (w accessView, err error) {
	now := v.now()
	f, err := p.facts(v.r.Context(), now.AddDate(0, 0, -1), now, v.Lang.Code, "")
	if err != nil {
		return w, err
	}
	w = accessView{
		Address: v.Account.Address,
		Days:    f.Retention[0],
		Since:   now.AddDate(0, 0, -f.Retention[0]),
		Until:   now,
	}
	if w.Confirm = v.Account.Claimed != "" && !v.Account.Current; w.Confirm {
		w.Address = v.Account.Claimed
	}
	w.Held = p.people().Waits(v.Account.Claimed)
	w.Identified = !w.Confirm && !w.Held && w.Address != "" && p.subject(v).Identified()
	return w, nil
}

// sendCode mails the code that confirms the address of the account.
func (p *accessPages) sendCode(v *visit) error {
	err := p.accounts.SendCode(v.r.Context(), v.guesser(), v.Account.ID)
	if problem := changeProblems.key(err); problem != "" {
		return p.again(v, problem)
	}
	if err != nil {
		return err
	}
	v.note("access-code-sent")
	return v.see("/access")
}

// confirm makes the address of the account count, with the code.
func (p *accessPages) confirm(v *visit) error {
	err := p.accounts.Confirm(v.r.Context(), v.guesser(), v.Account.ID, v.field("code"))
	if errors.Is(err, accounts.ErrWrongCredentials) {
		return p.again(v, "access-code-wrong")
	}
	if err != nil {
		return err
	}
	v.note("access-confirmed")
	return v.see("/access")
}

// again shows the page with a problem.
func (p *accessPages) again(v *visit, problem string) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.again("access", w, problem)
}

func (p *accessPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("access", w)
}

// request shows the records, or gives them as a file. An open browser is not enough for it: the
// person signed in a short while ago, or proves who they are.
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
	case w.Held:
		return p.refuse(v, w, form, "access-held")
	case w.Confirm:
		return p.refuse(v, w, form, "access-confirm")
	case !w.Identified:
		return p.refuse(v, w, form, "access-not-identified")
	case !v.isFresh() && v.Account.Strong():
		return v.see("/proof?next=/access")
	case !v.isFresh():
		return v.again("access", w, "access-sign-in-again")
	}
	err = p.read(v, &w)
	if errors.Is(err, errNotTold) {
		return p.refuse(v, w, form, "access-not-told")
	}
	if err != nil {
		return err
	}
	if form == "page" {
		w.Requested, w.Total = true, len(w.Records)
		w.Records = w.Records[max(0, w.Total-maxOwn):]
		return v.show("access", w)
	}
	return p.download(v, form, access.Report{
		Organisation: v.c.site.Organisation,
		Address:      w.Address,
		Since:        w.Since,
		Until:        w.Until,
		Retention:    time.Duration(w.Days) * 24 * time.Hour,
		CodeURL:      v.c.site.CodeURL,
		Records:      w.Records,
	})
}

// refuse says why there are no records: a program that asked for JSON gets that.
func (p *accessPages) refuse(v *visit, w accessView, form, problem string) error {
	if form != "json" {
		return v.again("access", w, problem)
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(http.StatusUnprocessableEntity)
	return json.NewEncoder(v.w).Encode(map[string]any{"problem": v.T(problem), "records": []any{}})
}

// errNotTold is returned if the person could not be notified: then nothing is shown.
var errNotTold = errors.New("the notice of an access request was not sent")

// read notifies the person at all addresses that the roster has, and reads the records.
func (p *accessPages) read(v *visit, w *accessView) error {
	ctx := v.r.Context()
	if err := p.Notify(ctx, p.people().Addresses(w.Address)); err != nil {
		v.log().Error("console: the notice of an access request was not sent", "error", err)
		return errNotTold
	}
	add := func(own access.Record) error {
		w.Records = append(w.Records, own)
		return nil
	}
	archive := access.Archive{Ledger: p.ledger, Keys: p.Keys, Records: p.Records}
	return archive.Give(ctx, access.Request{
		By:     v.actor(),
		Proof:  access.ByAccount,
		Person: p.subject(v),
		Since:  w.Since,
		Until:  w.Until,
	}, add)
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
		return fmt.Errorf("write access report: %w", err)
	}
	v.download(kind, "sluis-"+r.Until.In(v.zone()).Format(time.DateOnly)+"."+form)
	_, err := b.WriteTo(v.w)
	return err
}
