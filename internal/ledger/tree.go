package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is the hashes of a log, as tlog stores them, and the signature of each entry.
type tree struct {
	entries  int64
	erasures erasures
	restored []Entry
	hashes   []tlog.Hash
	sigs     []signature
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

func (t *tree) add(leaf tlog.Hash, sig signature) error {
	hs, err := tlog.StoredHashesForRecordHash(t.entries, leaf, t)
	if err != nil {
		return fmt.Errorf("extend ledger tree: %w", err)
	}
	t.hashes, t.sigs, t.entries = append(t.hashes, hs...), append(t.sigs, sig), t.entries+1
	return nil
}

// take adds the next line, and returns it.
func (t *tree) take(text []byte) (line, error) {
	l, leaf, err := readLine(text, t.entries)
	if err != nil {
		return l, err
	}
	t.erasures.take(l)
	if l.Kind == LedgerRestored {
		t.restored = append(t.restored, l.entry())
	}
	return l, t.add(leaf, l.signature())
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
		if !t.sigs[n].is(v, head) {
			return fmt.Errorf("entry %d is broken: it is not the one that was signed", n)
		}
	}
	return nil
}
