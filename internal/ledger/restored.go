package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrRolledBack is the error for a ledger that lacks entries which a witness has a checkpoint of, and
// that does not say why.
var ErrRolledBack = errors.New("the ledger is not as long as a witness knows it")

// Restoration is what an entry of kind LedgerRestored says: the ledger went back to a backup.
type Restoration struct {
	Entry int64     // its number, and how many entries the backup had
	Lost  tlog.Tree // the newest tree that a witness has a checkpoint of: what is beyond the backup is lost
}

// restorationOf returns what an entry says.
func restorationOf(e Entry) (Restoration, error) {
	hash, err := hex.DecodeString(e.Data.Commit)
	if err != nil || len(hash) != tlog.HashSize || e.Data.Count <= 0 {
		return Restoration{}, fmt.Errorf("entry %d names no checkpoint that was lost", e.Index)
	}
	return Restoration{e.Index, tlog.Tree{N: int64(e.Data.Count), Hash: tlog.Hash(hash)}}, nil
}

// Restored goes on with a ledger that was put back from a backup. The newest checkpoint that a witness
// was sent is cited, as it was mailed: an entry of kind LedgerRestored names its size and root, with who
// did it and why, so that the witness sees what is lost. A ledger that continues the checkpoint is not
// restored, and one that is broken in itself stays so.
func Restored(ctx context.Context, dir string, checkpoint []byte, by Actor, reason string) (r Restoration, err error) {
	if reason == "" {
		return r, errors.New("restore the ledger: say why")
	}
	l, err := load(dir)
	if err != nil {
		return r, err
	}
	cited, err := checkpointTree(checkpoint, l.verifier)
	if err != nil {
		return r, fmt.Errorf("the cited checkpoint: %w", err)
	}
	err = l.locked(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.read(); err != nil {
			return broken(err)
		}
		last, err := l.lastCheckpoint()
		if err != nil {
			return err
		}
		if l.key.fits(l.head.entries, last.N) == nil && l.continues(last) == nil && l.continues(cited) == nil {
			return errors.New("restore the ledger: it continues that checkpoint, and nothing is lost")
		}
		if last.N > cited.N { // nobody was sent it; the ledger knows it all the same
			cited = last
		}
		r = Restoration{l.head.entries, cited}
		return l.goOn(by, r, reason)
	})
	return r, err
}

// goOn signs the end of a ledger that was put back, and appends what was lost.
func (l *Ledger) goOn(by Actor, r Restoration, reason string) error {
	if _, err := l.checkpoint(); err != nil {
		return err
	}
	l.key.least = 0 // to be noted anew: it is shorter now
	act := Data{Actor: by, Count: int(r.Lost.N), Commit: hex.EncodeToString(r.Lost.Hash[:]), Reason: reason}
	_, err := l.append(LedgerRestored, act)
	return err
}

// Continues checks that the ledger continues a checkpoint that a witness was sent, or says that it was
// restored after it. The error is ErrRolledBack if neither is so.
func (l *Ledger) Continues(checkpoint []byte) error {
	old, err := checkpointTree(checkpoint, l.verifier)
	if err != nil {
		return fmt.Errorf("checkpoint of a witness: %w", err)
	}
	err = l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		return l.continues(old)
	})
	if err == nil {
		return nil
	}
	if _, system := errors.AsType[*os.PathError](err); system {
		return err
	}
	if _, found := lost(old, l.Find(Query{Kinds: []Kind{LedgerRestored}})); found {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrRolledBack, err)
}

// lost returns the restoration that names a tree.
func lost(old tlog.Tree, entries iter.Seq2[Entry, error]) (Restoration, bool) {
	for e, err := range entries {
		if err != nil {
			return Restoration{}, false
		}
		if r, err := restorationOf(e); err == nil && r.Lost == old {
			return r, true
		}
	}
	return Restoration{}, false
}

var (
	crlf   = regexp.MustCompile("\r+\n")
	inText = regexp.MustCompile(`(?m)^go\.sum database tree\n[0-9]+\n[A-Za-z0-9+/=]+\n\n— \S+ [A-Za-z0-9+/=]+$`)
)

// CheckpointIn returns the checkpoint in a text, such as a mail that a witness kept: from its first line
// to its signature.
func CheckpointIn(text io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(text, maxLine))
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	found := inText.Find(crlf.ReplaceAll(b, []byte("\n")))
	if found == nil {
		return nil, errors.New("there is no checkpoint in the text: it begins with the line \"go.sum database tree\"")
	}
	return append(found, '\n'), nil
}
