// Package ledger is the audit log (C3.3e, C3.3g): append-only and tamper-evident by a Merkle
// tree (RFC 6962), of each act of a person or of the gateway that touches a promise of the code.
//
// It promises:
//
//   - When Append returns, the entry is on disk.
//   - Verify, and Check, find an entry that is deleted, changed or moved, and name the first
//     one. A checkpoint that was signed before shows that entries were deleted from the end:
//     whoever keeps one is a witness. The holder of the key can write another history; only a
//     witness shows that.
//   - Opening reads what is new since it was last open, and verifies that it ends in the tree
//     that the last entry was signed with. It does not read the entries before; each of them is
//     verified when Find returns it, and all when Check reads the whole.
//   - Entries are found by kind, message, reference and time without reading the others, by an
//     index beside the ledger.
//   - An entry has no personal content: its data are closed fields, and the reason that a
//     person gave. If a name stands in a reason, the privacy officer can have it erased; who
//     did what, about which and when cannot be erased, and all is still proven, for a leaf has
//     but the hash of salt and reason.
//   - Whoever has no key cannot put an earlier state together from what there is: the signature
//     of a line is no signature of a checkpoint, and the ledger is as long as its checkpoint.
//   - An entry that a later version wrote, with kinds and fields that this one does not know,
//     verifies all the same.
//   - No entry, no key: only a committed entry gives a Receipt, and decryption asks for one.
//
// Each line is an entry and the signature of the tree that it is the last leaf of.
//
// The tree is that of RFC 6962 (golang.org/x/mod/sumdb/tlog), the signature a signed note
// (sumdb/note) with Ed25519.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"sluis/internal/store/disk"
)

// Ledger is a log in a directory. Several processes may append to it.
type Ledger struct {
	dir      string
	key      key
	verifier note.Verifier
	seal     seal // of the index

	mu     sync.Mutex
	inode  uint64 // of the file that head was read from
	head   head
	signed int64 // entries of the last checkpoint of this process
}

// Appender takes entries; a Ledger is one. Acts that have to be in the ledger before they
// count need no more of it.
type Appender interface {
	Append(ctx context.Context, kind Kind, d Data) (Receipt, error)
}

// Open opens the ledger in dir, which it makes if it is not there, and verifies it. The error is
// ErrBroken if it is not as it was written.
func Open(dir string) (*Ledger, error) {
	l, err := load(dir)
	if err != nil {
		return nil, err
	}
	if err := l.locked(l.open); err != nil {
		return nil, err
	}
	return l, nil
}

// load returns the ledger in dir, not read yet.
func load(dir string) (*Ledger, error) {
	text, err := openKey(dir)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	k, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return &Ledger{dir: dir, key: k, verifier: k.verifier, seal: newSeal(string(k.pair()))}, nil
}

// open reads what the index does not have, and checks that the ledger continues the last checkpoint.
func (l *Ledger) open() error {
	if err := l.read(); err != nil {
		return broken(err)
	}
	last, err := l.lastCheckpoint()
	if err != nil {
		return err
	}
	if err = l.key.fits(l.head.entries, last.N); err == nil {
		err = l.continues(last)
	}
	if err != nil {
		return broken(fmt.Errorf("checkpoint: %w", err))
	}
	return nil
}

// lastCheckpoint returns the tree of the checkpoint that is stored; an empty one if there is none.
func (l *Ledger) lastCheckpoint() (last tlog.Tree, err error) {
	text, err := os.ReadFile(l.checkpointFile())
	if errors.Is(err, os.ErrNotExist) {
		return last, nil
	}
	if err != nil {
		return last, fmt.Errorf("read ledger checkpoint: %w", err)
	}
	if last, err = checkpointTree(text, l.verifier); err != nil {
		return last, broken(fmt.Errorf("checkpoint: %w", err))
	}
	return last, nil
}

// catchUp signs a checkpoint again that could not be stored after the last entry: there is never more
// than one entry behind it.
func (l *Ledger) catchUp() error {
	if l.signed == l.head.entries {
		return nil
	}
	last, err := l.lastCheckpoint()
	if err == nil && last.N != l.head.entries {
		_, err = l.checkpoint()
	}
	return err
}

// broken returns ErrBroken for an error that is not the system's.
func broken(err error) error {
	if _, system := errors.AsType[*os.PathError](err); err == nil || system || errors.Is(err, ErrNewer) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// VerifierKey returns the public key that checkpoints are verified with.
func (l *Ledger) VerifierKey() string { return l.key.public }

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
	e := Entry{
		Index: l.head.entries,
		Time:  time.Now().UTC().Truncate(time.Millisecond),
		Kind:  kind,
		Data:  d,
	}
	if err := l.catchUp(); err != nil {
		return 0, err
	}
	if err := l.write(e); err != nil {
		return 0, err
	}
	if _, err := l.checkpoint(); err != nil {
		return 0, err
	}
	return e.Index, l.key.raise(l.dir, l.head.entries)
}

func (l *Ledger) write(e Entry) error {
	made, err := newLine(e)
	if err != nil {
		return err
	}
	leaf := made.hash()
	grown, added, err := l.head.grow(leaf, 0)
	if err != nil {
		return err
	}
	signed, err := grown.signed()
	if err != nil {
		return err
	}
	if made.Sig, err = l.key.signer.Sign(signing(format, signed)); err != nil {
		return fmt.Errorf("sign ledger entry: %w", err)
	}
	text := append(made.append(nil), '\n')
	if len(text) > maxLine {
		return errors.New("append to ledger: the reason is too long")
	}
	if err := l.extend(text); err != nil {
		return err
	}
	g := &growth{from: e.Index}
	g.add(l.seal, l.seal.markOf(e, leaf, l.head.size), e.Index)
	g.addHashes(added)
	grown.size = l.head.size + int64(len(text))
	l.head = grown
	l.enter(g)
	return nil
}

// enter writes an entry in the index. If that fails the next reading does it.
func (l *Ledger) enter(g *growth) {
	x, err := openIndex(l.dir, l.seal)
	if err != nil {
		return
	}
	defer x.close()
	_ = x.write(g, header{l.head.entries, l.head.size, l.inode})
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
		return errors.Join(fmt.Errorf("append to ledger: %w", err), f.Truncate(l.head.size))
	}
	return nil
}

// checkpoint signs the size and the root of the tree, and stores the result.
func (l *Ledger) checkpoint() ([]byte, error) {
	tree, err := l.head.signed()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(tree)}, l.key.signer)
	if err != nil {
		return nil, fmt.Errorf("sign ledger checkpoint: %w", err)
	}
	if err := disk.Replace(l.checkpointFile(), signed); err != nil {
		return nil, fmt.Errorf("write ledger checkpoint: %w", err)
	}
	l.signed = l.head.entries
	return signed, nil
}

// maxLine bounds a line of the ledger, in bytes.
const maxLine = 1 << 20
