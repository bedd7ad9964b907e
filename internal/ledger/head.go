package ledger

import (
	"errors"
	"fmt"
	"maps"

	"golang.org/x/mod/sumdb/tlog"
)

// head is the end of the ledger as it was last read: its size, and the hashes that its root is made
// from. It is all that appending needs. The zero head is that of an empty ledger.
type head struct {
	entries int64
	size    int64               // bytes of the file
	edge    map[int64]tlog.Hash // by stored index; not changed once it is made
}

// ReadHashes implements tlog.HashReader.
func (h head) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		var ok bool
		if out[i], ok = h.edge[x]; !ok {
			return nil, errors.New("hash inside the ledger")
		}
	}
	return out, nil
}

// used is a HashReader that remembers what it read.
type used struct {
	tlog.HashReader
	seen map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (u used) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out, err := u.HashReader.ReadHashes(indexes)
	if err == nil {
		for i, x := range indexes {
			u.seen[x] = out[i]
		}
	}
	return out, err
}

// headOf returns the head of n entries whose hashes a reader has.
func headOf(n, size int64, r tlog.HashReader) (h head, root tlog.Hash, err error) {
	u := used{r, map[int64]tlog.Hash{}}
	if root, err = tlog.TreeHash(n, u); err != nil {
		return h, root, fmt.Errorf("compute ledger root: %w", err)
	}
	return head{n, size, u.seen}, root, nil
}

// grow returns the head with one more entry of some bytes, and the hashes that it adds.
func (h head) grow(leaf tlog.Hash, bytes int64) (head, []tlog.Hash, error) {
	h.edge = maps.Clone(h.edge)
	added, err := h.add(leaf, bytes)
	if err != nil {
		return h, nil, err
	}
	grown, err := h.trimmed()
	return grown, added, err
}

// add adds an entry of some bytes, and returns the hashes that it adds. The head keeps them all,
// until trimmed.
func (h *head) add(leaf tlog.Hash, bytes int64) ([]tlog.Hash, error) {
	added, err := tlog.StoredHashesForRecordHash(h.entries, leaf, h)
	if err != nil {
		return nil, fmt.Errorf("extend ledger tree: %w", err)
	}
	if h.edge == nil {
		h.edge = map[int64]tlog.Hash{}
	}
	first := tlog.StoredHashCount(h.entries)
	for i, hash := range added {
		h.edge[first+int64(i)] = hash
	}
	h.entries, h.size = h.entries+1, h.size+bytes
	return added, nil
}

// trimmed returns the head with no hashes but those that its root is made from.
func (h head) trimmed() (head, error) {
	trimmed, _, err := headOf(h.entries, h.size, h)
	return trimmed, err
}

// tree returns the size and the root.
func (h head) tree() (tlog.Tree, error) {
	root, err := tlog.TreeHash(h.entries, h)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("compute ledger root: %w", err)
	}
	return tlog.Tree{N: h.entries, Hash: root}, nil
}

// signed returns what is signed of it.
func (h head) signed() ([]byte, error) {
	t, err := h.tree()
	return tlog.FormatTree(t), err
}
