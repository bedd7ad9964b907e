package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/AdguardTeam/urlfilter"

	"sluis/filter/domains"
)

// The work: names as lists of categories have them, asked for by host names of which half
// are listed, most of them by a domain above.
const (
	domainNames   = 5_000_000
	domainHosts   = 1 << 20
	domainLookups = 3_000_000
)

// judge reports whether a host is listed.
type judge func(host string) bool

// benchDomains compares the category index with a Go map that walks the parents, and with
// AdGuard's urlfilter, on the same names.
func benchDomains(_ context.Context, o options, res *Result) error {
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	hosts, listed := domainQuestions()
	rates := map[string]float64{}
	for _, s := range []struct {
		name  string
		names int
		make  func() (judge, error)
	}{
		{"sluis", domainNames, func() (judge, error) { return indexed(filepath.Join(dir, "index"), res) }},
		{"go_map", domainNames, mapped},
		// It takes many times the memory of a machine of this size for all of the names.
		{"urlfilter", domainNames / 10, adguard},
	} {
		fmt.Fprintf(o.log, "%s: %d names\n", s.name, s.names)
		before := heap()
		is, err := s.make()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		size := heap() - before
		rate, err := answers(is, hosts, listed, s.names)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		rates[s.name] = rate
		res.add(s.name, "names", float64(s.names), "")
		res.add(s.name, "lookups", rate/1e6, "M/s")
		if s.name != "sluis" {
			res.add(s.name, "memory a name", float64(size)/float64(s.names), "B")
		}
		runtime.KeepAlive(is)
	}
	for name, rate := range rates {
		if name != "sluis" {
			res.Ratios[name] = rates["sluis"] / rate
		}
	}
	return nil
}

// siteName makes the nth listed name.
func siteName(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 26))
	var b strings.Builder
	for range 3 + r.IntN(4) {
		b.WriteByte("bcdfghjklmnprstvwz"[r.IntN(18)])
		b.WriteByte("aeiou"[r.IntN(5)])
	}
	fmt.Fprintf(&b, "%x%s", n, []string{".example", ".com.example", ".net.example", ".nl.example"}[r.IntN(4)])
	return b.String()
}

// domainQuestions returns host names, and the number of the name that each is listed by,
// -1 if by none.
func domainQuestions() (hosts []string, listed []int) {
	r := rand.New(rand.NewPCG(5, 4))
	for i := range domainHosts {
		n := -1
		host := "www.school" + fmt.Sprint(i) + ".example"
		if i%2 == 0 {
			n = r.IntN(domainNames)
			host = []string{"", "www.", "cdn.img."}[i/2%3] + siteName(n)
		}
		hosts, listed = append(hosts, host), append(listed, n)
	}
	return hosts, listed
}

// answers asks for all hosts, checks each answer, and returns how many a second.
func answers(is judge, hosts []string, listed []int, names int) (float64, error) {
	for i, h := range hosts[:1<<16] {
		if want := listed[i] >= 0 && listed[i] < names; is(h) != want {
			return 0, fmt.Errorf("host %d: listed %v", i, !want)
		}
	}
	var rates []float64
	for range 3 {
		begun := time.Now()
		for i := range domainLookups {
			is(hosts[i&(domainHosts-1)])
		}
		rates = append(rates, domainLookups/time.Since(begun).Seconds())
	}
	slices.Sort(rates)
	return rates[1], nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func indexed(path string, res *Result) (judge, error) {
	b, err := domains.NewBuilder("a")
	if err != nil {
		return nil, err
	}
	for n := range domainNames {
		b.Add(0, siteName(n))
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := b.WriteTo(f); err != nil {
		return nil, err
	}
	begun := time.Now()
	x, err := domains.Open(path)
	if err != nil {
		return nil, err
	}
	res.add("sluis", "opened in", float64(time.Since(begun).Microseconds())/1000, "ms")
	res.add("sluis", "memory a name", float64(x.Size())/float64(x.Len()), "B")
	return func(h string) bool { return x.Lookup(h) != 0 }, nil
}

func mapped() (judge, error) {
	m := make(map[string]uint16, domainNames)
	for n := range domainNames {
		m[siteName(n)] = 1
	}
	return func(h string) bool {
		for {
			if _, ok := m[h]; ok {
				return true
			}
			_, rest, found := strings.Cut(h, ".")
			if !found {
				return false
			}
			h = rest
		}
	}, nil
}

func adguard() (judge, error) {
	var list strings.Builder
	for n := range domainNames / 10 {
		list.WriteString("||" + siteName(n) + "^\n")
	}
	storage, err := urlfilter.NewRuleStorage(
		[]urlfilter.RuleList{&urlfilter.StringRuleList{ID: 1, RulesText: list.String(), IgnoreCosmetic: true}},
	)
	if err != nil {
		return nil, err
	}
	engine := urlfilter.NewDNSEngine(storage)
	return func(h string) bool { _, ok := engine.Match(h); return ok }, nil
}
