package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Store is a quarantine in a directory. Several processes may have it open, of which one
// takes mail. It is safe for concurrent use.
type Store struct {
	dir        string
	recipients []age.Recipient
	db         *sql.DB
	ledger     ledger.Book
	now        func() time.Time
	lease      time.Duration           // how long a process that delivers may be silent before another takes over
	poll       time.Duration           // between two looks of Run at what is due
	fault      func(step string) error // makes a step of writing fail, in tests
	except     Exception               // to confidentiality; nil: none

	mu    sync.Mutex
	owned *os.File // the lock of the process that takes mail
}

// Intent is an act that a person or the gateway is about to do with a message: who does it,
// in which role, and why (C3.3e).
type Intent struct {
	ledger.Actor
	Reason string
	Step   string // of acts in steps: a closed word, such as headers or proposed
	Note   string // to the recipients, with a release
	Seen   int    // version of the entry that they decided on; 0: whatever it is

	concerned bool // the message concerns whoever decides (C3.2g)
}

// record puts an act in the ledger. What cannot be recorded is not done.
func (s *Store) record(ctx context.Context, act ledger.Kind, id filter.ID, by Intent) (ledger.Receipt, error) {
	return s.ledger.Append(ctx, act, ledger.Data{Actor: by.Actor, ID: id.String(), Reason: by.Reason, Step: by.Step})
}

// Open opens the quarantine in dir, which is made if it is not there. What is sealed is
// sealed to the recipients.
func Open(dir string, l ledger.Book, recipients ...age.Recipient) (*Store, error) {
	for _, sub := range []string{"sealed", "release"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make quarantine directory: %w", err)
		}
	}
	s := &Store{
		dir: dir, recipients: recipients, ledger: l,
		now: time.Now, lease: 2 * time.Minute, poll: 10 * time.Second,
	}
	if err := s.openOrRebuild(context.Background()); err != nil {
		return nil, err
	}
	// A durable file in a directory that is not is lost with it.
	if err := errors.Join(disk.SyncDir(dir), disk.SyncDir(filepath.Dir(dir))); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("make quarantine directory: %w", err)
	}
	return s, nil
}

// Close closes the index. Nothing may use the Store any more.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Close()
	if s.owned != nil {
		err = errors.Join(err, s.owned.Close())
	}
	return err
}

func (s *Store) path(id filter.ID) string {
	return filepath.Join(s.dir, "sealed", id.String()+".age")
}

// Seal quarantines a message. When it returns nil the message is durable; otherwise
// nothing of it is left. Of e it sets what it sees itself: score, recipients and size.
func (s *Store) Seal(ctx context.Context, e Entry, env Envelope, x *filter.Inspection, content io.Reader) error {
	counted := &counter{r: content}
	h := header{Envelope: env, Evidence: evidenceOf(x), Confidential: e.Confidential}
	if err := s.writeSealed(s.path(e.ID), s.recipients, h, counted); err != nil {
		return fmt.Errorf("seal message: %w", err)
	}
	e.Score, e.Recipients, e.Size = scoreOf(x, e.Rule), len(env.To), counted.n
	if err := s.in("index", func() error { return s.insert(ctx, e, env.Concerned) }); err != nil {
		// Whether it is in the index is not certain, if the time was over meanwhile.
		return errors.Join(fmt.Errorf("index sealed message: %w", err), s.Withdraw(context.WithoutCancel(ctx), e.ID))
	}
	return nil
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// Withdraw takes a message back as if it had never been quarantined. It fails with ErrBusy if
// a reviewer has decided on it meanwhile.
func (s *Store) Withdraw(ctx context.Context, id filter.ID) error {
	// First the row: a crash in between leaves a file without a promise, and not a
	// promise without its file.
	res, err := s.db.ExecContext(
		ctx,
		"DELETE FROM entries WHERE id = ? AND state = ? AND lease < ?",
		id.String(),
		Quarantined,
		s.now().UnixMilli(),
	)
	if err == nil {
		if n, _ := res.RowsAffected(); n == 0 {
			_, err = s.Get(ctx, id)
			if err == nil {
				return fmt.Errorf("withdraw sealed message: %w", ErrBusy)
			}
			if !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("withdraw sealed message: %w", err)
			}
			err = nil
		}
	}
	// If the index cannot be written, the file goes all the same: the disk may be full.
	if err := errors.Join(err, disk.Remove(s.path(id))); err != nil {
		return fmt.Errorf("withdraw sealed message: %w", err)
	}
	return nil
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
