package console

import (
	"context"
	"errors"
	"strings"
	"time"

	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
)

// Orders are the orders of the board, and what they can be used on.
type Orders struct {
	Store   *orders.Store
	People  func() *roster.Roster
	Keys    *journal.Keys
	Records journal.Store
	Longest time.Duration
	Tell    func(ctx context.Context, address string) error // a person, by mail, that their records were asked for
}

var (
	askers      = only(ledger.Board, ledger.Privacy, ledger.ICT)
	concerned   = only(ledger.Board, ledger.Legal, ledger.Privacy, ledger.ICT)
	supervisors = only(ledger.Board, ledger.Privacy)
)

// orderRoutes are the steps of an order (C3.2c, C3.2d). Which of the ICT service sees one is
// who asked for it or is designated in it.
var orderRoutes = []route{
	{pattern: "GET /orders", who: concerned, nav: "nav-orders", needs: secrecy, do: (*visit).orders},
	{pattern: "POST /orders", who: askers, needs: secrecy | proof, tells: ledger.OrderRequested, do: (*visit).requestOrder},
	{pattern: "GET /orders/{id}", who: concerned, needs: secrecy, do: (*visit).order},
	{pattern: "POST /orders/{id}/advise", who: only(ledger.Legal), needs: secrecy | proof, tells: ledger.OrderAdvised, do: (*visit).adviseOrder},
	{pattern: "POST /orders/{id}/decide", who: only(ledger.Board), needs: secrecy | proof, tells: ledger.OrderDecided, do: (*visit).decideOrder},
	{pattern: "POST /orders/{id}/withdraw", who: only(ledger.Board), needs: secrecy | proof, tells: ledger.OrderWithdrawn, do: (*visit).withdrawOrder},
	{pattern: "POST /orders/{id}/dismiss", who: only(ledger.Board), needs: secrecy | proof, tells: ledger.InvestigatorGone, do: (*visit).dismissInvestigator},
	{pattern: "POST /orders/{id}/use", who: only(ledger.ICT), needs: secrecy | proof, tells: ledger.OrderUsed, do: (*visit).useOrder},
	{pattern: "POST /orders/{id}/complete", who: supervisors, needs: secrecy | proof, tells: ledger.OrderCompleted, do: (*visit).completeOrder},
}

// ordersView is what the list shows.
type ordersView struct {
	Orders []orderRow
	Groups []roster.Group
	ICT    []string // accounts that can be designated
	Days   int      // that an order lasts at most
	Form   map[string]string
	Chosen []string
	MayAsk bool
}

type orderRow struct {
	orders.Order
	State orders.State
}

// LastDay returns the last day of the period.
func (o orderRow) LastDay() time.Time { return o.Request.Until.Add(-time.Second) }

func (v *visit) ordersView() (w ordersView, err error) {
	all, err := v.c.o.Orders.Store.List()
	if err != nil {
		return w, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if v.concerns(&all[i]) {
			w.Orders = append(w.Orders, orderRow{all[i], all[i].State(v.now())})
		}
	}
	w.Groups, w.Days, w.MayAsk = v.c.o.Orders.People().Groups(), int(v.c.o.Orders.Longest/(24*time.Hour)), askers.may(v.Role)
	w.Form, w.Chosen = map[string]string{}, v.r.PostForm["investigator"]
	for _, name := range []string{"kind", "subject", "group", "reason", "from", "until", "content"} {
		w.Form[name] = v.field(name)
	}
	people, err := v.c.o.Accounts.List(v.r.Context())
	for _, a := range people {
		if a.May(ledger.ICT) && !a.Disabled {
			w.ICT = append(w.ICT, a.Name)
		}
	}
	return w, err
}

// concerns reports whether an order is somebody's business (C3.2d).
func (v *visit) concerns(o *orders.Order) bool {
	return v.Role != ledger.ICT || o.Requested.By.Name == v.Account.Name || o.Investigator(v.Account.Name)
}

func (v *visit) orders() error {
	w, err := v.ordersView()
	if err != nil {
		return err
	}
	return v.show("orders", w)
}

// day reads a field that is a day; zero if it is empty.
func (v *visit) day(name string) (time.Time, error) {
	if v.field(name) == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation(time.DateOnly, v.field(name), v.c.o.Zone)
}

// orderProblem is what somebody is told that cannot be.
func orderProblem(err error) string {
	for problem, is := range map[string]error{
		"order-kind": orders.ErrKind, "order-subject": orders.ErrSubject, "order-person": orders.ErrPerson, "order-reason": orders.ErrReason, "order-period": orders.ErrPeriod,
		"order-long": orders.ErrLong, "order-investigators": orders.ErrInvestigators, "order-unknown": orders.ErrUnknown, "order-advice": orders.ErrAdvice, "order-days": orders.ErrDays,
		"order-state": orders.ErrState, "order-force": orders.ErrForce, "order-twice": orders.ErrTwice, "order-nobody": orders.ErrNobody,
	} {
		if errors.Is(err, is) {
			return problem
		}
	}
	return ""
}

