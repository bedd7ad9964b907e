package quarantine

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/durable"
)

// Reply is the next hop's answer.
type Reply struct {
	OK        bool
	Permanent bool   // it will not take it another time either
	Codes     string // the reply code and the enhanced one
	Text      string // for the person who releases; it is not kept
}

// Deliverer hands a message to the next hop, past the filter, for one recipient.
type Deliverer interface {
	Deliver(ctx context.Context, env Envelope, size int64, content io.Reader) (Reply, error)
}

// lease is how long one process may take to deliver before another may try.
const lease = 20 * time.Minute

func (s *Store) releasePath(id filter.ID) string {
	return filepath.Join(s.dir, "release", id.String()+".age")
}

// releaseKey is the gateway's own key: what is to be released is sealed to it, so that
// it can be tried again without the reviewer's.
func (s *Store) releaseKey() (*age.X25519Identity, error) {
	return LoadOrCreateIdentity(filepath.Join(s.dir, "release", "release.key"))
}

// Release decides that a message is to be delivered after all, after that is in the
// ledger, and tries to. If the next hop does not take it now it is tried again by Run.
func (s *Store) Release(ctx context.Context, id filter.ID, reason string, d Deliverer, ids ...age.Identity) (Reply, error) {
	if reason == "" {
		return Reply{}, ErrNoReason
	}
	e, err := s.Get(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	if e.State == Released || e.State == Destroyed {
		return Reply{}, fmt.Errorf("the message is %s already", e.State)
	}
	if e.State != Releasing {
		if err := s.decide(ctx, id, reason, ids); err != nil {
			return Reply{}, err
		}
	}
	return s.try(ctx, id, d)
}

// decide seals the message to the release key and marks it.
func (s *Store) decide(ctx context.Context, id filter.ID, reason string, ids []age.Identity) error {
	if err := s.witness.Record(ctx, ReleaseDecided, id, reason); err != nil {
		return fmt.Errorf("write the release in the ledger: %w", err)
	}
	key, err := s.releaseKey()
	if err != nil {
		return err
	}
	m, err := openSealed(s.path(id), ids...)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := writeSealed(s.releasePath(id), []age.Recipient{key.Recipient()}, header{m.Envelope, nil}, m); err != nil {
		return fmt.Errorf("seal message for release: %w", err)
	}
	_, err = s.db.ExecContext(ctx, "UPDATE entries SET state = ?, decided = ?, next = 0, lease = 0 WHERE id = ? AND state IN (?, ?)",
		Releasing, s.now().UnixMilli(), id.String(), Held, Failed)
	if err != nil {
		return fmt.Errorf("mark message for release: %w", err)
	}
	return nil
}

// try delivers a message to the recipients who have not got it yet, if no other process
// is at it.
func (s *Store) try(ctx context.Context, id filter.ID, d Deliverer) (Reply, error) {
	now := s.now()
	res, err := s.db.ExecContext(ctx, "UPDATE entries SET lease = ?, attempts = attempts + 1 WHERE id = ? AND state = ? AND lease < ?",
		now.Add(lease).UnixMilli(), id.String(), Releasing, now.UnixMilli())
	if err != nil {
		return Reply{}, fmt.Errorf("release message: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return Reply{}, fmt.Errorf("the message is being delivered already")
	}
	reply, err := s.deliver(ctx, id, d)
	if err != nil {
		reply = Reply{Codes: "none"}
	}
	if end := s.settle(context.WithoutCancel(ctx), id, reply); end != nil {
		return reply, end
	}
	return reply, err
}

// deliver returns the worst of the replies for the recipients.
func (s *Store) deliver(ctx context.Context, id filter.ID, d Deliverer) (Reply, error) {
	key, err := s.releaseKey()
	if err != nil {
		return Reply{}, err
	}
	var done string
	var size int64
	if err := s.db.QueryRowContext(ctx, "SELECT delivered, size FROM entries WHERE id = ?", id.String()).Scan(&done, &size); err != nil {
		return Reply{}, fmt.Errorf("release message: %w", err)
	}
	worst := Reply{OK: true}
	for i := 0; ; i++ {
		m, err := openSealed(s.releasePath(id), key)
		if err != nil {
			return Reply{}, err
		}
		if i >= len(m.Envelope.To) {
			m.Close()
			return worst, nil
		}
		if strings.Contains(done+",", ","+strconv.Itoa(i)+",") {
			m.Close()
			continue
		}
		one := m.Envelope
		one.To = one.To[i : i+1]
		reply, err := d.Deliver(ctx, one, size, m)
		m.Close()
		if err != nil {
			return Reply{}, fmt.Errorf("deliver released message: %w", err)
		}
		if !reply.OK {
			if worst.OK || worst.Permanent {
				worst = reply
			}
			continue
		}
		if worst.OK {
			worst = reply
		}
		done += "," + strconv.Itoa(i)
		if _, err := s.db.ExecContext(ctx, "UPDATE entries SET delivered = ? WHERE id = ?", done, id.String()); err != nil {
			return Reply{}, fmt.Errorf("release message: %w", err)
		}
	}
}

// settle writes down how an attempt went, and when the next one is.
func (s *Store) settle(ctx context.Context, id filter.ID, r Reply) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE entries SET reply = ? WHERE id = ?", r.Codes, id.String()); err != nil {
		return fmt.Errorf("release message: %w", err)
	}
	switch {
	case r.OK:
		return s.destroy(ctx, id, Released)
	case r.Permanent:
		if err := durable.Remove(s.releasePath(id)); err != nil {
			return fmt.Errorf("release message: %w", err)
		}
		_, err := s.db.ExecContext(ctx, "UPDATE entries SET state = ?, lease = 0 WHERE id = ?", Failed, id.String())
		return err
	}
	var attempts int
	if err := s.db.QueryRowContext(ctx, "SELECT attempts FROM entries WHERE id = ?", id.String()).Scan(&attempts); err != nil {
		return fmt.Errorf("release message: %w", err)
	}
	wait := min(time.Minute<<min(attempts-1, 8), time.Hour)
	_, err := s.db.ExecContext(ctx, "UPDATE entries SET lease = 0, next = ? WHERE id = ?", s.now().Add(wait).UnixMilli(), id.String())
	return err
}

// Retry tries once what is to be released and due. It returns how many were delivered.
func (s *Store) Retry(ctx context.Context, d Deliverer) (int, error) {
	now := s.now().UnixMilli()
	rows, err := s.db.QueryContext(ctx, "SELECT id FROM entries WHERE state = ? AND next <= ? AND lease < ? ORDER BY next LIMIT 100", Releasing, now, now)
	if err != nil {
		return 0, fmt.Errorf("list messages to release: %w", err)
	}
	var due []filter.ID
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			rows.Close()
			return 0, fmt.Errorf("list messages to release: %w", err)
		}
		if id, err := filter.ParseID(text); err == nil {
			due = append(due, id)
		}
	}
	rows.Close()
	delivered := 0
	for _, id := range due {
		r, err := s.try(ctx, id, d)
		if ctx.Err() != nil {
			return delivered, ctx.Err()
		}
		if err == nil && r.OK {
			delivered++
		}
	}
	return delivered, nil
}

// Files returns how many sealed files there are, and their size in bytes, for capacity
// figures (C3.3c).
func (s *Store) Files() (n int, size int64, err error) {
	files, err := os.ReadDir(filepath.Join(s.dir, "sealed"))
	if err != nil {
		return 0, 0, fmt.Errorf("list quarantine: %w", err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			n, size = n+1, size+info.Size()
		}
	}
	return n, size, nil
}
