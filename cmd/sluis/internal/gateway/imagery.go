package gateway

import (
	"context"

	"sluis/filter"
	"sluis/smtpd"
)

// complaints opens a case for each message to the address for complaints about imagery. The
// message goes on to its mailbox as any other; nothing of it is kept (C3.3d).
func (g *Gateway) complaints() []smtpd.Subscription {
	address := g.started.Imagery.Address
	if address == "" {
		return nil
	}
	return []smtpd.Subscription{{
		Address: address,
		Notify: func(ctx context.Context, id filter.ID) error {
			return g.imagery.Mailed(ctx, id.String())
		},
	}}
}
