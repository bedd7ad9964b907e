package quarantine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Reply is the next hop's answer.
type Reply struct {
	OK        bool
	Permanent bool   // it will not take it another time either
	Codes     string // the reply code and the enhanced one, such as "550 5.1.1"
	Text      string // for those who may open the message; stored sealed

	NoteError error // why the reviewer's note was not sent; nil: it was, or there is none
}

// Deliverer hands a message to the next hop, past the filter. The envelope has one
// recipient, so that the reply is about that one. If reading content fails the message
// may not be delivered.
type Deliverer interface {
	Deliver(ctx context.Context, env Envelope, size int64, content io.Reader) (Reply, error)

	// Notify sends the recipient of what was just delivered a note of the reviewer. It is not
	// tried again: the message itself has arrived.
	Notify(ctx context.Context, env Envelope, note string) error
}

// maxNote bounds the note of a reviewer, in bytes.
const maxNote = 4 << 10

const releaseKey = "release.key"

func (s *Store) releasePath(id filter.ID) string {
	return filepath.Join(s.dir, "release", id.String()+".age")
}

// ReleaseKey is the gateway's own key for the quarantine in dir: what is to be released is sealed to it, so that it can
// be tried again without the reviewer's.
func ReleaseKey(dir string) keybook.Key {
	return keybook.Key{
		Name:  releaseKey,
		Path:  filepath.Join(dir, "release", releaseKey),
		Opens: "what waits for the next hop after its release",
		Of:    publicPart,
		Used: func() (bool, error) {
			waiting, err := filepath.Glob(filepath.Join(dir, "release", "*.age"))
			return len(waiting) > 0, err
		},
	}
}

// publicPart returns the public key of a file with a private one.
func publicPart(b []byte) []byte {
	id, err := ParseIdentity(b)
	if err != nil {
		return b
	}
	return []byte(id.Recipient().String())
}

// releaseIdentity returns that key. It is made at first use; one that is lost is keybook.ErrLost.
func (s *Store) releaseIdentity(ctx context.Context) (*age.X25519Identity, error) {
	b, err := ReleaseKey(s.dir).Open(ctx, s.ledger, NewIdentity)
	if err != nil {
		return nil, err
	}
	return ParseIdentity(b)
}

