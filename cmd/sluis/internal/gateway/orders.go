package gateway

import (
	"time"

	"sluis/filter"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
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
