package webcalls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"sync"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/proxy/identify"
	"sluis/rules"
)

// callTime is how long an answer may take: as long as a full disk or a slow ledger needs.
const callTime = 30 * time.Second

// errLate says that the other process does not answer.
var errLate = errors.New("the other process of the gateway does not answer")

// calls is one direction of calls.
type calls struct{ client *rpc.Client }

func (c calls) call(ctx context.Context, method string, args, answer any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTime, errLate)
	defer cancel()
	done := c.client.Go(serviceName+"."+method, args, answer, make(chan *rpc.Call, 1)).Done
	select {
	case call := <-done:
		return call.Error
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Client asks the gateway, for the proxy. It is safe for concurrent use.
type Client struct {
	calls
	records chan RecordCall
	sent    chan struct{} // closed when all records are with the gateway

	putting sync.RWMutex // held while a record is put
	closed  bool

	mu      sync.Mutex
	asked   time.Time // when ordered was asked last
	ordered bool
}

// Bounds of the records that wait for the gateway.
const (
	maxWaiting = 4096
	maxBatch   = 256
)

// NewClient returns a client over a connection.
func NewClient(conn net.Conn) *Client {
	c := &Client{
		calls:   calls{rpc.NewClient(conn)},
		records: make(chan RecordCall, maxWaiting),
		sent:    make(chan struct{}),
	}
	go c.send()
	return c
}

// Close waits until the gateway has all records. Nothing may be asked of it after that.
func (c *Client) Close() error {
	c.putting.Lock()
	if !c.closed {
		c.closed = true
		close(c.records)
	}
	c.putting.Unlock()
	<-c.sent
	return c.client.Close()
}

// Grounds implements proxy.Grounds. An ordinary request is no question to the gateway: security
// and conduct are its purposes, unless an upload may be drawn or an order be in force.
func (c *Client) Grounds(id filter.ID, at time.Time, who identify.Identity, upload bool) (filter.Grounds, error) {
	if !upload {
		ordered, err := c.anyOrder()
		if err != nil {
			return filter.Grounds{}, err
		}
		if !ordered {
			role := Role(who.Subject.Confidential())
			return filter.GroundsFor(role, nil, filter.NoOrders{}, id, at, rules.Directions(0), OnePerson)
		}
	}
	var g filter.Grounds
	q := GroundsCall{ID: id, At: at, Subject: who.Subject, Upload: upload}
	err := c.call(context.Background(), "Grounds", q, &g)
	return g, err
}

// Role is a roster of one person, whose role is known.
type Role bool

// Confidants implements filter.Roster.
func (r Role) Confidants(address string) []string {
	if r {
		return []string{address}
	}
	return nil
}

// OnePerson are the parties of a request: the one person whose role is known.
var OnePerson = filter.Parties{Addresses: []string{""}}

// ordersFresh is how long the web process believes that no order is in force.
const ordersFresh = time.Second

// anyOrder reports whether an order of the board may be in force.
func (c *Client) anyOrder() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.asked) >= ordersFresh {
		if err := c.call(context.Background(), "Ordered", None{}, &c.ordered); err != nil {
			return false, fmt.Errorf("ask for the orders in force: %w", err)
		}
		c.asked = now
	}
	return c.ordered, nil
}

// RecordUse implements proxy.Grounds.
func (c *Client) RecordUse(ctx context.Context, used []filter.OrderID, id filter.ID) error {
	if len(used) == 0 {
		return nil
	}
	return c.call(ctx, "RecordUse", UseCall{Orders: used, ID: id}, &None{})
}

// Put implements proxy.Journal. It waits while the gateway cannot keep up.
func (c *Client) Put(r journal.Record, s roster.Subject) {
	c.putting.RLock()
	defer c.putting.RUnlock()
	if !c.closed { // else the request was cut when the gateway stopped
		c.records <- RecordCall{r, s}
	}
}

// send brings records to the gateway, as many at once as there are.
func (c *Client) send() {
	defer close(c.sent)
	for r := range c.records {
		batch := []RecordCall{r}
		for len(batch) < maxBatch && len(c.records) > 0 {
			if next, ok := <-c.records; ok {
				batch = append(batch, next)
			}
		}
		// Without a gateway this process ends, and nothing is lost that it could have kept.
		_ = c.call(context.Background(), "Put", batch, &None{})
	}
}

// Add implements blockpage.Appeals.
func (c *Client) Add(host string, cat rules.Category, rule rules.ID, g roster.Group, need appeals.Need,
	now time.Time) error {
	q := AppealCall{Host: host, Category: cat, Rule: rule.String(), Group: g.String(), Need: need, At: now}
	tooMany := false
	err := c.call(context.Background(), "Appeal", q, &tooMany)
	if tooMany {
		return appeals.ErrTooMany
	}
	return err
}
