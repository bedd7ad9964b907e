package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dchest/siphash"
	"golang.org/x/mod/sumdb/tlog"

	"sluis/internal/store/disk"
)

// The index lies beside the ledger, so that opening and finding read none of it but what they need.
// It has two files: the hashes of the tree, as tlog stores them, and behind a header a mark of each
// entry. It is no part of the proof. It counts only if it continues the ledger: header and marks
// are authenticated under the ledger's key, the file is the one that they are of, and the last
// entry's signature is of the root that the hashes give. Whatever is stale, damaged or forged is
// made anew from the ledger, all of which is verified then.
const (
	marksName  = "ledger.marks"
	hashesName = "ledger.hashes"
)

// errIndex is the error for an index that cannot be used as it is.
var errIndex = errors.New("the index does not fit the ledger")

// seal authenticates what the index has: a key of SipHash that is derived from the ledger's.
type seal struct{ k0, k1 uint64 }

func newSeal(secret string) seal {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("sluis ledger index 1"))
	sum := mac.Sum(nil)
	return seal{binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])}
}

const macSize = 16

// append appends the code that authenticates b.
func (s seal) append(b []byte) []byte {
	high, low := siphash.Hash128(s.k0, s.k1, b)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, high), low)
}

// fits reports whether b ends in its own code.
func (s seal) fits(b []byte) bool {
	body := len(b) - macSize
	high, low := siphash.Hash128(s.k0, s.k1, b[:body])
	return binary.BigEndian.Uint64(b[body:]) == high && binary.BigEndian.Uint64(b[body+8:]) == low
}

// of returns what stands for a word in a mark.
func (s seal) of(word string) uint64 { return siphash.Hash(s.k0, s.k1, []byte(word)) }

// header is what the index is of.
type header struct {
	entries int64
	size    int64  // bytes of the ledger's file
	inode   uint64 // of that file: an erasure or a backup puts another one in its place
}

const (
	indexMagic = "sluisix1"
	headerSize = len(indexMagic) + 3*8 + macSize
)

func (h header) encode(s seal) []byte {
	b := append(make([]byte, 0, headerSize), indexMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.entries))
	b = binary.BigEndian.AppendUint64(b, uint64(h.size))
	b = binary.BigEndian.AppendUint64(b, h.inode)
	return s.append(b)
}

func inodeOf(info os.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

// mark is what the index has of an entry.
type mark struct {
	offset        int64 // of its line in the file
	at            int64 // microseconds since 1970
	kind, id, ref uint64
	leaf          tlog.Hash // in the tree: the entry is verified when it is read
}

const (
	markBody = 5*8 + tlog.HashSize
	markSize = markBody + macSize
)

func (s seal) markOf(e Entry, leaf tlog.Hash, offset int64) mark {
	return mark{
		offset: offset,
		at:     e.Time.UnixMicro(),
		kind:   s.of(string(e.Kind)),
		id:     s.of(e.Data.ID),
		ref:    s.of(e.Data.Ref),
		leaf:   leaf,
	}
}

// append appends a mark; its code is of its place in the index as well.
func (m mark) append(b []byte, s seal, index int64) []byte {
	var buffer [markBody + 8]byte
	body := buffer[:0]
	for _, n := range []uint64{uint64(m.offset), uint64(m.at), m.kind, m.id, m.ref} {
		body = binary.BigEndian.AppendUint64(body, n)
	}
	body = append(body, m.leaf[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(index))
	high, low := siphash.Hash128(s.k0, s.k1, body)
	b = append(b, body[:markBody]...)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, high), low)
}

func parseMark(b []byte, s seal, index int64) (m mark, err error) {
	var buffer [markBody + 8]byte
	body := append(buffer[:0], b[:markBody]...)
	body = binary.BigEndian.AppendUint64(body, uint64(index))
	high, low := siphash.Hash128(s.k0, s.k1, body)
	if binary.BigEndian.Uint64(b[markBody:]) != high || binary.BigEndian.Uint64(b[markBody+8:]) != low {
		return m, errIndex
	}
	word := func(i int) uint64 { return binary.BigEndian.Uint64(b[8*i:]) }
	m.offset, m.at, m.kind, m.id, m.ref = int64(word(0)), int64(word(1)), word(2), word(3), word(4)
	copy(m.leaf[:], b[5*8:])
	return m, nil
}

// index is the two files of an index, open.
type index struct {
	seal          seal
	marks, hashes *os.File
}

