package orders

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sluis/internal/roster"
	"sluis/internal/store"
)

// What bounds an order: who can be subject to it, for how many days a year, and who carries it out.

// year is the time in which the days of a person are counted.
const year = 365 * 24 * time.Hour

// Errors of bounds.
var (
	ErrPupils      = errors.New("a group is one of staff of the roster: an order is never about pupils (K4)")
	ErrTooManyDays = errors.New("this would be more days of control of one person in a year than the limit (C3.2c)")
	ErrNotICT      = errors.New("an investigator is an existing account of the technical ICT service (C3.2d)")
)

// sized is a roster that knows what its groups are.
type sized interface {
	Sizes() map[roster.Group]roster.Size
}

// staff returns ErrPupils unless a group is one of staff.
func staff(people Roster, group string) error {
	r, ok := people.(sized)
	if !ok {
		return ErrPupils
	}
	for g, size := range r.Sizes() {
		if g.String() == group && size.Kind == roster.Staff {
			return nil
		}
	}
	return ErrPupils
}

// Staff gives what reports whether an account exists and is one of the technical ICT service. Without it no
// account is refused.
func (s *Store) Staff(is func(ctx context.Context, account string) (bool, error)) { s.staff = is }

// bounded returns why an order is out of bounds; it says in the order whom its days are counted for.
func (s *Store) bounded(ctx context.Context, o *Order, people Roster) error {
	if o.Request.Group != "" {
		if err := staff(people, o.Request.Group); err != nil {
			return err
		}
	}
	for _, account := range o.Request.Investigators {
		if s.staff == nil {
			break
		}
		if is, err := s.staff(ctx, account); err != nil || !is {
			return errors.Join(ErrNotICT, err)
		}
	}
	return s.count(ctx, o, people)
}

// count returns ErrTooManyDays if the days of an order, with those of others about the same person or group in the
// year before its end, are more than the limit. Orders that were completed count by a keyed hash.
func (s *Store) count(ctx context.Context, o *Order, people Roster) error {
	tags, err := s.tags(ctx, o.Request, people)
	if err != nil {
		return err
	}
	o.About = tags[0]
	list, err := store.Readable(s.List())
	if err != nil {
		return err
	}
	since, all := o.Request.Until.Add(-year), o.Request.Until.Sub(o.Request.From)
	for i := range list {
		p := &list[i]
		for _, tag := range tags {
			if p.About == tag {
				all += p.lasted(since)
				break
			}
		}
	}
	if limit := s.limits.Days; all > time.Duration(limit)*24*time.Hour {
		return fmt.Errorf("%w of %d days", ErrTooManyDays, limit)
	}
	return nil
}

// lasted returns how long an order lasts, or lasted, since a time. One that was refused, or never approved before it
// ended, did not.
func (o *Order) lasted(since time.Time) time.Duration {
	from, end := o.Request.From, o.end()
	if from.Before(since) {
		from = since
	}
	if o.standing != nil {
		if state := o.standing.State(end); state == Refused {
			return 0
		}
		if _, was := o.begun(); !was && o.Withdrawn != nil {
			return 0
		}
	}
	return max(0, end.Sub(from))
}

// tags returns the keyed hashes that orders about the same person or group have: the first is that of the order
// itself, and of a person that of the group as well.
func (s *Store) tags(ctx context.Context, r Request, people Roster) ([]string, error) {
	key := []byte("orders")
	if s.key != nil {
		id, err := s.key(ctx)
		if err != nil {
			return nil, err
		}
		key = []byte(id.String())
	}
	group := func(name string) string {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("group\x00" + name))
		return hex.EncodeToString(mac.Sum(nil))
	}
	if r.Group != "" {
		return []string{group(r.Group)}, nil
	}
	who := people.Subject(r.Subject)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("person\x00"))
	who.Hash(mac)
	return []string{hex.EncodeToString(mac.Sum(nil)), group(who.Group().String())}, nil
}
