package quarantine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
)

// A message that a person with a confidential role is party to is quarantined for its technical safety
// alone (C3.2g). Reviewers see which rules matched, and nothing that it says; the person concerned is told
// by mail, and decides on release.

// Findings is the step of an opening that shows which rules matched.
const Findings = "findings"

// ErrConfidential is returned for what reviewers may not do with a confidential message.
var ErrConfidential = errors.New("the message is confidential: only its findings can be opened, unless an order " +
	"makes an exception, and the person concerned decides on it (C3.2g)")

// ErrLink is returned for a link that decides on no message, or no more.
var ErrLink = errors.New("this link decides on no message")

// Exception reports whether orders in force lift the confidentiality of a message, for everybody who has a
// confidential role in it, by its envelope and its header.
type Exception func(env Envelope, header io.Reader) bool

// Except sets what knows of exceptions; before that there are none. It comes before any use.
func (s *Store) Except(x Exception) { s.except = x }

// maxExcepted bounds the header that an exception is asked about. A longer one is not lifted.
const maxExcepted = 1 << 20

// confine leaves of a confidential message what a reviewer may see in a step: all of it under an exception,
// else the rules that matched, or nothing.
func (s *Store) confine(m *Message, step string) error {
	if s.isExcepted(m) {
		return nil
	}
	if step != Findings {
		return ErrConfidential
	}
	m.Envelope, m.Answer, m.note, m.Reader = Envelope{}, "", "", bytes.NewReader(nil)
	for i := range m.Evidence {
		m.Evidence[i].Excerpts = nil
	}
	return nil
}

// isExcepted asks about the message, which stays as it is.
func (s *Store) isExcepted(m *Message) bool {
	if s.except == nil {
		return false
	}
	content := bufio.NewReaderSize(m.Reader, maxExcepted)
	m.Reader = content
	head, _ := content.Peek(maxExcepted)
	end := bytes.Index(head, []byte("\r\n\r\n"))
	return end >= 0 && s.except(m.Envelope, bytes.NewReader(head[:end+2]))
}

// reserved returns ErrConfidential for a decision that is not a reviewer's: there is a person concerned
// whom the gateway can ask.
func (s *Store) reserved(ctx context.Context, e Entry, by Intent) error {
	if !e.Confidential || by.concerned {
		return nil
	}
	var n int
	const query = "SELECT count(*) FROM concerned WHERE id = ?"
	if err := s.db.QueryRowContext(ctx, query, e.ID.String()).Scan(&n); err != nil {
		return fmt.Errorf("look up the person concerned: %w", err)
	}
	if n > 0 {
		return ErrConfidential
	}
	return nil
}

// addConcerned notes whom to tell of a message, sealed to the gateway's own key until that is done.
func (s *Store) addConcerned(ctx context.Context, tx *sql.Tx, id filter.ID, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	key, err := s.releaseIdentity(ctx)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, key.Recipient())
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, a); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		const put = "INSERT INTO concerned (id, address) VALUES (?, ?)"
		if _, err := tx.ExecContext(ctx, put, id.String(), sealed.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// untold is a person who has to be told of a message.
type untold struct {
	row    int64
	sealed []byte
}

// settled is how old a message is before people are told of it: before, it may be withdrawn.
const settled = time.Minute

// Tell has people told of the messages that concern them, each with a secret for a link of their own. What
// fails is tried again the next time, with another secret; the first error is returned.
func (s *Store) Tell(ctx context.Context, tell func(ctx context.Context, address, secret string) error) error {
	due, err := s.untold(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	key, err := s.releaseIdentity(ctx)
	if err != nil {
		return err
	}
	for _, u := range due {
		err = errors.Join(err, s.tell(ctx, u, key, tell))
	}
	return err
}

func (s *Store) tell(ctx context.Context, u untold, key age.Identity,
	tell func(ctx context.Context, address, secret string) error) error {
	r, err := age.Decrypt(bytes.NewReader(u.sealed), key)
	if err != nil {
		return fmt.Errorf("tell the person concerned: %w", err)
	}
	address, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("tell the person concerned: %w", err)
	}
	secret := rand.Text()
	const link = "UPDATE concerned SET link = ? WHERE row = ?"
	if _, err := s.db.ExecContext(ctx, link, linkOf(secret), u.row); err != nil {
		return fmt.Errorf("tell the person concerned: %w", err)
	}
	if err := tell(ctx, string(address), secret); err != nil {
		return fmt.Errorf("tell the person concerned: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, "UPDATE concerned SET address = NULL WHERE row = ?", u.row); err != nil {
		return fmt.Errorf("note that the person concerned was told: %w", err)
	}
	return nil
}

func (s *Store) untold(ctx context.Context) (due []untold, err error) {
	rows, err := s.db.QueryContext(
		ctx,
		"SELECT row, address FROM concerned JOIN entries USING (id) WHERE address IS NOT NULL AND state = ? "+
			"AND time < ? LIMIT ?",
		Quarantined,
		s.now().Add(-settled).UnixMilli(),
		batch,
	)
	if err != nil {
		return nil, fmt.Errorf("list whom to tell: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u untold
		if err := rows.Scan(&u.row, &u.sealed); err != nil {
			return nil, fmt.Errorf("list whom to tell: %w", err)
		}
		due = append(due, u)
	}
	return due, rows.Err()
}

// linkOf is what the index has of a secret.
func linkOf(secret string) string {
	sum := sha256.Sum256([]byte("sluis confidential message 1\n" + secret))
	return hex.EncodeToString(sum[:])
}

// Linked returns the message that a link decides on; ErrLink if there is none.
func (s *Store) Linked(ctx context.Context, secret string) (Entry, error) {
	e, err := scanEntry(s.db.QueryRowContext(
		ctx,
		"SELECT "+columns+" FROM entries WHERE id = (SELECT id FROM concerned WHERE link = ?)",
		linkOf(secret),
	))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, ErrLink
	}
	if err != nil {
		return Entry{}, fmt.Errorf("look up a link: %w", err)
	}
	return e, nil
}

// concernedPerson is in the ledger for whoever decides by a link: a name would single them out.
var concernedPerson = ledger.Actor{Name: "person concerned"}

// ReleaseLinked is Release by the person whom a message concerns. What the ledger has of it is that such a
// person decided.
func (s *Store) ReleaseLinked(ctx context.Context, secret string, d Deliverer, ids ...age.Identity) (Reply, error) {
	e, err := s.Linked(ctx, secret)
	if err != nil {
		return Reply{}, err
	}
	by := Intent{
		Actor:     concernedPerson,
		Reason:    "decision of the person concerned (C3.2g)",
		Step:      "concerned",
		concerned: true,
	}
	return s.Release(ctx, e.ID, by, d, ids...)
}
