package domains

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/dchest/siphash"
)

// Builder gathers names for an index.
type Builder struct {
	categories []string
	k0, k1     uint64
	entries    []listed
	single     bool
	flags      byte // of what is listed beside names
}

// listed is a name of a list. Millions are held while an index is built.
type listed struct {
	hash  uint64
	check uint32 // of the name with another key: two names with one hash are noticed
	of    uint16 // category; once merged: number of the set of its categories
}

// NewBuilder returns a builder for at most MaxCategories categories.
func NewBuilder(categories ...string) (*Builder, error) {
	if len(categories) > MaxCategories {
		return nil, fmt.Errorf("%d categories: an index has at most %d", len(categories), MaxCategories)
	}
	for _, c := range categories {
		if c == "" || strings.ContainsAny(c, "\n") {
			return nil, errors.New("a category needs a name of one line")
		}
	}
	b := &Builder{categories: categories}
	var key [16]byte
	rand.Read(key[:]) // never fails (crypto/rand, Go 1.24)
	b.k0, b.k1 = binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	return b, nil
}

// Grow makes room for so many more names, so that what was added is not copied.
func (b *Builder) Grow(names int) { b.entries = slices.Grow(b.entries, max(names, 0)) }

// Add lists a name in the category with a number. It reports whether the name is one: a
// host name or domain, in ASCII or Unicode, no address.
func (b *Builder) Add(category int, name string) bool {
	name, ok := canonical(name)
	if !ok || category < 0 || category >= len(b.categories) {
		return false
	}
	b.single = b.single || !strings.Contains(name, ".")
	b.add(category, name)
	return true
}

func (b *Builder) add(category int, key string) {
	b.entries = append(b.entries, listed{
		siphash.Hash(b.k0, b.k1, []byte(key)), uint32(siphash.Hash(b.k1, b.k0, []byte(key))), uint16(category),
	})
}

// ErrCollision is returned by WriteTo if two names share a hash: build again, with another
// key.
var ErrCollision = errors.New("two names share a hash")

// WriteTo writes the index. It implements io.WriterTo; the builder is used up.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	sets, err := b.merge()
	if err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	names := strings.Join(b.categories, "\n")
	homes := len(b.entries)*10/fill10 + 1
	body := make([]byte, 0, padded(len(names)+8*len(sets))+bucketSize*(homes+spare))
	body = append(body, names...)
	for _, s := range sets {
		body = le.AppendUint64(body, uint64(s))
	}
	body = body[:padded(len(body))]
	if body, err = b.buckets(body, homes); err != nil {
		return 0, err
	}
	head := append(make([]byte, 0, headerSize), magic...)
	for _, n := range []uint64{b.k0, b.k1, uint64(len(b.entries)), uint64(homes)} {
		head = le.AppendUint64(head, n)
	}
	head = le.AppendUint32(le.AppendUint32(head, uint32(len(names))), uint32(len(sets)))
	head = append(head, 0, 0, 0, 0)
	if b.single {
		head[48] = 1
	}
	head[49] = b.flags
	head = le.AppendUint32(head, crc32.Checksum(body, castagnoli))
	head = le.AppendUint32(head, crc32.Checksum(head, castagnoli))
	n, err := w.Write(head[:headerSize])
	if err != nil {
		return int64(n), err
	}
	m, err := w.Write(body)
	return int64(n + m), err
}

// fill10 is how many names a bucket has on average, times ten: few enough that most names
// are in their own.
const fill10 = 43

// buckets appends the buckets of the names, which are in the order of their hashes and so
// of their buckets.
func (b *Builder) buckets(body []byte, homes int) ([]byte, error) {
	le := binary.LittleEndian
	start := len(body)
	body = body[:start+bucketSize*(homes+spare)]
	at := 0
	for _, e := range b.entries {
		home, _ := bits.Mul64(e.hash, uint64(homes))
		at = max(at, int(home))
		bucket := body[start+bucketSize*at:]
		count := le.Uint16(bucket[countAt:])
		if count == perBucket {
			// All buckets from its home to this one are full.
			for k := int(home); k <= at; k++ {
				body[start+bucketSize*k+countAt+1] |= overflows >> 8
			}
			if at++; at == homes+spare {
				return nil, ErrCollision // as unlikely, and as easily mended
			}
			bucket, count = body[start+bucketSize*at:], 0
		} else if at > int(home) {
			for k := int(home); k < at; k++ {
				body[start+bucketSize*k+countAt+1] |= overflows >> 8
			}
		}
		le.PutUint64(bucket[8*count:], e.hash)
		le.PutUint16(bucket[numbersAt+2*int(count):], e.of)
		le.PutUint16(bucket[countAt:], count+1)
	}
	return body, nil
}

// merge sorts the names, makes those that were listed more than once one, and returns the
// sets of categories that occur.
func (b *Builder) merge() (sets []Set, err error) {
	slices.SortFunc(b.entries, func(x, y listed) int { return cmp.Compare(x.hash, y.hash) })
	numbers := map[Set]uint16{}
	merged := b.entries[:0]
	for i := 0; i < len(b.entries); {
		e, set := b.entries[i], Set(0)
		for ; i < len(b.entries) && b.entries[i].hash == e.hash; i++ {
			if b.entries[i].check != e.check {
				return nil, ErrCollision
			}
			set |= 1 << b.entries[i].of
		}
		n, known := numbers[set]
		if !known {
			if len(sets) == 1<<16 {
				return nil, errors.New("too many different combinations of categories")
			}
			n = uint16(len(sets))
			numbers[set], sets = n, append(sets, set)
		}
		e.of = n
		merged = append(merged, e)
	}
	b.entries = merged
	return sets, nil
}

// Example is the index that the examples of rules are tried with.
func Example() (*Index, error) {
	b, err := NewBuilder("phishing")
	if err != nil {
		return nil, err
	}
	b.Add(0, "gevaarlijk.example")
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		return nil, err
	}
	return parse(file.Bytes())
}
