package gateway

import (
	"context"
	"strings"
	"time"

	"sluis/filter"
	"sluis/rules"
)

// intake opens a case when a message goes to the address for complaints. The message goes
// on to its mailbox as any other; nothing of it is kept (C3.3d).
type intake struct {
	filter.Orders
	address string
	mailed  func(ctx context.Context, id string) error
}

// Added implements filter.Orders; it is asked once for each party.
func (i intake) Added(id filter.ID, at time.Time, address string) (rules.Purposes, error) {
	if strings.EqualFold(address, i.address) {
		if err := i.mailed(context.Background(), id.String()); err != nil {
			return 0, err
		}
	}
	return i.Orders.Added(id, at, address)
}
