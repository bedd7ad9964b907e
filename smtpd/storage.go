package smtpd

import (
	"errors"
	"fmt"
	"syscall"

	"sluis/internal/admit"
	"sluis/internal/store/disk"
	"sluis/smtpd/wire"
)

// storage shares the disk among the bodies of messages that come in. Strangers leave the whole
// reserve free, the organisation's own servers half of it: the rest is the ledger's, the
// journal's and the quarantine's, so that what was accepted can be kept.
type storage struct {
	places  *admit.Places  // bytes
	reserve *disk.Reserve  // nil: there is none
	limits  func() *Limits // those in force
	metrics *metrics
}

func newStorage(reserve *disk.Reserve, limits func() *Limits, m *metrics) *storage {
	return &storage{admit.NewPlaces(admit.Shares{}), reserve, limits, m}
}

// errShared says that a party has its share of the disk.
var errShared = fmt.Errorf("bodies take their share of the disk: %w", syscall.ENOSPC)

// ownPart is which part of the reserve the organisation's own servers leave free.
const ownPart = 0.5

// part returns which part of the reserve a party leaves free.
func (s *storage) part(who admit.Party) float64 {
	if who.Rank == admit.Own {
		return ownPart
	}
	return 1
}

// share sets what parties may have of the disk as it is now: never more than is free besides half
// the reserve, and a message of the largest size for everybody, if there is room for it at all.
func (s *storage) share() {
	limits := s.limits()
	total := int64(limits.Spool)
	if s.reserve != nil {
		if free, err := s.reserve.Free(ownPart); err == nil {
			total = min(total, s.places.Taken()+max(0, free))
		}
	}
	shares := admit.Share(max(1, total), float64(limits.Strangers))
	shares.Address = min(max(shares.Address, int64(limits.MessageSize)), shares.Strangers)
	shares.Network = max(shares.Network, shares.Address)
	s.places.SetShares(shares)
}

// admits returns the refusal of a message for which there is no room; the zero Reply if there is.
// The size is what the client says; 0: nothing. The organisation's own mail that needs no room goes
// on also when the disk is full.
func (s *storage) admits(who admit.Party, size int64) Reply {
	none := who.Rank == admit.Own && size <= disk.InMemory
	if s.reserve != nil && !none && s.reserve.Room(s.part(who)).Take(max(size, 1)) != nil {
		s.metrics.limit(who, "disk")
		return storageReply
	}
	if size <= disk.InMemory {
		return Reply{}
	}
	s.share()
	if s.places.Full(who, size) != admit.None {
		s.metrics.limit(who, "spool")
		return storageReply
	}
	return Reply{}
}

// storageReply has the message wait at its sender's.
var storageReply = wire.NewReply(452, "4.3.1 Insufficient storage, try again later")

// storageFault words an error of the disk.
func storageFault(err error) Reply {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return storageReply
	}
	return localError
}

// spool returns a spool for a party's message.
func (s *storage) spool(dir string, who admit.Party) *disk.Spool {
	return disk.NewSpool(dir).Within(desk{s, who})
}

// desk is the room of a party.
type desk struct {
	*storage
	who admit.Party
}

// Take implements disk.Room.
func (d desk) Take(n int64) error {
	if d.reserve != nil {
		if err := d.reserve.Room(d.part(d.who)).Take(n); err != nil {
			d.metrics.limit(d.who, "disk")
			return err
		}
	}
	d.share()
	if d.places.Try(d.who, n) != admit.None {
		d.metrics.limit(d.who, "spool")
		return errShared
	}
	return nil
}

// Give implements disk.Room.
func (d desk) Give(n int64) { d.places.Give(d.who, n) }