func (v *visit) requestOrder() error {
	w, err := v.ordersView()
	if err != nil {
		return err
	}
	from, wrong := v.day("from")
	until, err := v.day("until")
	if wrong != nil || err != nil {
		return errUnclear
	}
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1) // the last day is meant too
	}
	id, err := v.c.o.Orders.Store.Request(v.r.Context(), v.by(), v.c.o.Orders.People(), orders.Request{Kind: orders.Kind(v.field("kind")), Subject: strings.ToLower(v.field("subject")),
		Group: v.field("group"), Reason: v.field("reason"), From: from, Until: until, Content: v.field("content") == "yes", Investigators: w.Chosen})
	if problem := orderProblem(err); problem != "" {
		return v.again("orders", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-asked")
	return v.see("/orders/" + id)
}

// orderView is what the page of one order shows.
type orderView struct {
	orderRow
	Designated bool // who looks may use it
	Decided    bool // who looks, already
	Acts       []ledger.Entry
	Records    []journal.Record
	More       bool // records than are shown
	Used       bool
}

// Designates reports whether somebody is designated, still.
func (w orderView) Designates(name string) bool { return w.Investigator(name) }

func (v *visit) orderView() (w orderView, err error) {
	w.Order, w.State, err = v.c.o.Orders.Store.Get(v.r.PathValue("id"))
	if errors.Is(err, orders.ErrNotFound) || err == nil && !v.concerns(&w.Order) {
		return w, errNoPage
	}
	if err != nil {
		return w, err
	}
	w.Designated = v.Role == ledger.ICT && w.Investigator(v.Account.Name)
	w.Decided = w.Requested.By.Name == v.Account.Name
	for _, d := range w.Decisions {
		w.Decided = w.Decided || d.By.Name == v.Account.Name
	}
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		if e.Data.Ref == w.ID && strings.HasPrefix(string(e.Kind), "order-") {
			w.Acts = append(w.Acts, e)
		}
		return nil
	})
	return w, err
}

func (v *visit) order() error {
	w, err := v.orderView()
	if err != nil {
		return err
	}
	return v.show("order", w)
}

// orderStep takes a step, and shows the order again.
func (v *visit) orderStep(take func(id string) error) error {
	w, err := v.orderView() // and so only who it concerns
	if err != nil {
		return err
	}
	err = take(w.ID)
	if problem := orderProblem(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/orders/" + w.ID)
}

func (v *visit) adviseOrder() error {
	return v.orderStep(func(id string) error {
		return v.c.o.Orders.Store.Advise(v.r.Context(), v.by(), id, v.field("advice") == "favourable", v.field("text"))
	})
}

func (v *visit) decideOrder() error {
	if d := v.field("decision"); d != "approve" && d != "refuse" {
		return errUnclear
	}
	return v.orderStep(func(id string) error {
		return v.c.o.Orders.Store.Decide(v.r.Context(), v.by(), id, v.field("decision") == "approve")
	})
}

func (v *visit) withdrawOrder() error {
	return v.orderStep(func(id string) error { return v.c.o.Orders.Store.Withdraw(v.r.Context(), v.by(), id) })
}

func (v *visit) dismissInvestigator() error {
	return v.orderStep(func(id string) error {
		return v.c.o.Orders.Store.Dismiss(v.r.Context(), v.by(), id, v.field("investigator"))
	})
}

func (v *visit) completeOrder() error {
	discussed, wrong := v.day("discussed")
	destroyed, err := v.day("destroyed")
	if wrong != nil || err != nil {
		return errUnclear
	}
	return v.orderStep(func(id string) error {
		return v.c.o.Orders.Store.Complete(v.r.Context(), v.by(), id, v.field("found") == "yes", discussed, destroyed)
	})
}

// maxRecords bounds how many records a page shows.
const maxRecords = 500

// useOrder shows the traffic data that an order in force is about, to who is designated.
func (v *visit) useOrder() error {
	w, err := v.orderView()
	if err != nil {
		return err
	}
	o := v.c.o.Orders
	var records []journal.Record
	more := false
	err = o.Store.Use(v.r.Context(), v.by(), w.ID, o.People(), o.Keys, o.Records, func(r journal.Record) error {
		if len(records) == maxRecords {
			more = true
			return nil
		}
		records = append(records, r)
		return nil
	})
	if problem := orderProblem(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	if w, err = v.orderView(); err != nil { // with this use
		return err
	}
	w.Records, w.More, w.Used = records, more, true
	return v.show("order", w)
}
