// Package ledger is the audit log (C3.3e, C3.3g): append-only and tamper-evident by a Merkle
// tree (RFC 6962), of each act of a person or of the gateway that touches a promise of the code.
//
// It promises:
//
//   - When Append returns, the entry is on disk.
//   - Verify, and opening the ledger, finds an entry that is deleted, changed or moved, and
//     names the first one. A checkpoint that was signed before shows that entries were
//     deleted from the end: whoever keeps one is a witness. The holder of the key can write
//     another history; only a witness shows that.
//   - Entries are found by kind, message, reference and time without reading the others: an
//     index in memory grows as the file is read, once, when the ledger is opened.
//   - An entry has no personal content: its data are closed fields, and the reason that a
//     person gave. If a name stands in a reason, the payload can be erased; the rest is still
//     proven, for a leaf has the hash of salt and payload.
//   - No entry, no key: only a committed entry gives a Receipt, and decryption asks for one.
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

	"sluis/internal/store/disk"
)

// Ledger is a log in a directory. Several processes may append to it.
type Ledger struct {
	dir      string
	signer   note.Signer
	verifier note.Verifier
	public   string // key of the verifier

	mu     sync.Mutex
	opened os.FileInfo // of the file that state was read from
	state
}

// state is what was read of a file: its tree and its index.
type state struct {
	tree  tree
	marks []mark // of each entry, in their order
	size  int64  // bytes of the file that these are of
}

// Appender takes entries; a Ledger is one. Acts that have to be in the ledger before they
// count need no more of it.
type Appender interface {
	Append(ctx context.Context, kind Kind, d Data) (Receipt, error)
}

// Open opens the ledger in dir, which it makes if it is not there, and verifies it. The error is
// ErrBroken if it is not as it was written.
func Open(dir string) (*Ledger, error) {
	key, err := openKey(dir)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{dir: dir}
	if l.signer, l.verifier, l.public, err = parseKey(key); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if err := l.locked(l.open); err != nil {
		return nil, err
	}
	return l, nil
}

// open reads the file, and checks that it continues the last checkpoint.
func (l *Ledger) open() error {
	if err := l.read(); err != nil {
		if _, system := errors.AsType[*os.PathError](err); !system {
			err = fmt.Errorf("%w: %w", ErrBroken, err)
		}
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
	if err == nil {
		err = prefix(&l.tree, last)
	}
	if err != nil {
		return fmt.Errorf("%w: checkpoint: %w", ErrBroken, err)
	}
	return nil
}

// VerifierKey returns the public key that checkpoints are verified with.
func (l *Ledger) VerifierKey() string { return l.public }

func (l *Ledger) checkpointFile() string { return filepath.Join(l.dir, checkpointName) }

func (l *Ledger) file() string { return filepath.Join(l.dir, fileName) }

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

// read takes in what was appended since, by whichever process. It cuts off a last line that a
// crash left unfinished: it was never acknowledged. After an erasure the file is another one,
// which has to continue the same tree.
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
	if l.opened != nil && !os.SameFile(info, l.opened) {
		return l.readAnew(f, info)
	}
	if info.Size() < l.size {
		return errors.New(
			"the ledger became shorter while it was open: it was tampered with or restored; restart to go on",
		)
	}
	if _, err := f.Seek(l.size, io.SeekStart); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	grown, err := l.take(f, l.state)
	if err != nil {
		return err
	}
	l.state, l.opened = grown, info
	return nil
}

// readAnew reads a file that replaced the one that was read before.
func (l *Ledger) readAnew(f *os.File, info os.FileInfo) error {
	old, err := l.tree.root()
	if err != nil {
		return err
	}
	grown, err := l.take(f, state{})
	if err != nil {
		return err
	}
	if err := prefix(&grown.tree, old); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	l.state, l.opened = grown, info
	return nil
}

// take adds the lines of a file to what is known of it, and cuts off what is no whole line.
func (l *Ledger) take(f *os.File, known state) (state, error) {
	r, grown := bufio.NewReader(f), known
	for {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			if err := grown.tree.verifyEnd(known.tree.entries, l.verifier); err != nil {
				return state{}, fmt.Errorf("read ledger: %w", err)
			}
			if len(text) > 0 {
				return grown, f.Truncate(grown.size)
			}
			return grown, nil
		}
		if err == nil {
			err = grown.take(text)
		}
		if err != nil {
			return state{}, fmt.Errorf("read ledger: %w", err)
		}
	}
}

// take adds the next line.
func (s *state) take(text []byte) error {
	read, err := s.tree.take(bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		return err
	}
	s.marks = append(s.marks, markOf(read.entry(), s.size))
	s.size += int64(len(text))
	return nil
}

// Append records an act. When it returns a Receipt, the entry is on disk.
func (l *Ledger) Append(ctx context.Context, kind Kind, d Data) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	var index int64
	err := l.locked(func() (err error) {
		if err := l.read(); err != nil {
			return err
		}
		index, err = l.append(kind, d)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{kind: kind, id: d.ID, index: index, written: true}, nil
}

func (l *Ledger) append(kind Kind, d Data) (int64, error) {
	d.Reason = strings.ToValidUTF8(d.Reason, "?") // it has to read back the same
	salt := make([]byte, 16)
	rand.Read(salt) // never fails (crypto/rand, Go 1.24)
	e := Entry{
		Index: l.tree.entries,
		Time:  time.Now().UTC().Truncate(time.Millisecond),
		Kind:  kind,
		Salt:  salt,
		Data:  d,
	}
	if err := l.write(e); err != nil {
		return 0, err
	}
	_, err := l.checkpoint()
	return e.Index, err
}

func (l *Ledger) write(e Entry) error {
	content, err := e.payload()
	if err != nil {
		return err
	}
	leaf, err := e.leaf(content)
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
	text, err := whole(e, sig)
	if err != nil {
		return fmt.Errorf("encode ledger entry: %w", err)
	}
	if len(text) >= maxLine {
		return errors.New("append to ledger: the reason is too long")
	}
	at := l.size
	if err := l.extend(append(text, '\n')); err != nil {
		return err
	}
	l.tree, l.marks = grown, append(l.marks, markOf(e, at))
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

// checkpoint signs the size and the root of the tree, and stores the result.
func (l *Ledger) checkpoint() ([]byte, error) {
	head, err := l.tree.head(l.tree.entries)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(head)}, l.signer)
	if err != nil {
		return nil, fmt.Errorf("sign ledger checkpoint: %w", err)
	}
	if err := disk.Replace(l.checkpointFile(), signed); err != nil {
		return nil, fmt.Errorf("write ledger checkpoint: %w", err)
	}
	return signed, nil
}

// maxLine bounds a line of the ledger, in bytes.
const maxLine = 1 << 20
