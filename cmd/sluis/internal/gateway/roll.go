package gateway

import (
	"context"
	"errors"
	"time"

	"sluis/internal/notice"
	"sluis/internal/oversight/orders"
)

// checkRoll returns what is wrong with the board's roll.
func (d *Data) checkRoll(context.Context, time.Time) error {
	rolls, err := d.Rolls()
	if err != nil {
		return err
	}
	return rolls.Check()
}

// orderFaults returns the ids of the orders whose files or signatures do not fit, and of those that were made before
// there was a roll.
func (d *Data) orderFaults(context.Context, time.Time) (forged, unsigned []string, err error) {
	store, err := d.Orders()
	if err != nil {
		return nil, nil, err
	}
	all, err := store.Faults()
	for _, f := range all {
		if errors.Is(f.Err, orders.ErrUnsigned) {
			unsigned = append(unsigned, f.ID)
		} else {
			forged = append(forged, f.ID)
		}
	}
	return forged, unsigned, err
}

// errNoMail says that the gateway cannot send mail of its own.
var errNoMail = errors.New("the gateway has no address to send mail from (notices: from)")

// remindOfRoll sends mail to all whom a roll that waits concerns, and adopts it when its time has come.
func (g *Gateway) remindOfRoll(ctx context.Context, now time.Time) error {
	rolls, err := g.data.Rolls()
	if err != nil {
		return err
	}
	return rolls.Remind(ctx, func(ctx context.Context, to []string, words string, from time.Time) error {
		s := g.sender()
		if s.cfg.Notices.From == "" {
			return errNoMail
		}
		m := notice.RollWaits(s.language(), s.cfg.Organisation.Name, words, from)
		return s.Notices().Send(ctx, to, m, now)
	})
}

// InviteToRoll sends a person the link to a roll.
func (s Sender) InviteToRoll(ctx context.Context, address, name, link string) error {
	if s.cfg.Notices.From == "" {
		return errNoMail
	}
	m := notice.RollInvitation(s.language(), s.cfg.Organisation.Name, name, link)
	return s.Notices().Send(ctx, []string{address}, m, time.Now())
}
