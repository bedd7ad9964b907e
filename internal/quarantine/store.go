package quarantine

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/durable"
)

// Store is a quarantine in a directory. Several processes may have it open. It is safe
// for concurrent use.
type Store struct {
	dir        string
	recipients []age.Recipient
	db         *sql.DB
	witness    Witness
	now        func() time.Time
}

// Act is something that a person or the gateway does with a message that was set aside.
type Act string

// The acts.
const (
	Opened         Act = "quarantine-opened"
	ReleaseDecided Act = "quarantine-released"
	Deleted        Act = "quarantine-deleted"
	Expired        Act = "quarantine-expired"
)

// Witness writes acts down before they are done.
type Witness interface {
	Record(ctx context.Context, act Act, id filter.ID, reason string) error
}

// Open opens the quarantine in dir, which is made if it is not there. What is sealed is
// sealed to the recipients.
func Open(dir string, w Witness, recipients ...age.Recipient) (*Store, error) {
	for _, sub := range []string{"sealed", "release"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make quarantine directory: %w", err)
		}
	}
	db, err := openIndex(filepath.Join(dir, "index.db"))
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, recipients: recipients, db: db, witness: w, now: time.Now}, nil
}

// Close closes the index.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) path(id filter.ID) string {
	return filepath.Join(s.dir, "sealed", id.String()+".age")
}

// Seal sets a message aside. When it returns nil the message is durable; otherwise
// nothing of it is left.
func (s *Store) Seal(ctx context.Context, e Entry, env Envelope, x *filter.Examination, content io.Reader) error {
	path := s.path(e.ID)
	if err := writeSealed(path, s.recipients, header{env, evidenceOf(x)}, content); err != nil {
		return fmt.Errorf("seal message: %w", err)
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO entries (id, time, direction, purpose, category, clause, rule, recipients, size, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID.String(), e.Time.UnixMilli(), e.Direction.String(), e.Purpose.String(),
		e.Category.String(), e.Clause.String(), e.Rule.String(), e.Recipients, e.Size, Held)
	if err != nil {
		return errors.Join(fmt.Errorf("index sealed message: %w", err), durable.Remove(path))
	}
	return nil
}

// Withdraw takes a message back as if it had never been set aside.
func (s *Store) Withdraw(ctx context.Context, id filter.ID) error {
	if err := durable.Remove(s.path(id)); err != nil {
		return fmt.Errorf("withdraw sealed message: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM entries WHERE id = ? AND state = ?", id.String(), Held); err != nil {
		return fmt.Errorf("withdraw sealed message: %w", err)
	}
	return nil
}

// Reconcile removes what a crash left: sealed files that were never indexed belong to
// messages that were never accepted. Only the gateway calls it, before it takes mail. It
// returns the messages whose file is missing.
func (s *Store) Reconcile(ctx context.Context) (missing []filter.ID, err error) {
	known := map[string]bool{}
	rows, err := s.db.QueryContext(ctx, "SELECT id FROM entries WHERE state IN (?, ?, ?)", Held, Releasing, Failed)
	if err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("reconcile quarantine: %w", err)
		}
		known[id] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	files, err := os.ReadDir(filepath.Join(s.dir, "sealed"))
	if err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	for _, f := range files {
		id, sealed := strings.CutSuffix(f.Name(), ".age")
		if sealed && known[id] {
			delete(known, id)
			continue
		}
		if err := durable.Remove(filepath.Join(s.dir, "sealed", f.Name())); err != nil {
			return nil, fmt.Errorf("reconcile quarantine: %w", err)
		}
	}
	if err := s.removeParts(); err != nil {
		return nil, fmt.Errorf("reconcile quarantine: %w", err)
	}
	for id := range known {
		if parsed, err := filter.ParseID(id); err == nil {
			missing = append(missing, parsed)
		}
	}
	return missing, nil
}

// removeParts removes what was being sealed for release.
func (s *Store) removeParts() error {
	parts, err := filepath.Glob(filepath.Join(s.dir, "release", "*.part"))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := durable.Remove(p); err != nil {
			return err
		}
	}
	return nil
}

// writeSealed writes header and content, encrypted, so that the file is whole and
// durable or not there.
func writeSealed(path string, to []age.Recipient, h header, content io.Reader) (err error) {
	head, err := h.encode()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name()) // what is left after a crash is removed by Reconcile
		}
	}()
	buffered := bufio.NewWriterSize(f, 64<<10)
	sealed, err := age.Encrypt(buffered, to...)
	if err != nil {
		return err
	}
	if _, err := sealed.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return err
	}
	if _, err := io.Copy(sealed, content); err != nil {
		return err
	}
	for _, step := range []func() error{sealed.Close, buffered.Flush, f.Sync, f.Close} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// Message is a message that was opened. Close it.
type Message struct {
	Envelope Envelope
	Evidence []Evidence
	io.Reader

	file *os.File
}

// Close closes the file.
func (m *Message) Close() error { return m.file.Close() }

func openSealed(path string, ids ...age.Identity) (*Message, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open sealed message: %w", err)
	}
	m := &Message{file: f}
	if err := m.unseal(f, ids); err != nil {
		f.Close()
		return nil, fmt.Errorf("open sealed message: %w", err)
	}
	return m, nil
}

func (m *Message) unseal(r io.Reader, ids []age.Identity) error {
	clear, err := age.Decrypt(bufio.NewReaderSize(r, 64<<10), ids...)
	if err != nil {
		return err
	}
	h, err := readHeader(clear)
	if err != nil {
		return err
	}
	m.Envelope, m.Evidence, m.Reader = h.Envelope, h.Evidence, clear
	return nil
}

// errDamaged is all that is told of a header that cannot be read: it holds content.
var errDamaged = errors.New("the sealed header is damaged")

func readHeader(r io.Reader) (header, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return header{}, errDamaged
	}
	size := binary.BigEndian.Uint32(n[:])
	if size > maxHeader {
		return header{}, errDamaged
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(size)))
	var h header
	if err != nil || len(b) != int(size) || json.Unmarshal(b, &h) != nil {
		return header{}, errDamaged
	}
	return h, nil
}
