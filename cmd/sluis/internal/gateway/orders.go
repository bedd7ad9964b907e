package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/accounts"
	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/oversight/orders"
	"sluis/internal/quarantine"
	"sluis/internal/roster"
	"sluis/internal/store"
	"sluis/rules"
)

// ordersInForce finds the orders of the board by addresses.
type ordersInForce struct {
	store   *orders.Store
	people  *roster.Roster
	subject func(address string) roster.Subject
}

// ordersForMail gives the relay the orders that are in force.
func (g *Gateway) ordersForMail(people *roster.Roster) filter.Orders {
	return ordersInForce{g.orders, people, people.Subject}
}

// ordersAbout gives the proxy the orders about one person, whom it knows otherwise than by
// an address.
func (g *Gateway) ordersAbout(people *roster.Roster, who roster.Subject) filter.Orders {
	return ordersInForce{g.orders, people, func(string) roster.Subject { return who }}
}

// Excepted implements filter.Orders.
func (o ordersInForce) Excepted(_ time.Time, address string) bool {
	return o.store.Excepted(o.people, o.subject(address))
}

// Added implements filter.Orders.
func (o ordersInForce) Added(_ time.Time, address string) (filter.OrderID, rules.Purposes) {
	return o.store.Added(o.people, o.subject(address))
}

// isICT reports whether an account exists, and is one of the technical ICT service.
func (d *Data) isICT(ctx context.Context, account string) (bool, error) {
	s, err := d.Accounts()
	if err != nil {
		return false, err
	}
	a, err := s.Named(ctx, account)
	if errors.Is(err, accounts.ErrNotFound) {
		return false, nil
	}
	return a.May(ledger.ICT), err
}

// ordersKey is the key that the texts of completed orders are sealed with, for objections.
func (d *Data) ordersKey() keybook.Key {
	return keybook.Key{
		Name:  "orders.key",
		Path:  d.path("keys", "orders.key"),
		Opens: "what is sealed of completed orders",
		Of:    publicPart,
	}
}

func (d *Data) ordersIdentity(ctx context.Context) (*age.X25519Identity, error) {
	l, err := d.Ledger()
	if err != nil {
		return nil, err
	}
	b, err := d.ordersKey().Open(ctx, l, quarantine.NewIdentity)
	if err != nil {
		return nil, err
	}
	return quarantine.ParseIdentity(b)
}

// overdueOrders returns the ids of the orders whose outcome is overdue.
func (d *Data) overdueOrders(context.Context, time.Time) ([]string, error) {
	s, err := d.Orders()
	if err != nil {
		return nil, err
	}
	return s.Overdue()
}

// sendOverdue sends the board and the privacy officer a mail each week while the outcome of an order is overdue.
func (g *Gateway) sendOverdue(ctx context.Context, now time.Time) error {
	n := g.inForce.Load().Config.Notices
	to := slices.Concat(n.Board, n.Privacy)
	ids, err := g.orders.Overdue()
	if err != nil || n.From == "" || len(to) == 0 {
		return err
	}
	schedule := notice.Schedule{Path: g.data.path("notices.json")}
	for _, id := range ids {
		send := func() error { return g.sendOrderStep(ctx, to, id, "order-overdue", now, now) }
		if err := schedule.Due("order-overdue-"+id, weekly, now, send); err != nil {
			return err
		}
	}
	return nil
}

// foundTime is how long after its outcome a gateway that did not run yet destroys what an order led to; retention does
// it after that.
const foundTime = 30 * 24 * time.Hour

// destroyFound destroys what orders that are completed led to in the quarantine: what was gathered under an order does
// not outlive it (C3.2c). What was quarantined for technical safety stays.
func (g *Gateway) destroyFound(ctx context.Context) error {
	list, err := store.Readable(g.orders.List())
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.Outcome == nil || !o.Request.Content || time.Since(o.Outcome.At) > foundTime {
			continue
		}
		used := ledger.Query{Kinds: []ledger.Kind{ledger.OrderUsed}, Ref: o.ID}
		for e, err := range g.ledger.Find(used) {
			if err != nil {
				return err
			}
			if err := g.destroyOf(ctx, e.Data.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Gateway) destroyOf(ctx context.Context, message string) error {
	id, err := filter.ParseID(message)
	if err != nil {
		return nil // of a use that is about no message
	}
	e, err := g.quarantine.Get(ctx, id)
	if errors.Is(err, quarantine.ErrNotFound) {
		return nil
	}
	if err != nil || e.Purpose == rules.Security || e.State == quarantine.Released || e.State == quarantine.Destroyed {
		return err
	}
	return g.quarantine.Delete(ctx, id, quarantine.Intent{Reason: "its order is completed"})
}
