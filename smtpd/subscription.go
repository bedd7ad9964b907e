package smtpd

import (
	"context"
	"slices"
	"strings"

	"sluis/filter"
)

// Subscription has messages to an address counted: Notify is called once for each message
// that was accepted for it, after the final 2xx and whoever sent it, with the message's ID and
// nothing of what it says. An error is logged; the message stays accepted.
type Subscription struct {
	Address string
	Notify  func(ctx context.Context, id filter.ID) error
}

// notify has the subscribers hear of an accepted message.
func (m *message) notify() {
	for _, s := range m.tx.generation.cfg.Subscribers {
		to := func(r recipient) bool { return strings.EqualFold(r.path.Address(), s.Address) }
		if !slices.ContainsFunc(m.tx.to, to) {
			continue
		}
		if err := s.Notify(context.WithoutCancel(m.tx.ctx), m.tx.id); err != nil {
			m.log("a subscriber did not hear of a message", err)
		}
	}
}
