package domains

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"runtime"
	"strings"

	"github.com/dchest/siphash"
)

// withAddresses is the category of hosts of which some addresses are listed: no list can
// have this name.
const withAddresses = "/"

// maxSteps bounds how many beginnings of a path are looked up.
const maxSteps = 16

// AddURL lists the pages below an address, such as example.com/path, in the category with a
// number. It reports whether it is one: host and path, without scheme. An index with such
// addresses has one category less.
func (b *Builder) AddURL(category int, address string) bool {
	host, path, ok := strings.Cut(address, "/")
	a, number := Addr(host)
	host, valid := canonical(host)
	if number {
		host, valid = a.String(), true
	}
	if !ok || !valid || category < 0 || category >= len(b.categories) || b.categories[category] == withAddresses {
		return false
	}
	n := len(b.categories)
	switch {
	case n > 0 && b.categories[n-1] == withAddresses:
		n--
	case n == MaxCategories:
		return false
	default:
		b.categories = append(b.categories[:n:n], withAddresses)
	}
	if path = strings.TrimSuffix(Path("/"+path), "/"); path == "" {
		if number {
			return b.AddNetwork(category, netip.PrefixFrom(a, a.BitLen()))
		}
		return b.Add(category, host)
	}
	b.single = b.single || !number && !strings.Contains(host, ".")
	b.add(n, host)
	b.add(category, host+path)
	return true
}

// LookupURL returns the categories of a page: of its host, and of the beginnings of its
// address. The path begins with a slash.
func (x *Index) LookupURL(host, path string) Set {
	s := x.host(host)
	var buf [512]byte
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if x.addresses != 0 {
		if a, ok := Addr(host); ok {
			host = a.String()
			s |= x.exact(append(buf[:0], host...))
		}
	}
	if s&x.addresses == 0 {
		return s &^ x.addresses
	}
	path = Path(path)
	for found := true; found; host, found = above(host) {
		key := append(buf[:0], host...)
		if x.exact(key)&x.addresses == 0 {
			continue
		}
		steps := 0
		for i := 0; i < len(path) && steps < maxSteps && len(key) < 4<<10; i++ {
			if i > 0 && (path[i] == '/' || path[i] == '?' || path[i] == '&' || path[i] == '#') {
				s |= x.exact(key)
				steps++
			}
			key = append(key, path[i])
		}
		s |= x.exact(key)
	}
	return s &^ x.addresses
}

// above returns the domain above a host; false for a last label.
func above(host string) (string, bool) {
	_, up, ok := strings.Cut(host, ".")
	return up, ok && strings.Contains(up, ".")
}

// exact returns the set of a key as it is.
func (x *Index) exact(key []byte) Set {
	defer runtime.KeepAlive(x)
	h := siphash.Hash(x.k0, x.k1, key)
	home, _ := bits.Mul64(h, x.homes)
	bucket := x.buckets[home*bucketSize:]
	return x.find(h, bucket, binary.LittleEndian.Uint16(bucket[countAt:]))
}
