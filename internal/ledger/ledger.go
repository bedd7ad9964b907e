// Package ledger is the append-only, tamper-evident log of what people and the system
// did that touches the promises of the code of conduct.
//
// It promises:
//
//   - When Append returns, the entry is on disk.
//   - An entry that is deleted, changed or moved is found, by Verify and when the ledger
//     is opened, and the first one that is broken is named. What was deleted from the end
//     is found with any checkpoint that was signed before: whoever keeps one is a witness.
//     Who has the key can write another history; only a witness finds that.
//   - An entry holds no personal content: its data are closed fields, and the reason that
//     a person gave. It has a salt, so that hashes alone tell nothing of what they stand for.
//
// Each line is an entry and the signature of the tree that it is the last leaf of.
//
// The tree is that of RFC 6962 (golang.org/x/mod/sumdb/tlog), the signature a signed note
// (sumdb/note) with Ed25519.
package ledger

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"sluis/internal/durable"
)

// Kind is what was done. The list is closed.
type Kind string

// The kinds.
const (
	SamplingCommit     Kind = "sampling-commit"
	SamplingRate       Kind = "sampling-rate" // of a day that is committed to already
	SamplingReveal     Kind = "sampling-reveal"
	ConfigLoaded       Kind = "config-loaded"
	QuarantineOpened   Kind = "quarantine-opened"
	QuarantineReleased Kind = "quarantine-released"
	QuarantineDeleted  Kind = "quarantine-deleted"
	QuarantineExpired  Kind = "quarantine-expired"
	PeopleImported     Kind = "people-imported"
	PeopleRemoved      Kind = "people-removed"
	RetentionRun       Kind = "retention-run"
	GatewayStarted     Kind = "gateway-started"
	GatewayStopped     Kind = "gateway-stopped"
)

// Data is what is told of an act. Every field is optional.
type Data struct {
	ID     string  `json:"id,omitempty"`     // of a message
	Day    string  `json:"day,omitempty"`    // 2026-11-23, UTC
	Commit string  `json:"commit,omitempty"` // hexadecimal SHA-256 of a day's secret
	Secret string  `json:"secret,omitempty"` // hexadecimal
	Rate   float64 `json:"rate,omitempty"`
	Since  int64   `json:"since,omitempty"`  // of a rate, in milliseconds since 1970 (UTC)
	Rules  string  `json:"rules,omitempty"`  // fingerprint
	Roster string  `json:"roster,omitempty"` // fingerprint
	Count  int     `json:"count,omitempty"`
	Reason string  `json:"reason,omitempty"` // as a person gave it
}

// Entry is one act.
type Entry struct {
	Index int64     `json:"index"`
	Time  time.Time `json:"time"`
	Kind  Kind      `json:"kind"`
	Salt  []byte    `json:"salt"`
	Data  Data      `json:"data"`
}

// Ledger is a log in a directory. Several processes may append to it.
type Ledger struct {
	dir      string
	signer   note.Signer
	verifier note.Verifier
	public   string // key of the verifier

	mu   sync.Mutex
	size int64 // bytes of the file that are in tree
	tree tree
}

// Open opens the ledger in dir, which is made if it is not there, and reads it.
func Open(dir string) (*Ledger, error) {
	key, err := durable.ReadOrCreate(filepath.Join(dir, "ledger.key"), newKey)
	if err != nil {
		return nil, fmt.Errorf("open ledger key: %w", err)
	}
	secret, public, _ := bytes.Cut(bytes.TrimSpace(key), []byte("\n"))
	l := &Ledger{dir: dir, public: string(public)}
	var wrong error
	l.signer, err = note.NewSigner(string(secret))
	l.verifier, wrong = note.NewVerifier(l.public)
	if err != nil || wrong != nil {
		return nil, errors.New("ledger.key holds no key: restore it from a backup")
	}
	if err := l.locked(l.open); err != nil {
		return nil, err
	}
	return l, nil
}

// open reads what is there, and makes sure that it goes on from the last checkpoint.
func (l *Ledger) open() error {
	if err := l.read(); err != nil {
		return err
	}
	text, err := os.ReadFile(l.checkpointFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read ledger checkpoint: %w", err)
	}
	last, err := checkpointTree(text, l.verifier)
	if err != nil {
		return fmt.Errorf("ledger checkpoint: %w", err)
	}
	return prefix(&l.tree, last)
}

