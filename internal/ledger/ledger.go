// Package ledger is the append-only, tamper-evident log of what people and the system
// did that touches the promises of the code of conduct.
//
// It promises:
//
//   - When Append returns, the entry is on disk.
//   - An entry that is deleted, changed or moved is found by Verify, which names the first
//     one that is broken. A log that was rolled back is found with any checkpoint that was
//     signed before: whoever keeps one is a witness.
//   - An entry holds no personal content: its data are closed fields, and the reason that
//     a person gave. A leaf of the tree is the hash of a salt and the data, so that data
//     can be erased and the proof still holds.
//
// The tree is that of RFC 6962 (golang.org/x/mod/sumdb/tlog), the signature a signed note
// (sumdb/note) with Ed25519.
package ledger

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
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

// leaf returns the hash of the entry in the tree.
func (e Entry) leaf() (tlog.Hash, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("encode ledger entry: %w", err)
	}
	sum := sha256.Sum256(b)
	return tlog.RecordHash(sum[:]), nil
}

// Ledger is a log in a directory. Several processes may append to it.
type Ledger struct {
	dir    string
	signer note.Signer

	mu   sync.Mutex
	size int64 // bytes of the file that are in tree
	tree tree
}

// tree is the hashes of a log, as tlog stores them.
type tree struct {
	entries int64
	hashes  []tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(t.hashes)) {
			return nil, errors.New("hash beyond the end of the ledger")
		}
		out[i] = t.hashes[x]
	}
	return out, nil
}

func (t *tree) add(leaf tlog.Hash) error {
	hs, err := tlog.StoredHashesForRecordHash(t.entries, leaf, t)
	if err != nil {
		return fmt.Errorf("extend ledger tree: %w", err)
	}
	t.hashes, t.entries = append(t.hashes, hs...), t.entries+1
	return nil
}

// Open opens the ledger in dir, which is made if it is not there, and reads it.
func Open(dir string) (*Ledger, error) {
	key, err := durable.ReadOrCreate(filepath.Join(dir, "ledger.key"), newKey)
	if err != nil {
		return nil, fmt.Errorf("open ledger key: %w", err)
	}
	secret, _, _ := bytes.Cut(key, []byte("\n"))
	signer, err := note.NewSigner(string(secret))
	if err != nil {
		return nil, errors.New("ledger.key holds no key: restore it from a backup")
	}
	l := &Ledger{dir: dir, signer: signer}
	return l, l.locked(l.read)
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
func (l *Ledger) VerifierKey() (string, error) {
	b, err := os.ReadFile(filepath.Join(l.dir, "ledger.key"))
	if err != nil {
		return "", fmt.Errorf("read ledger key: %w", err)
	}
	_, public, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return string(public), nil
}

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
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			if len(line) > 0 {
				return f.Truncate(l.size)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil || e.Index != l.tree.entries {
			return fmt.Errorf("the ledger is broken at entry %d: verify it and restore it from a backup", l.tree.entries)
		}
		leaf, err := e.leaf()
		if err != nil {
			return err
		}
		if err := l.tree.add(leaf); err != nil {
			return err
		}
		l.size += int64(len(line))
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
		salt := make([]byte, 16)
		rand.Read(salt) // never fails (crypto/rand, Go 1.24)
		e := Entry{Index: l.tree.entries, Time: time.Now().UTC().Truncate(time.Millisecond), Kind: kind, Salt: salt, Data: d}
		index = e.Index
		if err := l.write(e); err != nil {
			return err
		}
		return l.checkpoint()
	})
	return index, err
}

func (l *Ledger) write(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode ledger entry: %w", err)
	}
	line = append(line, '\n')
	f, err := os.OpenFile(l.file(), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(line); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("append to ledger: %w", err), f.Truncate(l.size))
	}
	leaf, err := e.leaf()
	if err != nil {
		return err
	}
	l.size += int64(len(line))
	return l.tree.add(leaf)
}

// checkpoint signs the size and the root of the tree.
func (l *Ledger) checkpoint() error {
	root, err := tlog.TreeHash(l.tree.entries, &l.tree)
	if err != nil {
		return fmt.Errorf("compute ledger root: %w", err)
	}
	text := string(tlog.FormatTree(tlog.Tree{N: l.tree.entries, Hash: root}))
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		return fmt.Errorf("sign ledger checkpoint: %w", err)
	}
	if err := durable.Replace(filepath.Join(l.dir, "checkpoint"), signed); err != nil {
		return fmt.Errorf("write ledger checkpoint: %w", err)
	}
	return nil
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
