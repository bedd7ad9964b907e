package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// Root is the hash of the tree of a number of entries (RFC 6962).
type Root = tlog.Hash

// RootAt returns the root of the first n entries.
func (l *Ledger) RootAt(n int64) (Root, error) {
	v, err := l.view()
	if err != nil {
		return Root{}, err
	}
	defer v.close()
	if n < 0 || n > v.head.entries {
		return Root{}, fmt.Errorf("the ledger has %d entries, not %d", v.head.entries, n)
	}
	root, err := tlog.TreeHash(n, v.index)
	if errors.Is(err, errIndex) {
		if err = v.mend(); err == nil {
			root, err = tlog.TreeHash(n, v.index)
		}
	}
	return root, err
}

// Entries returns the number of entries.
func (l *Ledger) Entries() (int64, error) {
	v, err := l.view()
	if err != nil {
		return 0, err
	}
	defer v.close()
	return v.head.entries, nil
}

// Exported is a ledger that was verified as a whole, in memory.
type Exported struct {
	Verified
	Acts Entries

	tree *tree
}

// Find implements Finder.
func (x *Exported) Find(q Query) iter.Seq2[Entry, error] { return x.Acts.Find(q) }

// RootAt returns the root of the first n entries.
func (x *Exported) RootAt(n int64) (Root, error) {
	if n < 0 || n > x.tree.entries {
		return Root{}, fmt.Errorf("the ledger has %d entries, not %d", x.tree.entries, n)
	}
	return tlog.TreeHash(n, x.tree)
}

// ReadExport verifies an export as Verify does, and returns what is in it.
func ReadExport(export io.Reader, witness []byte) (*Exported, error) {
	text, err := io.ReadAll(export)
	if err != nil {
		return nil, fmt.Errorf("read export: %w", err)
	}
	x := &Exported{tree: &tree{}}
	if x.Verified, err = Verify(bytes.NewReader(text), witness); err != nil {
		return nil, err
	}
	r := bufio.NewScanner(bytes.NewReader(text))
	r.Buffer(nil, maxLine)
	for x.tree.entries < x.Verified.Entries && r.Scan() {
		l, err := x.tree.take(r.Bytes())
		if err != nil {
			return nil, err
		}
		x.Acts = append(x.Acts, l.entry())
	}
	return x, r.Err()
}