// openIndex opens the index in dir; os.ErrNotExist if there is none.
func openIndex(dir string, s seal) (*index, error) {
	x := &index{seal: s}
	var err error
	if x.marks, err = os.OpenFile(filepath.Join(dir, marksName), os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if x.hashes, err = os.OpenFile(filepath.Join(dir, hashesName), os.O_RDWR, 0); err != nil {
		x.marks.Close()
		return nil, err
	}
	return x, nil
}

// newIndex makes an empty index under names that do not count until keep.
func newIndex(dir string, s seal) (x *index, err error) {
	x = &index{seal: s}
	const flags = os.O_RDWR | os.O_CREATE | os.O_TRUNC
	if x.marks, err = os.OpenFile(filepath.Join(dir, marksName+".new"), flags, 0o600); err != nil {
		return nil, err
	}
	if x.hashes, err = os.OpenFile(filepath.Join(dir, hashesName+".new"), flags, 0o600); err != nil {
		x.marks.Close()
		return nil, err
	}
	return x, nil
}

// keep puts a new index in the place of the one that is there.
func (x *index) keep(dir string) error {
	err := os.Rename(filepath.Join(dir, hashesName+".new"), filepath.Join(dir, hashesName))
	if err == nil {
		err = os.Rename(filepath.Join(dir, marksName+".new"), filepath.Join(dir, marksName))
	}
	return err
}

func (x *index) close() {
	x.marks.Close()
	x.hashes.Close()
}

// header reads what the index is of.
func (x *index) header() (h header, err error) {
	b := make([]byte, headerSize)
	if _, err := x.marks.ReadAt(b, 0); err != nil || string(b[:len(indexMagic)]) != indexMagic || !x.seal.fits(b) {
		return h, errIndex
	}
	word := func(i int) uint64 { return binary.BigEndian.Uint64(b[len(indexMagic)+8*i:]) }
	return header{int64(word(0)), int64(word(1)), word(2)}, nil
}

// ReadHashes implements tlog.HashReader.
func (x *index) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if _, err := x.hashes.ReadAt(out[i][:], at*tlog.HashSize); err != nil {
			return nil, errIndex
		}
	}
	return out, nil
}

// mark reads the mark of an entry.
func (x *index) mark(i int64) (mark, error) {
	b := make([]byte, markSize)
	if _, err := x.marks.ReadAt(b, int64(headerSize)+i*int64(markSize)); err != nil {
		return mark{}, errIndex
	}
	return parseMark(b, x.seal, i)
}

// scanned is how many marks are read at once.
const scanned = 512

// scan calls use for the marks of the first n entries, or from the last to the first, until it
// returns false.
func (x *index) scan(n int64, newest bool, use func(i int64, m mark) (bool, error)) error {
	b := make([]byte, scanned*markSize)
	for done := int64(0); done < n; {
		count := min(scanned, n-done)
		first := done
		if newest {
			first = n - done - count
		}
		part := b[:count*int64(markSize)]
		if _, err := x.marks.ReadAt(part, int64(headerSize)+first*int64(markSize)); err != nil {
			return errIndex
		}
		for j := range count {
			if newest {
				j = count - 1 - j
			}
			m, err := parseMark(part[j*int64(markSize):], x.seal, first+j)
			if err != nil {
				return err
			}
			if more, err := use(first+j, m); err != nil || !more {
				return err
			}
		}
		done += count
	}
	return nil
}

// growth is what the index gets of new entries.
type growth struct {
	from          int64 // the first entry
	marks, hashes []byte
}

func (g *growth) add(s seal, m mark, index int64) { g.marks = m.append(g.marks, s, index) }

func (g *growth) addHashes(hashes []tlog.Hash) {
	for _, h := range hashes {
		g.hashes = append(g.hashes, h[:]...)
	}
}

// append appends what was added. It does not count before the header says so.
func (x *index) append(g *growth) error {
	_, err := x.hashes.WriteAt(g.hashes, tlog.StoredHashCount(g.from)*tlog.HashSize)
	if err == nil {
		_, err = x.marks.WriteAt(g.marks, int64(headerSize)+g.from*int64(markSize))
	}
	if err != nil {
		return fmt.Errorf("write ledger index: %w", err)
	}
	return nil
}

// write appends what was added, and then the header.
func (x *index) write(g *growth, h header) error {
	if err := x.append(g); err != nil {
		return err
	}
	if _, err := x.marks.WriteAt(h.encode(x.seal), 0); err != nil {
		return fmt.Errorf("write ledger index: %w", err)
	}
	return nil
}

// entry reads an entry and verifies that it is the one of its mark.
func (m mark) entry(f io.ReaderAt, index, end int64) (Entry, error) {
	if end <= m.offset || end-m.offset > maxLine {
		return Entry{}, errIndex
	}
	text := make([]byte, end-m.offset)
	if _, err := f.ReadAt(text, m.offset); err != nil {
		return Entry{}, fmt.Errorf("read ledger: %w", err)
	}
	l, leaf, err := readLine(text[:len(text)-1], index)
	if err != nil {
		return Entry{}, fmt.Errorf("read ledger: %w", err)
	}
	if leaf != m.leaf {
		return Entry{}, fmt.Errorf("read ledger: entry %d is broken: it is not the one that was signed", index)
	}
	return l.entry(), nil
}

// removeIndex has the index made anew at the next reading.
func removeIndex(dir string) error {
	return errors.Join(disk.Remove(filepath.Join(dir, marksName)), disk.Remove(filepath.Join(dir, hashesName)))
}
