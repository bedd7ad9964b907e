package proxy

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"sluis/internal/sitepolicy"
)

// ofOneHop are the fields that are about one connection, whether or not Connection names them (RFC 9110, section
// 7.6.1).
var ofOneHop = [...]string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
}

// strip deletes the fields of one hop.
func strip(h http.Header) {
	for _, field := range h["Connection"] {
		for name := range strings.SplitSeq(field, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range ofOneHop {
		h.Del(name)
	}
}

// forNextHop makes the header of a request one that the site may get. Of upgrades only WebSocket goes on: in
// others, such as h2c, nothing could be inspected. A client that names no program stays without one.
func forNextHop(h http.Header) {
	trailers, socket := httpguts.HeaderValuesContainsToken(h["Te"], "trailers"), socketUpgrade(h)
	strip(h)
	for _, name := range []string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Http2-Settings",
	} {
		h.Del(name)
	}
	if trailers {
		h.Set("Te", "trailers")
	}
	if socket {
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
	}
	if _, ok := h["User-Agent"]; !ok {
		h.Set("User-Agent", "")
	}
}

// forClient makes the header of a response one that the client may get. Alt-Svc goes as well: HTTP/3 would go
// around the proxy.
func forClient(resp *http.Response) {
	strip(resp.Header)
	resp.Header.Del("Alt-Svc")
	if resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Header.Set("Connection", "Upgrade")
		resp.Header.Set("Upgrade", "websocket")
	}
}

// forTrailer deletes the fields of a trailer that have their place in a header only (RFC 9110, section 6.5.1), and
// those that the policy sets there: some sites take the one for the other.
func forTrailer(h http.Header, policy []sitepolicy.Field) {
	for name := range h {
		if !httpguts.ValidTrailerHeader(name) || slices.Contains(ofOneHop[:], name) {
			delete(h, name)
		}
	}
	for _, p := range policy {
		h.Del(p.Name)
	}
}

// socketUpgrade reports whether a header asks for, or grants, a WebSocket (RFC 6455, section 4).
func socketUpgrade(h http.Header) bool {
	return httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade") &&
		strings.EqualFold(h.Get("Upgrade"), "websocket")
}

var errMaxForwards = errors.New("Max-Forwards is malformed")

// lastHop reports whether OPTIONS asks about this proxy and no further, and lowers Max-Forwards if not (RFC 9110,
// section 7.6.2). In other requests the field is left alone; TRACE goes nowhere.
func lastHop(r *http.Request) (bool, error) {
	hops := r.Header["Max-Forwards"]
	if r.Method != http.MethodOptions || len(hops) == 0 {
		return false, nil
	}
	n, err := strconv.ParseUint(hops[0], 10, 31)
	if err != nil || len(hops) > 1 {
		return false, errMaxForwards
	}
	if n == 0 {
		return true, nil
	}
	r.Header.Set("Max-Forwards", strconv.FormatUint(n-1, 10))
	return false, nil
}
