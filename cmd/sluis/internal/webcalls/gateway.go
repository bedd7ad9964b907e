package webcalls

import (
	"context"
	"errors"
	"net"
	"net/rpc"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/proxy/identify"
	"sluis/rules"
)

// Gateway answers the web process.
type Gateway interface {
	Grounds(id filter.ID, at time.Time, who identify.Identity, upload bool) (filter.Grounds, error)
	RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error
	Put(r journal.Record, s roster.Subject)
	Appeal(host string, c rules.Category, rule rules.ID, g roster.Group, need appeals.Need, now time.Time) error
	// Ordered reports whether any order of the board may be in force.
	Ordered() bool
}

// ServeGateway answers calls until the connection ends.
func ServeGateway(conn net.Conn, g Gateway) { serve(conn, &gatewayCalls{g}) }

// serviceName is the name under which either side has its calls.
const serviceName = "Sluis"

func serve(conn net.Conn, calls any) {
	s := rpc.NewServer()
	if err := s.RegisterName(serviceName, calls); err != nil {
		panic(err) // a method that net/rpc cannot call
	}
	s.ServeConn(conn)
}

// None is no argument or no answer.
type None struct{}

// GroundsCall asks for the grounds of one request.
type GroundsCall struct {
	ID      filter.ID
	At      time.Time
	Subject roster.Subject
	Upload  bool
}

// UseCall records the orders that grounds rest on.
type UseCall struct {
	Orders []filter.OrderID
	ID     filter.ID
}

// RecordCall is one record of the journal.
type RecordCall struct {
	Record  journal.Record
	Subject roster.Subject
}

// AppealCall is a request to review a blocked site.
type AppealCall struct {
	Host     string
	Category rules.Category
	Rule     string
	Group    string
	Need     appeals.Need
	At       time.Time
}

// gatewayCalls are the methods of the gateway, as net/rpc wants them.
type gatewayCalls struct{ g Gateway }

// Grounds answers Client.Grounds.
func (c *gatewayCalls) Grounds(q GroundsCall, answer *filter.Grounds) (err error) {
	*answer, err = c.g.Grounds(q.ID, q.At, identify.Identity{Group: q.Subject.Group(), Subject: q.Subject}, q.Upload)
	return err
}

// RecordUse answers Client.RecordUse.
func (c *gatewayCalls) RecordUse(q UseCall, _ *None) error {
	return c.g.RecordUse(context.Background(), q.Orders, q.ID)
}

// Put answers Client.Put.
func (c *gatewayCalls) Put(batch []RecordCall, _ *None) error {
	for _, r := range batch {
		c.g.Put(r.Record, r.Subject)
	}
	return nil
}

// Appeal answers Client.Add. It reports whether there were too many.
func (c *gatewayCalls) Appeal(q AppealCall, tooMany *bool) error {
	var rule rules.ID
	if q.Rule != "" {
		if err := rule.UnmarshalText([]byte(q.Rule)); err != nil {
			return err
		}
	}
	group, err := roster.ParseGroup(q.Group)
	if err != nil {
		return err
	}
	err = c.g.Appeal(q.Host, q.Category, rule, group, q.Need, q.At)
	if errors.Is(err, appeals.ErrTooMany) {
		*tooMany = true
		return nil
	}
	return err
}

// Ordered answers Client.ordered.
func (c *gatewayCalls) Ordered(_ None, answer *bool) error {
	*answer = c.g.Ordered()
	return nil
}
