package gateway

import (
	"context"
	"time"

	"sluis/filter"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
	"sluis/rules"
)

// ordersForMail gives the relay the orders that are in force, and takes complaints about
// imagery in.
func (g *Gateway) ordersForMail(people *roster.Roster) filter.Orders {
	o := ordersInForce{g.orders, people, people.Subject}
	if address := g.started.Imagery.Address; address != "" {
		return intake{o, address, g.imagery.Mailed}
	}
	return o
}

// ordersAbout gives the proxy the orders about one person, whom it knows otherwise than by
// an address.
func (g *Gateway) ordersAbout(people *roster.Roster, who roster.Subject) filter.Orders {
	return ordersInForce{g.orders, people, func(string) roster.Subject { return who }}
}

// ordersInForce looks addresses up for the orders of the board.
type ordersInForce struct {
	store   *orders.Store
	people  *roster.Roster
	subject func(address string) roster.Subject
}

// Excepted implements filter.Orders.
func (o ordersInForce) Excepted(_ time.Time, address string) bool {
	return o.store.Excepted(o.people, o.subject(address))
}

// Added implements filter.Orders.
func (o ordersInForce) Added(id filter.ID, _ time.Time, address string) (rules.Purposes, error) {
	return o.store.Added(context.Background(), o.people, o.subject(address), id)
}
