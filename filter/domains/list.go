package domains

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// Bounds of a line of a list, in bytes.
const (
	maxLine    = 8 << 10
	maxAddress = 1 << 20
)

// Name returns a host name as lookups have it, in ASCII and lower case; false if it is none.
func Name(host string) (string, bool) { return canonical(host) }

// ReadList calls visit for each name of a list. The forms that lists come in are distinguished
// line by line: plain names (as UT1's "domains" files have), hosts files, and rules of ad
// blockers that are about a whole domain (||example.com^). Comments, exceptions and rules
// about parts of pages are passed over. It returns how many lines were none of these.
func ReadList(r io.Reader, visit func(name string)) (strange int, err error) {
	return readLines(r, maxLine, func(line string) bool {
		names, ok := lineNames(line)
		for _, n := range names {
			visit(n)
		}
		return ok
	})
}

// ReadAddresses calls visit for each address of a list, such as example.com/path, with or
// without scheme (as UT1's "urls" files have them). It returns how many lines were none.
func ReadAddresses(r io.Reader, visit func(address string)) (strange int, err error) {
	return readLines(r, maxAddress, func(line string) bool {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			return true
		}
		_, address, ok := strings.Cut(line, "://")
		if !ok {
			address = line
		}
		host, path, _ := strings.Cut(address, "/")
		if host, ok = canonical(host); ok {
			visit(host + "/" + path)
		}
		return ok
	})
}

// readLines calls read for each line, and counts those that it does not understand.
func readLines(r io.Reader, longest int, read func(line string) bool) (strange int, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), longest)
	for s.Scan() {
		if !read(s.Text()) {
			strange++
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return strange, fmt.Errorf("a line is longer than %d bytes: this is no list of names", longest)
	}
	return strange, s.Err()
}

// localNames stand in every hosts file and are no site.
var localNames = map[string]bool{"localhost": true, "localhost.localdomain": true, "local": true, "broadcasthost": true,
	"ip6-localhost": true, "ip6-loopback": true, "ip6-localnet": true, "ip6-mcastprefix": true, "ip6-allnodes": true,
	"ip6-allrouters": true, "ip6-allhosts": true}

// lineNames returns the names that a line lists. It is not ok if the line cannot be read.
func lineNames(line string) (names []string, ok bool) {
	line = strings.TrimSpace(line)
	switch {
	case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "!"), strings.HasPrefix(line, "["),
		strings.HasPrefix(line, "@@"),
		strings.Contains(line, "##"), strings.Contains(line, "#@#"), strings.Contains(line, "#?#"):
		return nil, true
	}
	if rule, is := strings.CutPrefix(line, "||"); is {
		name, options, _ := strings.Cut(rule, "^")
		if _, ok := canonical(name); !ok || strings.Contains(options, "domain=") {
			return nil, true // about a path, or for visitors of some pages only
		}
		return []string{name}, true
	}
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return nil, true
	}
	if _, err := netip.ParseAddr(fields[0]); err == nil {
		for _, f := range fields[1:] {
			if _, ok := canonical(f); ok && !localNames[f] {
				names = append(names, f)
			}
		}
		return names, true
	}
	name := strings.TrimPrefix(fields[0], "*.")
	if _, ok := canonical(name); len(fields) != 1 || !ok {
		return nil, false
	}
	return []string{name}, true
}
