package domains

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"os"
	"runtime"
	"strings"

	"github.com/dchest/siphash"
	"golang.org/x/sys/unix"
)

// Set is a set of categories of one index: a bit for each, in their order.
type Set uint64

// MaxCategories is how many categories an index can have.
const MaxCategories = 64

// Index answers lookups. It does not change and is safe for concurrent use.
type Index struct {
	categories []string
	k0, k1     uint64
	names      int
	single     bool   // some names have one label
	flags      byte   // of what is listed beside names
	addresses  Set    // the category of hosts of which some addresses are listed; empty: none
	sets       []Set  // by number
	homes      uint64 // buckets that a hash may have as its own
	buckets    []byte
	raw        []byte
}

// The file: a header of fixed size, the category names, the sets, zeros up to a cache line,
// and buckets of one cache line each, all little-endian. A bucket has the hashes of up to
// perBucket names, the numbers of their sets, and how many there are; a name whose bucket
// is full is in the next one.
const (
	magic      = "SLUISDM2"
	headerSize = 64
	bucketSize = 64
	perBucket  = 6
	numbersAt  = 8 * perBucket
	countAt    = numbersAt + 2*perBucket
	overflows  = 0x8000 // in the count: look on in the next bucket
	spare      = 64     // buckets behind the last home
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged is returned for a file that is no index, or not as it was written.
var ErrDamaged = errors.New("the category index is damaged: build it again")

// Open maps an index. The mapping ends when the index is no longer used.
func Open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open category index: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open category index: %w", err)
	}
	if info.Size() < headerSize || info.Size() > 8<<30 {
		return nil, ErrDamaged
	}
	raw, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map category index: %w", err)
	}
	x, err := parse(raw)
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(raw))
	}
	runtime.AddCleanup(x, func(b []byte) { unix.Munmap(b) }, raw)
	return x, nil
}

func parse(raw []byte) (*Index, error) {
	if len(raw) < headerSize || string(raw[:8]) != magic {
		return nil, ErrDamaged
	}
	le := binary.LittleEndian
	names, homes, nameBytes, sets := le.Uint64(raw[24:]), le.Uint64(raw[32:]), le.Uint32(raw[40:]), le.Uint32(raw[44:])
	x := &Index{
		k0:     le.Uint64(raw[8:]),
		k1:     le.Uint64(raw[16:]),
		names:  int(names),
		homes:  homes,
		single: raw[48] == 1,
		flags:  raw[49],
		raw:    raw,
	}
	if names > 1<<31 || homes == 0 || homes > 1<<31 || nameBytes > 1<<16 || sets > 1<<16 {
		return nil, ErrDamaged
	}
	head := padded(int(nameBytes) + 8*int(sets))
	rest := raw[headerSize:]
	if uint64(len(rest)) != uint64(head)+bucketSize*(homes+spare) ||
		crc32.Checksum(rest, castagnoli) != le.Uint32(raw[52:]) ||
		crc32.Checksum(raw[:56], castagnoli) != le.Uint32(raw[56:]) {
		return nil, ErrDamaged
	}
	if nameBytes > 0 {
		if x.categories = strings.Split(string(rest[:nameBytes]), "\n"); len(x.categories) > MaxCategories {
			return nil, ErrDamaged
		}
		if n := len(x.categories) - 1; x.categories[n] == withAddresses {
			x.categories, x.addresses = x.categories[:n], 1<<n
		}
	}
	for i := range int(sets) {
		x.sets = append(x.sets, Set(le.Uint64(rest[int(nameBytes)+8*i:])))
	}
	x.buckets = rest[head:]
	return x, nil
}

// padded returns n rounded up to whole cache lines.
func padded(n int) int { return (n + bucketSize - 1) / bucketSize * bucketSize }

// Len returns how many names are listed.
func (x *Index) Len() int { return x.names }

// Size returns how many bytes the index takes.
func (x *Index) Size() int { return len(x.raw) }

// Categories returns the names of the categories in a set; all of the index for ^Set(0).
func (x *Index) Categories(s Set) []string {
	var names []string
	for s &= 1<<len(x.categories) - 1; s != 0; s &= s - 1 {
		names = append(names, x.categories[bits.TrailingZeros64(uint64(s))])
	}
	return names
}

// Lookup returns the categories of a host name: of itself and of every domain above it.
// Upper case and a final dot do not matter. An address is in those of the networks that it is in, however it is
// spelt.
func (x *Index) Lookup(host string) Set { return x.host(host) &^ x.addresses }

// host returns the categories of a host name, that of hosts with addresses among them.
func (x *Index) host(host string) Set {
	defer runtime.KeepAlive(x) // the mapping lives as long as x does
	var buf [255]byte
	host = strings.TrimSuffix(host, ".")
	if len(host) > len(buf) || x.names == 0 {
		return 0
	}
	low := buf[:len(host)]
	for i := range len(host) {
		c := host[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	var s Set
	name := low
	for more := true; more; {
		var found Set
		found, name, more = x.lookup(name)
		s |= found
	}
	if x.flags == 0 {
		return s
	}
	if s != 0 && x.flags&flagExceptions != 0 {
		s = x.excepted(low)
	}
	if a, ok := Addr(host); ok {
		s |= x.address(a)
	}
	return s
}

// together is how many names are looked up at once.
const together = 8

// lookup returns the sets of a name and the next domains above it, and what is left.
func (x *Index) lookup(name []byte) (s Set, rest []byte, more bool) {
	var hashes, homes [together]uint64
	n := 0
	for more = true; more && n < together; n++ {
		dot := bytes.IndexByte(name, '.')
		if dot < 0 && !x.single {
			more = false
			break
		}
		hashes[n] = siphash.Hash(x.k0, x.k1, name)
		if dot < 0 {
			more = false
			continue
		}
		name = name[dot+1:]
	}
	// All buckets are asked for before any is read, so that memory is waited for once.
	var counts [together]uint16
	for i := range n {
		home, _ := bits.Mul64(hashes[i], x.homes)
		homes[i] = home * bucketSize
		counts[i] = binary.LittleEndian.Uint16(x.buckets[homes[i]+countAt:])
	}
	for i := range n {
		s |= x.find(hashes[i], x.buckets[homes[i]:], counts[i])
	}
	return s, name, more
}

// find returns the set of a hash, empty if it is not listed. The buckets begin with its own,
// which has a count.
func (x *Index) find(h uint64, buckets []byte, count uint16) Set {
	le := binary.LittleEndian
	for {
		b := buckets[:bucketSize:bucketSize]
		for i := range min(int(count&^overflows), perBucket) {
			if le.Uint64(b[8*i:]) != h {
				continue
			}
			if n := int(le.Uint16(b[numbersAt+2*i:])); n < len(x.sets) {
				return x.sets[n]
			}
			return 0
		}
		buckets = buckets[bucketSize:]
		if count&overflows == 0 || len(buckets) < bucketSize {
			return 0
		}
		count = le.Uint16(buckets[countAt:])
	}
}