// newKey returns a signing key and, on the second line, the one that verifies.
func newKey() []byte {
	secret, public, err := note.GenerateKey(rand.Reader, "sluis-ledger")
	if err != nil {
		panic(err) // only a failing source of randomness, which crypto/rand never is
	}
	return []byte(secret + "\n" + public + "\n")
}

// VerifierKey returns the public key that checkpoints are verified with.
func (l *Ledger) VerifierKey() string { return l.public }

func (l *Ledger) checkpointFile() string { return filepath.Join(l.dir, "checkpoint") }

func (l *Ledger) file() string { return filepath.Join(l.dir, "ledger.jsonl") }

// locked calls do while no other process appends.
func (l *Ledger) locked(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(filepath.Join(l.dir, "ledger.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock ledger: %w", err)
	}
	defer f.Close() // and with it the lock
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock ledger: %w", err)
	}
	return do()
}

// read takes in what was appended since, by whichever process. A last line that a crash
// cut short was never acknowledged: it is cut off.
func (l *Ledger) read() error {
	f, err := os.OpenFile(l.file(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	if info.Size() < l.size {
		return errors.New("the ledger has become shorter while it was open: it was tampered with or restored; restart to go on")
	}
	if _, err := f.Seek(l.size, io.SeekStart); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	r, grown, size := bufio.NewReader(f), l.tree, l.size
	for {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			if err := grown.verifyEnd(l.tree.entries, l.verifier); err != nil {
				return fmt.Errorf("read ledger: %w", err)
			}
			l.tree, l.size = grown, size
			if len(text) > 0 {
				return f.Truncate(size)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		if err := grown.take(text[:len(text)-1]); err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		size += int64(len(text))
	}
}

// Append writes an act down and returns its index, once it is on disk.
func (l *Ledger) Append(ctx context.Context, kind Kind, d Data) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var index int64
	err := l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		d.Reason = strings.ToValidUTF8(d.Reason, "?") // what is written has to read back the same
		salt := make([]byte, 16)
		rand.Read(salt) // never fails (crypto/rand, Go 1.24)
		e := Entry{Index: l.tree.entries, Time: time.Now().UTC().Truncate(time.Millisecond), Kind: kind, Salt: salt, Data: d}
		index = e.Index
		if err := l.write(e); err != nil {
			return err
		}
		_, err := l.checkpoint()
		return err
	})
	return index, err
}

func (l *Ledger) write(e Entry) error {
	leaf, err := e.leaf()
	if err != nil {
		return err
	}
	grown := l.tree
	if err := grown.add(leaf, nil); err != nil {
		return err
	}
	head, err := grown.head(grown.entries)
	if err != nil {
		return err
	}
	sig, err := l.signer.Sign(head)
	if err != nil {
		return fmt.Errorf("sign ledger entry: %w", err)
	}
	grown.sigs[e.Index] = sig
	text, err := json.Marshal(line{e, sig})
	if err != nil {
		return fmt.Errorf("encode ledger entry: %w", err)
	}
	if len(text) >= maxLine {
		return errors.New("append to ledger: a reason as long as this is not kept")
	}
	if err := l.extend(append(text, '\n')); err != nil {
		return err
	}
	l.tree = grown
	return nil
}

// extend writes a line at the end of the file, or nothing.
func (l *Ledger) extend(text []byte) error {
	f, err := os.OpenFile(l.file(), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	defer f.Close()
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("append to ledger: %w", err), f.Truncate(l.size))
	}
	l.size += int64(len(text))
	return nil
}

// checkpoint signs the size and the root of the tree, and keeps that.
func (l *Ledger) checkpoint() ([]byte, error) {
	head, err := l.tree.head(l.tree.entries)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(head)}, l.signer)
	if err != nil {
		return nil, fmt.Errorf("sign ledger checkpoint: %w", err)
	}
	if err := durable.Replace(l.checkpointFile(), signed); err != nil {
		return nil, fmt.Errorf("write ledger checkpoint: %w", err)
	}
	return signed, nil
}

// Each calls use for every entry, in order.
func (l *Ledger) Each(use func(Entry) error) error {
	f, err := os.Open(l.file())
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	defer f.Close()
	r := bufio.NewScanner(f)
	r.Buffer(nil, maxLine)
	for r.Scan() {
		var e Entry
		if err := json.Unmarshal(r.Bytes(), &e); err != nil {
			return fmt.Errorf("read ledger: an entry is broken: %w", err)
		}
		if err := use(e); err != nil {
			return err
		}
	}
	return r.Err()
}

// maxLine bounds a line of the ledger, in bytes.
const maxLine = 1 << 20
