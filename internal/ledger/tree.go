package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// line is an entry as it stands in the file and in an export.
type line struct {
	Entry
	Sig []byte `json:"sig"` // Ed25519, of the head of the tree that ends in this entry
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

// tree is the hashes of a log, as tlog stores them, and what each entry was signed with.
type tree struct {
	entries int64
	hashes  []tlog.Hash
	sigs    [][]byte
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

func (t *tree) add(leaf tlog.Hash, sig []byte) error {
	hs, err := tlog.StoredHashesForRecordHash(t.entries, leaf, t)
	if err != nil {
		return fmt.Errorf("extend ledger tree: %w", err)
	}
	t.hashes, t.sigs, t.entries = append(t.hashes, hs...), append(t.sigs, sig), t.entries+1
	return nil
}

// take adds the next line. It has to be exactly as it was written, so that no two readers
// can see different things in it.
func (t *tree) take(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("entry %d is broken: it cannot be read", t.entries)
	}
	if l.Index != t.entries {
		return fmt.Errorf("entry %d is broken: in its place stands entry %d", t.entries, l.Index)
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, text) {
		return fmt.Errorf("entry %d is broken: it is not as it was written", t.entries)
	}
	leaf, err := l.leaf()
	if err != nil {
		return err
	}
	return t.add(leaf, l.Sig)
}

// head returns what is signed of the tree of the first n entries.
func (t *tree) head(n int64) ([]byte, error) {
	root, err := tlog.TreeHash(n, t)
	if err != nil {
		return nil, fmt.Errorf("compute ledger root: %w", err)
	}
	return tlog.FormatTree(tlog.Tree{N: n, Hash: root}), nil
}

// verify checks the signatures of the entries from one on. A signature is of all entries
// up to its own: the first that does not fit names the first entry that was changed.
func (t *tree) verify(from int64, v note.Verifier) error {
	for n := from; n < t.entries; n++ {
		head, err := t.head(n + 1)
		if err != nil {
			return err
		}
		if !v.Verify(head, t.sigs[n]) {
			return fmt.Errorf("entry %d is broken: it is not the one that was signed", n)
		}
	}
	return nil
}

// verifyEnd checks the last signature, which is of all entries. The others are looked at
// only if it does not fit, to find the first broken one.
func (t *tree) verifyEnd(from int64, v note.Verifier) error {
	last := t.entries - 1
	if last < from || t.verify(last, v) == nil {
		return nil
	}
	return t.verify(from, v)
}
