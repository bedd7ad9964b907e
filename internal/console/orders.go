package console

import (
	"errors"
	"strings"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
	"sluis/internal/roster"
	"sluis/internal/store"
)

var (
	askers      = only(ledger.Board, ledger.Privacy, ledger.ICT)
	concerned   = only(ledger.Board, ledger.Supervisor, ledger.Legal, ledger.Privacy, ledger.ICT)
	deciders    = only(ledger.Board, ledger.Supervisor)
	supervisors = only(ledger.Board, ledger.Privacy)
)

// orderPages take an order of the board from request to outcome (C3.2c, C3.2d). Of the ICT service
// only the people who asked for an order, or are designated in it, see it.
type orderPages struct {
	Orders
	people   func() *roster.Roster
	accounts *accounts.Store
	rolls    *roll.Store
	ledger   *ledger.Ledger
}

func (p *orderPages) routes() []route {
	board := only(ledger.Board)
	act := func(path string, w who, do func(*visit) error, kind ledger.Kind) route {
		return post(path, w, do).needing(secrecy | proof).recorded(kind)
	}
	return []route{
		get("/orders", concerned, p.list).inMenu("nav-orders").needing(secrecy),
		get("/orders/{id}", concerned, p.show).needing(secrecy),
		get("/orders/{id}/minutes", concerned, p.minutes).needing(secrecy),
		act("/orders", askers, p.request, ledger.OrderRequested),
		act("/orders/{id}/dismiss", board, p.dismiss, ledger.InvestigatorWithdrawn),
		act("/orders/{id}/use", only(ledger.ICT), p.use, ledger.OrderUsed),
		act("/orders/{id}/complete", supervisors, p.complete, ledger.OrderCompleted),
		act("/orders/{id}/open", supervisors, p.open, ledger.OrderOpened),
	}
}

// ordersView is the list.
type ordersView struct {
	Orders        []orderRow
	Groups        []roster.Group
	ICT           []string // accounts that can be designated
	Days          int      // that an order lasts at most
	Form          map[string]string
	Investigators []string // of the form
	MayAsk        bool
}

// orderRow is an order with its state now.
type orderRow struct {
	orders.Order
	State orders.State
}

// LastDay returns the last day of the period.
func (o orderRow) LastDay() time.Time { return o.Request.Until.Add(-time.Second) }

func (p *orderPages) listView(v *visit) (w ordersView, err error) {
	all, err := store.Readable(p.Store.List())
	if err != nil {
		return w, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if concerns(v, &all[i]) {
			w.Orders = append(w.Orders, orderRow{all[i], all[i].State(v.now())})
		}
	}
	w.Groups, w.Days, w.MayAsk = p.people().Groups(), int(p.Longest/(24*time.Hour)), askers.may(v.Role)
	w.Form, w.Investigators = map[string]string{}, v.r.PostForm["investigator"]
	for _, name := range []string{"kind", "subject", "group", "reason", "from", "until", "look-back", "content", "sites"} {
		w.Form[name] = v.field(name)
	}
	people, err := p.accounts.List(v.r.Context())
	for _, a := range people {
		if a.May(ledger.ICT) && !a.Disabled {
			w.ICT = append(w.ICT, a.Name)
		}
	}
	return w, err
}

// concerns reports whether an account may see an order (C3.2d).
func concerns(v *visit, o *orders.Order) bool {
	return v.Role != ledger.ICT || o.Requested.By.Name == v.Account.Name || o.Investigator(v.Account.Name)
}

func (p *orderPages) list(v *visit) error {
	w, err := p.listView(v)
	if err != nil {
		return err
	}
	return v.show("orders", w)
}

var orderProblems = problems{
	"order-kind":            orders.ErrUnknownKind,
	"order-subject":         orders.ErrSubjectUnclear,
	"order-person":          orders.ErrNotOnePerson,
	"order-sites":           orders.ErrNoSites,
	"order-reason":          orders.ErrNoReason,
	"order-period":          orders.ErrInvalidPeriod,
	"order-long":            orders.ErrTooLong,
	"order-look-back":       orders.ErrLookBack,
	"order-investigators":   orders.ErrNoInvestigators,
	"order-unknown":         orders.ErrUnknownPerson,
	"order-advice":          orders.ErrNoAdvice,
	"order-days":            orders.ErrNoDays,
	"order-state":           orders.ErrWrongState,
	"order-not-in-force":    orders.ErrNotInForce,
	"order-decided-already": orders.ErrInvolved,
	"order-not-designated":  orders.ErrNotDesignated,
	"order-pupils":          orders.ErrPupils,
	"order-too-many-days":   orders.ErrTooManyDays,
	"order-not-ict":         orders.ErrNotICT,
	"order-too-early":       orders.ErrTooEarly,
	"order-not-sealed":      orders.ErrSealed,
	"order-long-view":       orders.ErrLongView,
	"order-same-person":     orders.ErrSamePerson,
	"order-no-person":       orders.ErrNoPerson,
	"order-other-person":    orders.ErrOtherPerson,
	"order-off":             orders.ErrCondition,
	"roll-none":             roll.ErrNone,
	"roll-forged":           roll.ErrForged,
	"roll-no-member":        roll.ErrNoMember,
	"roll-signature":        roll.ErrSignature,
	"roll-stale":            roll.ErrStale,
}