// Release decides that a message is to be delivered after all, after that is in the
// ledger, and tries to. If the next hop does not take it now it is tried again by Run.
// The error is ErrBusy if another process is at it, ErrGone if it was delivered before, and
// ErrNotDeliverable for what has no recipients.
func (s *Store) Release(ctx context.Context, id filter.ID, by Intent, d Deliverer, ids ...age.Identity) (Reply, error) {
	if by.Reason == "" {
		return Reply{}, ErrNoReason
	}
	e, err := s.Get(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	if e.State == Released || e.State == Destroyed {
		return Reply{}, ErrGone
	}
	if e.Recipients == 0 {
		return Reply{}, ErrNotDeliverable
	}
	if err := s.reserved(ctx, e, by); err != nil {
		return Reply{}, err
	}
	c, err := s.take(ctx, id, by.Seen, toRelease)
	if err != nil {
		return Reply{}, err
	}
	receipt, err := s.record(ctx, ledger.QuarantineReleased, id, by)
	if err != nil {
		return Reply{}, errors.Join(
			fmt.Errorf("write the release in the ledger: %w", err),
			c.end(context.WithoutCancel(ctx), "attempts = attempts - 1"),
		)
	}
	var reply Reply
	err = c.keep(ctx, func(ctx context.Context) error {
		if c.state != Releasing {
			if err := s.prepare(ctx, c, by.Note, receipt, ids); err != nil {
				return err
			}
		}
		reply, err = s.deliver(ctx, c, d)
		return err
	})
	return reply, errors.Join(err, s.settle(ctx, c, reply))
}

// prepare seals the message to the release key and marks it as decided.
func (s *Store) prepare(ctx context.Context, c *claim, note string, receipt ledger.Receipt, ids []age.Identity) error {
	key, err := s.releaseIdentity(ctx)
	if err != nil {
		return err
	}
	m, err := s.unlock(receipt, ledger.QuarantineReleased, c.id, ids)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := s.dropLeftovers(c.id); err != nil {
		return fmt.Errorf("seal message for release: %w", err)
	}
	h := header{Envelope: m.Envelope, Note: note[:min(len(note), maxNote)]}
	if err := s.writeSealed(s.releasePath(c.id), []age.Recipient{key.Recipient()}, h, m); err != nil {
		return fmt.Errorf("seal message for release: %w", err)
	}
	now := s.now().UnixMilli()
	if err := c.mark(ctx, "state = ?, decided = ?, attempts = 1, "+reviewedNow, Releasing, now, now); err != nil {
		return fmt.Errorf("mark message for release: %w", err)
	}
	c.state, c.decided, c.attempts = Releasing, s.now(), 1
	return nil
}

// dropLeftovers removes what a process that came this far and then died may have left,
// whole or in part. The claim is ours, so no other process writes it.
func (s *Store) dropLeftovers(id filter.ID) error {
	left, err := filepath.Glob(s.releasePath(id) + "*")
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// deliver hands the message to the next hop for each recipient who has not got it yet,
// and returns the worst of the replies: one that is worth another try before one that
// is not.
func (s *Store) deliver(ctx context.Context, c *claim, d Deliverer) (Reply, error) {
	key, err := s.releaseIdentity(ctx)
	if err != nil {
		return Reply{}, err
	}
	worst := Reply{OK: true}
	for i := 0; ; i++ {
		reply, end, err := s.deliverTo(ctx, c, i, d, key)
		if err != nil {
			return Reply{}, err
		}
		if end {
			return worst, nil
		}
		if reply.OK && worst.OK || !reply.OK && (worst.OK || worst.Permanent) {
			worst = reply
		}
	}
}

// deliverTo delivers to the recipient with number i, unless there is none any more (end)
// or it has the message already.
func (s *Store) deliverTo(
	ctx context.Context,
	c *claim,
	i int,
	d Deliverer,
	key age.Identity,
) (_ Reply, end bool, _ error) {
	m, err := openSealed(s.releasePath(c.id), key)
	if err != nil {
		return Reply{}, false, fmt.Errorf("deliver released message: %w", err)
	}
	defer m.Close()
	if i >= len(m.Envelope.To) {
		return Reply{}, true, nil
	}
	number := strconv.Itoa(i) + ","
	if strings.Contains(","+c.delivered, ","+number) {
		return Reply{OK: true, Codes: c.reply}, false, nil
	}
	one := m.Envelope
	one.To = one.To[i : i+1]
	reply, err := d.Deliver(ctx, one, c.size, m)
	if err != nil {
		return Reply{}, false, fmt.Errorf("deliver released message: %w", err)
	}
	reply.Codes = codes(reply.Codes)
	if reply.OK {
		c.delivered += number
		if err := c.mark(ctx, "delivered = ?", c.delivered); err != nil {
			return Reply{}, false, fmt.Errorf("deliver released message: %w", err)
		}
		if m.note != "" {
			reply.NoteError = d.Notify(ctx, one, m.note)
		}
	}
	return reply, false, nil
}

// codes lets nothing but reply codes into the index.
func codes(s string) string {
	s = s[:min(len(s), 16)]
	if strings.Trim(s, "0123456789. ") != "" {
		return ""
	}
	return s
}

// How long it is tried.
const (
	giveUp    = 5 * 24 * time.Hour // RFC 5321 section 4.5.4.1
	firstWait = time.Minute
	longWait  = time.Hour
)

// settle records how an attempt went, and when the next one is. It ends the claim.
func (s *Store) settle(ctx context.Context, c *claim, r Reply) error {
	ended := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	var err error
	switch {
	case c.isLost():
		return nil
	case c.state != Releasing: // it came to no decision, for want of a key for example
		err = c.end(ctx, "attempts = attempts - 1")
	case r.OK:
		if err = c.end(ctx, "state = ?, reply = ?, answer = NULL", Released, r.Codes); err == nil {
			err = s.erase(c.id)
		}
	case ended: // at shutdown; the first thing after the start
		err = c.end(ctx, "next = 0, attempts = attempts - 1")
	case r.Permanent || s.now().Sub(c.decided) > giveUp:
		if err = c.end(ctx, "state = ?, reply = ?, answer = ?", Failed, r.Codes, s.sealAnswer(r.Text)); err == nil {
			err = disk.Remove(s.releasePath(c.id))
		}
	default:
		wait := min(firstWait<<min(max(c.attempts-1, 0), 8), longWait)
		err = c.end(
			ctx,
			"next = ?, reply = ?, answer = ?",
			s.now().Add(wait).UnixMilli(),
			r.Codes,
			s.sealAnswer(r.Text),
		)
	}
	if err != nil {
		return fmt.Errorf("note how the release went: %w", err)
	}
	return nil
}
