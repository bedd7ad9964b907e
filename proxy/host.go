package proxy

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// hostOf returns the host of an authority, without its port and brackets, in lower case
// and without a final dot.
func hostOf(authority string) string {
	h := authority
	if host, _, err := net.SplitHostPort(authority); err == nil {
		h = host
	}
	h = strings.TrimSuffix(strings.TrimPrefix(h, "["), "]")
	return strings.ToLower(strings.TrimSuffix(h, "."))
}

// portOf returns the port of an authority, or the given one if it has none; zero if it is
// no port.
func portOf(authority string, otherwise uint16) uint16 {
	_, port, err := net.SplitHostPort(authority)
	if err != nil || port == "" {
		if strings.HasSuffix(authority, ":") || strings.Count(authority, ":") == 1 {
			return 0
		}
		return otherwise
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// validHost reports whether a host is an address or a name that DNS could have.
func validHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(h); err == nil {
		return !strings.ContainsRune(h, '%')
	}
	for label := range strings.SplitSeq(h, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
				return false
			}
		}
	}
	return true
}

func isAddress(h string) bool {
	_, err := netip.ParseAddr(h)
	return err == nil
}

// join puts host and port together.
func join(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
