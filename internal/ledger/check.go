package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// Check verifies every entry, in its place, and that all are in the tree that the last one is
// signed with; the error, which is ErrBroken, names the first that is broken. It reads the whole
// ledger, and holds up nobody who appends meanwhile.
func (l *Ledger) Check(ctx context.Context) error {
	v, err := l.view()
	if err != nil {
		return err
	}
	defer v.close()
	want, err := v.head.tree()
	if err != nil || want.N == 0 {
		return err
	}
	all, texts := head{}, erasures{}
	r := bufio.NewScanner(io.NewSectionReader(v.file, 0, v.head.size))
	r.Buffer(make([]byte, 64<<10), maxLine)
	for r.Scan() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("check ledger: %w", err)
		}
		read, leaf, err := readLine(r.Bytes(), all.entries)
		if err != nil {
			return broken(err)
		}
		texts.take(read)
		if _, err := all.add(leaf, int64(len(r.Bytes())+1)); err != nil {
			return err
		}
		if all.entries%trimEvery == 0 {
			if all, err = all.trimmed(); err != nil {
				return err
			}
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("check ledger: %w", err)
	}
	got, err := all.tree()
	if err != nil {
		return err
	}
	if got != want {
		return broken(firstBroken(v.file, l.verifier, mismatch(got, want)))
	}
	return broken(texts.verify())
}

func mismatch(got, want tlog.Tree) error {
	return fmt.Errorf("its %d entries do not give the root of the %d that were signed", got.N, want.N)
}
