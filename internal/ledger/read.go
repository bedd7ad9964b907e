package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// read takes in what was appended since, by whichever process. It cuts off a last line that a
// crash left unfinished: it was never acknowledged. What was read before has to be the beginning
// of what is there now, also after an erasure, when the file is another one. Callers hold the
// lock.
func (l *Ledger) read() error {
	f, err := os.OpenFile(l.file(), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	if info.Size() < l.head.size && inodeOf(info) == l.inode {
		return errors.New(
			"the ledger became shorter while it was open: it was tampered with or restored; restart to go on",
		)
	}
	x, base, err := l.beginning(f, info)
	if err == nil {
		err = l.take(f, info, x, base)
		x.close()
		if err == nil || !errors.Is(err, errIndex) {
			return err
		}
	}
	return l.readAll(f, info)
}

// beginning returns the index, and the head of the entries that it has, if it continues the ledger;
// errIndex if it does not.
func (l *Ledger) beginning(f *os.File, info os.FileInfo) (*index, head, error) {
	x, err := openIndex(l.dir, l.seal)
	if err != nil {
		return nil, head{}, errIndex
	}
	h, err := x.header()
	if err != nil || h.inode != inodeOf(info) || h.size > info.Size() {
		x.close()
		return nil, head{}, errIndex
	}
	if h.entries == l.head.entries && h.size == l.head.size && h.inode == l.inode {
		return x, l.head, nil
	}
	base, err := l.verified(f, x, h)
	if err != nil {
		x.close()
	}
	return x, base, err
}

// verified returns the head of what an index is of, after the signature of the last entry is
// verified: it is of the root that the hashes give.
func (l *Ledger) verified(f *os.File, x *index, h header) (head, error) {
	if h.entries == 0 {
		return head{}, nil
	}
	base, root, err := headOf(h.entries, h.size, x)
	if err != nil {
		return head{}, errIndex
	}
	last := h.entries - 1
	m, err := x.mark(last)
	if err != nil || h.size <= m.offset || h.size-m.offset > maxLine {
		return head{}, errIndex
	}
	text := make([]byte, h.size-m.offset)
	if _, err := f.ReadAt(text, m.offset); err != nil {
		return head{}, errIndex
	}
	read, leaf, err := readLine(text[:len(text)-1], last)
	if err != nil || leaf != m.leaf || text[len(text)-1] != '\n' {
		return head{}, errIndex
	}
	kept, err := x.ReadHashes([]int64{tlog.StoredHashIndex(0, last)})
	signed := tlog.FormatTree(tlog.Tree{N: h.entries, Hash: root})
	if err != nil || kept[0] != leaf || !read.signature().is(l.verifier, signed) {
		return head{}, errIndex
	}
	return base, nil
}

// readAll reads the whole file, and makes the index anew.
func (l *Ledger) readAll(f *os.File, info os.FileInfo) error {
	x, err := newIndex(l.dir, l.seal)
	if err != nil {
		return fmt.Errorf("make ledger index: %w", err)
	}
	defer x.close()
	if err := l.take(f, info, x, head{}); err != nil {
		return err
	}
	if err := x.keep(l.dir); err != nil {
		return fmt.Errorf("make ledger index: %w", err)
	}
	return nil
}

// take adds the lines of a file behind a base to it and to the index, and cuts off what is no whole
// line. The last signature is of all entries; only if it does not fit, or a line cannot be read, is
// the whole file verified, to name the first broken entry.
func (l *Ledger) take(f *os.File, info os.FileInfo, x *index, base head) error {
	grown, g, sig, err := l.lines(f, base, x)
	if err == nil && grown.entries > base.entries {
		var signed []byte
		if signed, err = grown.signed(); err == nil && !sig.is(l.verifier, signed) {
			err = fmt.Errorf("entry %d is broken: it is not the one that was signed", grown.entries-1)
		}
	}
	if err != nil {
		return fmt.Errorf("read ledger: %w", firstBroken(f, l.verifier, err))
	}
	if info.Size() > grown.size {
		if err := f.Truncate(grown.size); err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
	}
	if grown.entries > base.entries || base.entries == 0 {
		if err := x.write(g, header{grown.entries, grown.size, inodeOf(info)}); err != nil {
			return err
		}
	}
	if base.entries != l.head.entries {
		if err := l.continued(grown, x); err != nil {
			return err
		}
	}
	l.head, l.inode = grown, inodeOf(info)
	return nil
}

// continued checks that what was read before is the beginning of another head.
func (l *Ledger) continued(grown head, x *index) error {
	old, err := l.head.tree()
	if err != nil {
		return err
	}
	now, err := grown.tree()
	if err == nil {
		err = prefix(now, old, x)
	}
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}

// lines reads the whole lines behind a base, and the signature of the last. What the index gets is
// bounded in memory; before its header is written, nothing of it counts.
func (l *Ledger) lines(f *os.File, base head, x *index) (grown head, g *growth, sig signature, err error) {
	grown, g = base, &growth{from: base.entries}
	grown.edge = maps.Clone(base.edge)
	r := bufio.NewReaderSize(io.NewSectionReader(f, base.size, 1<<62), 64<<10)
	for {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			grown, err = grown.trimmed()
			return grown, g, sig, err
		}
		if err != nil {
			return grown, g, sig, err
		}
		read, leaf, err := readLine(bytes.TrimSuffix(text, []byte("\n")), grown.entries)
		if err != nil {
			return grown, g, sig, err
		}
		m := l.seal.markOf(read.entry(), leaf, grown.size)
		g.add(l.seal, m, grown.entries)
		added, err := grown.add(leaf, int64(len(text)))
		if err == nil && grown.entries%trimEvery == 0 {
			grown, err = grown.trimmed()
		}
		if err != nil {
			return grown, g, sig, err
		}
		if g.addHashes(added); grown.entries%trimEvery == 0 {
			if err := x.append(g); err != nil {
				return grown, g, sig, err
			}
			g = &growth{from: grown.entries}
		}
		sig = read.signature()
	}
}

// trimEvery bounds how many hashes are in memory while a file is read.
const trimEvery = 1 << 12

// firstBroken verifies a file and returns the error of the first broken entry; the error that is
// known already if there is none.
func firstBroken(f *os.File, v note.Verifier, known error) error {
	t, r := &tree{}, bufio.NewScanner(io.NewSectionReader(f, 0, 1<<62))
	r.Buffer(nil, maxLine)
	var unread error
	for unread == nil && r.Scan() {
		_, unread = t.take(r.Bytes())
	}
	for _, err := range []error{t.verify(0, v), unread} {
		if err != nil {
			return err
		}
	}
	return known
}

// continues checks that the ledger continues an older tree. Hashes inside the tree are read from
// the index; if they do not fit it is made anew before the ledger is blamed.
func (l *Ledger) continues(old tlog.Tree) error {
	now, err := l.head.tree()
	if err != nil {
		return err
	}
	check := func() error {
		x, err := openIndex(l.dir, l.seal)
		if err != nil {
			return err
		}
		defer x.close()
		return prefix(now, old, x)
	}
	if err := check(); err == nil {
		return nil
	}
	if err := errors.Join(removeIndex(l.dir), l.read()); err != nil {
		return err
	}
	return check()
}
