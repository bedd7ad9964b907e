// Package splitmail remembers messages that were confidential by one of several recipients, and of which
// the gateway asked the sender to send a part again (RFC 5321 section 4.5.3.1.10): what comes then
// has that recipient in its envelope no more, and is as confidential (C3.2g).
//
// It promises that nothing is kept but a keyed hash of sender and Message-ID, and the time, for five
// days; that a message is known once Remember returns, whatever crashes then; and that there is
// a bound on how many, for strangers apart, of whom the oldest go first.
package splitmail

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"sluis/internal/store"
)

// Keep is how long a message is known: as long as senders usually try again (RFC 5321 section 4.5.4.1).
const Keep = 5 * 24 * time.Hour

// Bounds of what is known at one time: of the organisation's own clients, and of strangers.
const (
	maxOwn       = 100_000
	maxStrangers = 10_000
)

const schema = `
CREATE TABLE IF NOT EXISTS messages (hash BLOB PRIMARY KEY, time INTEGER NOT NULL, own INTEGER NOT NULL) STRICT`

type mark [16]byte

type known struct {
	at  time.Time
	own bool
}

// Memory is safe for concurrent use.
type Memory struct {
	key []byte
	db  *sql.DB
	now func() time.Time

	mu    sync.RWMutex
	marks map[mark]known
	count map[bool]int // of own and of strangers
}

// Open opens the memory in a file, which is made if it is not there, with its key.
func Open(path string, key []byte) (*Memory, error) {
	db, err := store.OpenSQLite(path, schema)
	if err != nil {
		return nil, fmt.Errorf("open the memory of split messages: %w", err)
	}
	m := &Memory{key: key, db: db, now: time.Now, marks: map[mark]known{}, count: map[bool]int{}}
	if err := m.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("read the memory of split messages: %w", err), db.Close())
	}
	return m, nil
}

// Close closes the file.
func (m *Memory) Close() error { return m.db.Close() }

func (m *Memory) load() error {
	rows, err := m.db.Query("SELECT hash, time, own FROM messages")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		var at int64
		var k known
		if err := rows.Scan(&hash, &at, &k.own); err != nil {
			return err
		}
		k.at = time.Unix(at, 0)
		m.marks[mark(append(hash, make([]byte, len(mark{}))...)[:len(mark{})])] = k
		m.count[k.own]++
	}
	return rows.Err()
}

func (m *Memory) mark(sender, identity string) (of mark) {
	mac := hmac.New(sha256.New, m.key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(sender))))
	io.WriteString(mac, sender)
	io.WriteString(mac, identity)
	copy(of[:], mac.Sum(nil))
	return of
}

// Knows reports whether a message was remembered within the time.
func (m *Memory) Knows(sender, identity string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(m.marks) == 0 {
		return false
	}
	k, ok := m.marks[m.mark(sender, identity)]
	return ok && m.now().Sub(k.at) < Keep
}

// Remember makes a message known from now on; own says that a client of the organisation sent it.
func (m *Memory) Remember(ctx context.Context, sender, identity string, own bool) error {
	of := m.mark(sender, identity)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.makeRoom(ctx, own); err != nil {
		return err
	}
	now := m.now()
	const put = "INSERT OR REPLACE INTO messages (hash, time, own) VALUES (?, ?, ?)"
	if _, err := m.db.ExecContext(ctx, put, of[:], now.Unix(), own); err != nil {
		return fmt.Errorf("remember a split message: %w", err)
	}
	m.drop(of)
	m.marks[of] = known{now, own}
	m.count[own]++
	return nil
}

// drop takes a mark out of memory.
func (m *Memory) drop(of mark) {
	if k, ok := m.marks[of]; ok {
		m.count[k.own]--
		delete(m.marks, of)
	}
}

// makeRoom forgets the oldest tenth where there is no room.
func (m *Memory) makeRoom(ctx context.Context, own bool) error {
	most := maxStrangers
	if own {
		most = maxOwn
	}
	if m.count[own] < most {
		return nil
	}
	var times []time.Time
	for _, k := range m.marks {
		if k.own == own {
			times = append(times, k.at)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	until := times[len(times)/10]
	return m.forget(ctx, func(k known) bool { return k.own == own && !k.at.After(until) })
}

// Expire forgets what is older than Keep.
func (m *Memory) Expire(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.now().Add(-Keep)
	return m.forget(ctx, func(k known) bool { return k.at.Before(before) })
}

func (m *Memory) forget(ctx context.Context, which func(known) bool) error {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("forget split messages: %w", err)
	}
	defer tx.Rollback()
	var gone []mark
	for of, k := range m.marks {
		if !which(k) {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE hash = ?", of[:]); err != nil {
			return fmt.Errorf("forget split messages: %w", err)
		}
		gone = append(gone, of)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("forget split messages: %w", err)
	}
	for _, of := range gone {
		m.drop(of)
	}
	return nil
}
