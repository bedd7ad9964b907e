package peopleindex

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dchest/siphash"
)

// Key is what the hashes are made with. It is stored apart from the index.
type Key [16]byte

// NewKey returns a random key.
func NewKey() (k Key) {
	rand.Read(k[:]) // never fails (crypto/rand, Go 1.24)
	return k
}

// hash returns the hash of a normalised value.
func (k Key) hash(value []byte) uint64 {
	return siphash.Hash(binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:]), value)
}

// kind is what a value is.
type kind uint8

const (
	kindUnique kind = iota
	kindName
	kindDate
	kindAddress
	kindStart // a word that values begin with: most words of a text need no closer look
)

const kindBits = 3

// entry is a hash with the person whose value it is of, and the kind.
type entry struct {
	hash uint64
	who  uint32 // number of the person << kindBits | kind
}

// Index is a list of people, as hashes. It does not change and is safe for
// concurrent use.
type Index struct {
	key    Key
	hashes []uint64 // in order
	whose  []uint32
	table  []uint32 // by the first bits of a hash: where its entries begin
	shift  uint
}

func (b *builder) finish() *Index {
	slices.SortFunc(b.entries, func(x, y entry) int {
		if x.hash != y.hash {
			if x.hash < y.hash {
				return -1
			}
			return 1
		}
		return int(x.who) - int(y.who)
	})
	b.entries = slices.Compact(b.entries)
	d := &Index{key: b.key, hashes: make([]uint64, len(b.entries)), whose: make([]uint32, len(b.entries))}
	for i, e := range b.entries {
		d.hashes[i], d.whose[i] = e.hash, e.who
	}
	d.index()
	return d
}

// index makes the table, of about one place for an entry.
func (d *Index) index() {
	bits := uint(1)
	for 1<<bits < len(d.hashes) {
		bits++
	}
	d.shift = 64 - bits
	d.table = make([]uint32, 1<<bits+1)
	at := 0
	for i := range d.table {
		for at < len(d.hashes) && d.hashes[at]>>d.shift < uint64(i) {
			at++
		}
		d.table[i] = uint32(at)
	}
}

// find returns the entries of a hash: whose[from:to].
func (d *Index) find(h uint64) (from, to int) {
	slot := h >> d.shift
	from = int(d.table[slot])
	end := int(d.table[slot+1])
	for from < end && d.hashes[from] < h {
		from++
	}
	to = from
	for to < end && d.hashes[to] == h {
		to++
	}
	return from, to
}

// Len returns how many values there are.
func (d *Index) Len() int { return len(d.hashes) }

var magic = [8]byte{'S', 'L', 'U', 'I', 'S', 'D', 'I', '1'}

// maxEntries bounds a file.
const maxEntries = 40_000_000

// WriteTo writes the index, without its key. It implements io.WriterTo.
func (d *Index) WriteTo(w io.Writer) (int64, error) {
	b := make([]byte, 0, len(magic)+8+12*len(d.hashes)+sha256.Size)
	b = append(b, magic[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(d.hashes)))
	for i, h := range d.hashes {
		b = binary.BigEndian.AppendUint64(b, h)
		b = binary.BigEndian.AppendUint32(b, d.whose[i])
	}
	sum := sha256.Sum256(b)
	n, err := w.Write(append(b, sum[:]...))
	return int64(n), err
}

var errDamaged = errors.New("the index is damaged: import the list again")

// Read reads what WriteTo wrote.
func Read(r io.Reader, key Key) (*Index, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || [8]byte(head[:8]) != magic {
		return nil, errDamaged
	}
	n := binary.BigEndian.Uint64(head[8:])
	if n > maxEntries {
		return nil, errDamaged
	}
	sum := sha256.New()
	sum.Write(head[:])
	d := &Index{key: key}
	var row [12]byte
	for range n {
		if _, err := io.ReadFull(r, row[:]); err != nil {
			return nil, fmt.Errorf("%w (it ends early)", errDamaged)
		}
		sum.Write(row[:])
		d.hashes = append(d.hashes, binary.BigEndian.Uint64(row[:]))
		d.whose = append(d.whose, binary.BigEndian.Uint32(row[8:]))
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(r, want[:]); err != nil || [sha256.Size]byte(sum.Sum(nil)) != want ||
		!slices.IsSorted(d.hashes) {
		return nil, errDamaged
	}
	d.index()
	return d, nil
}

// Merge makes one index of several that have the same key.
func Merge(ds ...*Index) *Index {
	b := builder{}
	next := uint32(0)
	for _, d := range ds {
		b.key = d.key
		first := next
		for i, h := range d.hashes {
			e := entry{h, d.whose[i]}
			if kind(e.who&(1<<kindBits-1)) != kindStart {
				next = max(next, first+e.who>>kindBits+1)
				e.who += first << kindBits
			}
			b.entries = append(b.entries, e)
		}
	}
	return b.finish()
}
