package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"sluis/internal/notice"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
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

// remindOfRoll sends mail to all whom a new roll concerns, to those on it and to board, council and privacy officer of
// the configuration, and adopts it when its time has come.
func (g *Gateway) remindOfRoll(ctx context.Context, now time.Time) error {
	rolls, err := g.data.Rolls()
	if err != nil {
		return err
	}
	return rolls.Remind(ctx, func(ctx context.Context, m roll.Mail) error {
		s := g.sender()
		if s.cfg.Notices.From == "" {
			return errNoMail
		}
		n, to := s.cfg.Notices, m.To
		for _, a := range slices.Concat(n.Board, n.Council, n.Privacy) {
			if !slices.Contains(to, a) {
				to = append(to, a)
			}
		}
		text := notice.RollWaits
		switch {
		case m.Counts:
			text = notice.RollCounts
		case !m.Lost:
			text = notice.RollProposed
		}
		return g.sendEach(ctx, to, text(s.language(), s.cfg.Organisation.Name, m.Words, m.From), now)
	})
}

// sendEach sends a notice to each address. The error is nil if one could be reached: the mailbox of a person who left
// keeps the notice from no other, and a roll from no school.
func (g *Gateway) sendEach(ctx context.Context, to []string, m notice.Message, at time.Time) error {
	var errs []error
	for _, a := range to {
		if err := g.sender().Notices().Send(ctx, []string{a}, m, at); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == len(to) {
		return errors.Join(errs...)
	}
	return nil
}

// InviteToRoll sends a person the link to a roll.
func (s Sender) InviteToRoll(ctx context.Context, address, name, link string) error {
	if s.cfg.Notices.From == "" {
		return errNoMail
	}
	m := notice.RollInvitation(s.language(), s.cfg.Organisation.Name, name, link)
	return s.Notices().Send(ctx, []string{address}, m, time.Now())
}
