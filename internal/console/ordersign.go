package console

import (
	"encoding/json"

	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
)

// signPages take the steps of an order that count by a signature alone: the advice of Legal Affairs, and the
// decisions and the withdrawal of the board. The form leads to a page that shows what is signed; a passkey on the
// board's roll signs it (C3.2d).
type signPages struct{ *orderPages }

func (p *signPages) routes() []route {
	var all []route
	for _, s := range []struct {
		path string
		who  who
		kind ledger.Kind
	}{
		{"/orders/{id}/advise", only(ledger.Legal), ledger.OrderAdvised},
		{"/orders/{id}/decide", deciders, ledger.OrderDecided},
		{"/orders/{id}/withdraw", deciders, ledger.OrderWithdrawn},
	} {
		all = append(all,
			post(s.path, s.who, p.show).needing(secrecy).unrecorded("nothing counts until it is signed"),
			post(s.path+"/ask", s.who, p.ask).needing(secrecy).unrecorded("it asks for a passkey, and nothing more"),
			post(s.path+"/signed", s.who, p.signed).needing(secrecy).recorded(s.kind))
	}
	return all
}

// pending is a step that an account is about to sign.
type pending struct {
	Order   string
	Intent  orders.Intent
	Entries int64 // of the ledger, when the passkey was asked for
}

// signView is the page that shows what is signed.
type signView struct {
	orderView
	Intent orders.Intent
	Asked  orders.Asked
	Hash   string
	Step   string // path of the step
}

// intent returns the step that a form is about.
func (v *visit) intent() (orders.Intent, error) {
	switch v.field("advice") + v.field("decision") {
	case "favourable", "against":
		return orders.Intent{
			Answer:     orders.Advise,
			Favourable: v.field("advice") == "favourable",
			Text:       v.field("text"),
		}, nil
	case string(orders.Approve):
		return orders.Intent{Answer: orders.Approve}, nil
	case string(orders.Refuse):
		return orders.Intent{Answer: orders.Refuse}, nil
	case string(orders.Withdraw):
		return orders.Intent{Answer: orders.Withdraw}, nil
	}
	return orders.Intent{}, errUnclear
}

// stepOf is where the routes of an answer are, after the address of the order.
var stepOf = map[orders.Answer]string{
	orders.Advise:   "/advise",
	orders.Approve:  "/decide",
	orders.Refuse:   "/decide",
	orders.Withdraw: "/withdraw",
}

func (p *signPages) show(v *visit) error {
	w, err := p.view(v) // and so only who it concerns
	if err != nil {
		return err
	}
	i, err := v.intent()
	if err != nil {
		return err
	}
	asked, err := p.Store.Ask(v.r.Context(), v.actor(), p.people(), w.ID, i)
	if problem := orderProblems.key(err); problem != "" {
		return v.again("order", w, problem)
	}
	if err != nil {
		return err
	}
	if err := v.keepPending(pending{Order: w.ID, Intent: i}); err != nil {
		return err
	}
	step := "/orders/" + w.ID + stepOf[i.Answer]
	return v.show("sign", signView{w, i, asked, roll.HexSum(asked.Paper), step})
}

func (v *visit) keepPending(a pending) error {
	b, err := json.Marshal(a)
	if err == nil {
		v.session().Put(v.r.Context(), keyPending, b)
	}
	return err
}

// pending returns the step that was shown, if it is of the order of this page.
func (v *visit) pending() (a pending, err error) {
	b := v.session().GetBytes(v.r.Context(), keyPending)
	if json.Unmarshal(b, &a) != nil || a.Order != v.r.PathValue("id") {
		return a, errUnclear
	}
	return a, nil
}

// ask gives the browser what it asks a passkey with, over the newest state of the ledger.
func (p *signPages) ask(v *visit) error {
	a, err := v.pending()
	if err != nil {
		return err
	}
	asked, err := p.Store.Ask(v.r.Context(), v.actor(), p.people(), a.Order, a.Intent)
	if orderProblems.key(err) != "" {
		return errUnclear
	}
	if err != nil {
		return err
	}
	a.Entries = asked.Entries
	if err := v.keepPending(a); err != nil {
		return err
	}
	return v.json(asked.Options)
}

func (p *signPages) signed(v *visit) error {
	a, err := v.pending()
	if err != nil || a.Entries == 0 {
		return errUnclear
	}
	v.session().Remove(v.r.Context(), keyPending)
	signed, err := roll.Answered(v.r, a.Entries)
	if err == nil {
		err = p.Store.Sign(v.r.Context(), v.actor(), p.people(), a.Order, a.Intent, signed)
	}
	if problem := orderProblems.key(err); problem != "" {
		v.note(problem)
	} else if err != nil {
		return err
	} else {
		v.note("order-step")
	}
	return v.json(map[string]string{"next": "/orders/" + a.Order})
}

// minutes is the page to print for the minutes of the board: what was decided, by whom, and six words of it.
func (p *orderPages) minutes(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("order-minutes", w)
}
