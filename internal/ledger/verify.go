package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// trailer is the last line of an export.
type trailer struct {
	Checkpoint string `json:"checkpoint"`
	Key        string `json:"key"`
}

// Export writes all entries, one a line, and the signed checkpoint with the key that
// verifies it.
func (l *Ledger) Export(w io.Writer) error {
	return l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		f, err := os.Open(l.file())
		if err != nil {
			return fmt.Errorf("export ledger: %w", err)
		}
		defer f.Close()
		if _, err := io.Copy(w, f); err != nil {
			return fmt.Errorf("export ledger: %w", err)
		}
		// Anew: a crash may have come between the last entry and its checkpoint.
		checkpoint, err := l.checkpoint()
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(trailer{string(checkpoint), l.key.public})
	})
}

// Checkpoint returns the size and the root of the ledger, signed: whoever keeps it is a
// witness of all entries up to now.
func (l *Ledger) Checkpoint() (signed []byte, err error) {
	err = l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		signed, err = l.checkpoint()
		return err
	})
	return signed, err
}

// Verified is the result for a whole export.
type Verified struct {
	Entries int64
	Erased  int64  // entries whose text is erased
	Root    string // hash of the tree, to compare with a printed one
	Key     string // that the checkpoint is signed with, to compare with the printed one

	// Restored is what the ledger says of the witness's checkpoint, if it was restored from a backup after
	// that was sent: what stood between is lost.
	Restored *Restoration
}

// Verify checks an export: every entry in its place, the tree, the signature. A witness,
// if there is one, is a checkpoint that was kept from before: it has to be of a beginning
// of the same log, signed with the same key, or the one that a restoration names. The error names
// the first broken entry.
func Verify(export io.Reader, witness []byte) (Verified, error) {
	t, end, err := readExport(export)
	if err != nil {
		return Verified{}, err
	}
	verifier, err := note.NewVerifier(end.Key)
	if err != nil {
		return Verified{}, errors.New("the key at the end of the export is none")
	}
	signed, err := checkpointTree([]byte(end.Checkpoint), verifier)
	if err != nil {
		return Verified{}, fmt.Errorf("checkpoint of the export: %w", err)
	}
	if err := errors.Join(t.verify(0, verifier), compare(t, signed), t.erasures.verify()); err != nil {
		return Verified{}, err
	}
	v := Verified{t.entries, int64(len(t.erasures.erased)), signed.Hash.String(), end.Key, nil}
	if len(witness) > 0 {
		old, err := checkpointTree(witness, verifier)
		if err != nil {
			return Verified{}, fmt.Errorf("older checkpoint: %w", err)
		}
		if err := prefix(signed, old, t); err != nil {
			r, found := lost(old, Entries(t.restored).Find(Query{}))
			if !found {
				return Verified{}, err
			}
			v.Restored = &r
		}
	}
	return v, nil
}

func readExport(export io.Reader) (*tree, trailer, error) {
	t := &tree{}
	r := bufio.NewScanner(export)
	r.Buffer(nil, maxLine)
	for r.Scan() {
		if bytes.HasPrefix(r.Bytes(), []byte(`{"checkpoint":`)) {
			var end trailer
			if err := json.Unmarshal(r.Bytes(), &end); err != nil || r.Scan() {
				return nil, trailer{}, errors.New("the end of the export is broken")
			}
			return t, end, nil
		}
		if _, err := t.take(r.Bytes()); err != nil {
			return nil, trailer{}, err
		}
	}
	if err := r.Err(); err != nil {
		return nil, trailer{}, fmt.Errorf("read export: %w", err)
	}
	return nil, trailer{}, errors.New("the export has no checkpoint at its end: it was cut off")
}

func checkpointTree(text []byte, v note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		return tlog.Tree{}, errors.New("the signature is not that of the ledger's key")
	}
	return tlog.ParseTree([]byte(n.Text))
}

// compare checks that the signed tree is that of the entries.
func compare(t *tree, signed tlog.Tree) error {
	if t.entries != signed.N {
		return fmt.Errorf(
			"entry %d is broken: there are %d entries, and %d were signed",
			min(t.entries, signed.N),
			t.entries,
			signed.N,
		)
	}
	root, err := tlog.TreeHash(t.entries, t)
	if err != nil {
		return fmt.Errorf("compute root: %w", err)
	}
	if root != signed.Hash {
		return errors.New("the entries do not give the root that was signed")
	}
	return nil
}

// prefix checks that an older tree is the beginning of one that hashes are of.
func prefix(now, old tlog.Tree, hashes tlog.HashReader) error {
	if old.N > now.N {
		return fmt.Errorf(
			"the ledger was rolled back: it had %d entries at the older checkpoint and has %d now",
			old.N,
			now.N,
		)
	}
	root := now.Hash
	if old.N == 0 {
		return nil
	}
	if old.N < now.N {
		var err error
		if root, err = tlog.TreeHash(old.N, hashes); err != nil {
			return fmt.Errorf("compute root: %w", err)
		}
	}
	if root != old.Hash {
		return fmt.Errorf("the ledger was rewritten: its first %d entries are not those of the older checkpoint", old.N)
	}
	return nil
}