func (p *orderPages) request(v *visit) error {
	w, err := p.listView(v)
	if err != nil {
		return err
	}
	from, wrong := v.day("from")
	until, err := v.day("until")
	if wrong != nil || err != nil {
		return errUnclear
	}
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1) // the last day is in the period
	}
	id, err := p.Store.Request(v.r.Context(), v.actor(), p.people(), orders.Request{
		Kind:          orders.Kind(v.field("kind")),
		Subject:       strings.ToLower(v.field("subject")),
		Group:         v.field("group"),
		Sites:         strings.Fields(strings.ToLower(v.field("sites"))),
		Reason:        v.field("reason"),
		From:          from,
		Until:         until,
		LookBack:      v.field("look-back"),
		Content:       v.field("content") == "yes",
		Investigators: w.Investigators,
	})
	if problem := orderProblems.key(err); problem != "" {
		return v.again("orders", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-asked")
	return v.see("/orders/" + id)
}

// orderView is the page of one order.
type orderView struct {
	orderRow
	Designated bool          // who looks may use it
	Decided    bool          // who looks, already
	Roll       *roll.Adopted // that the steps are signed by
	Hash       string        // of the paper
	Acts       []ledger.Entry
	Records    []journal.Record
	More       bool // records than are shown
	Used       bool
	Overdue    bool          // its outcome is
	Texts      *orders.Texts // what is sealed of it, opened; nil: it is not
}

// Designates reports whether an account is designated, still.
func (w orderView) Designates(name string) bool { return w.Investigator(name) }

func (p *orderPages) view(v *visit) (w orderView, err error) {
	w.Order, w.State, err = p.Store.Get(v.r.PathValue("id"))
	if errors.Is(err, orders.ErrNotFound) || err == nil && !concerns(v, &w.Order) {
		return w, errNoPage
	}
	if err != nil {
		return w, err
	}
	if st := w.Standing(); st != nil {
		w.Hash = roll.HexSum(st.Paper)
	}
	if r, err := p.rolls.Current(); err == nil {
		w.Roll = &r.Adopted
	}
	w.Overdue = w.Order.Overdue(v.now())
	w.Designated = v.Role == ledger.ICT && w.Investigator(v.Account.Name)
	w.Decided = w.Requested.By.Name == v.Account.Name
	for _, d := range w.Decisions {
		w.Decided = w.Decided || d.By.Name == v.Account.Name
	}
	w.Acts, err = acts(p.ledger, ledger.Query{Ref: w.ID})
	return w, err
}

func (p *orderPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("order", w)
}

// step takes a step, and shows the order again.
func (p *orderPages) step(v *visit, take func(id string) error) error {
	w, err := p.view(v) // and so only who it concerns
	if err != nil {
		return err
	}
	err = take(w.ID)
	if problem := orderProblems.key(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	v.note("order-step")
	return v.see("/orders/" + w.ID)
}

func (p *orderPages) dismiss(v *visit) error {
	return p.step(v, func(id string) error {
		return p.Store.Dismiss(v.r.Context(), v.actor(), id, v.field("investigator"))
	})
}

func (p *orderPages) complete(v *visit) error {
	r := orders.Result{Unauthorised: v.field("found") == "yes", View: v.field("view")}
	for name, day := range map[string]*time.Time{
		"discussed":    &r.Discussed,
		"consequences": &r.Consequences,
		"destroyed":    &r.Destroyed,
	} {
		var err error
		if *day, err = v.day(name); err != nil {
			return errUnclear
		}
	}
	return p.step(v, func(id string) error { return p.Store.Complete(v.r.Context(), v.actor(), id, r) })
}

// open shows what is sealed of a completed order, for objections.
func (p *orderPages) open(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	texts, err := p.Store.OpenTexts(v.r.Context(), v.actor(), w.ID)
	if problem := orderProblems.key(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	if w, err = p.view(v); err != nil { // with this act
		return err
	}
	w.Texts = &texts
	return v.show("order", w)
}

// maxRecords bounds how many records a page shows.
const maxRecords = 500

// use shows the traffic data that an order in force is about, to who is designated.
func (p *orderPages) use(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	var records []journal.Record
	more := false
	err = p.Store.Use(v.r.Context(), v.actor(), w.ID, p.people(), p.Keys, p.Records, func(r journal.Record) error {
		if len(records) == maxRecords {
			more = true
			return nil
		}
		records = append(records, r)
		return nil
	})
	if problem := orderProblems.key(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	if w, err = p.view(v); err != nil { // with this use
		return err
	}
	w.Records, w.More, w.Used = records, more, true
	return v.show("order", w)
}
