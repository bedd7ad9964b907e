package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"

	"sluis/proxy/content"
	"sluis/proxy/egress"
)

var (
	// errSwitched is returned when a site switches to a protocol that the client did not ask for.
	errSwitched = errors.New("the site switched protocols unasked")
	// errStatus is returned for a status that is none (RFC 9110, section 15).
	errStatus = errors.New("the status of the response is below 100")
)

// roundTrip sends a request to its site, through the transport of its flow.
func (f *flow) roundTrip(out *http.Request) (*http.Response, error) {
	limits := f.generation.Limits
	i := &interim{to: f.reply}
	var last *headed // connection that was tried
	ctx := httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{
		Got1xxResponse: i.pass,
		GotConn: func(g httptrace.GotConnInfo) {
			if last, _ = g.Conn.(*headed); last != nil {
				last.expect()
				beneath[*site](last).bear(max(limits.Idle, limits.Response))
			}
		},
	})
	if socketUpgrade(out.Header) {
		ctx = context.WithValue(ctx, onlyHTTP1{}, true)
	}
	by := route{connect: f.decision.Connect, once: sendsOnce(out)}
	by.alone = out.URL.Scheme == "https" && out.ContentLength > keptAgain
	transport := f.generation.transports.to(by)
	if out.Body != nil && out.Body != http.NoBody && out.URL.Scheme == "https" {
		f.again = sendAgain(out)
	}
	resp, err := transport.RoundTrip(out.WithContext(ctx))
	i.end()
	if err != nil && out.URL.Scheme == "https" {
		host := hostOf(out.URL.Host)
		if f.generation.transports.asks(err, join(host, portOf(out.URL.Host, 443))) {
			f.spared.asksCertificate(host)
			return nil, errAsks
		}
	}
	if err != nil {
		return nil, err
	}
	if last != nil {
		socket := socketUpgrade(resp.Header)
		silence := limits.Idle
		if socket || content.Streams(resp.Header) {
			silence = limits.Tunnel
		}
		beneath[*site](last).bear(silence)
		for _, name := range last.fieldsOfHop() {
			if !socket || !strings.EqualFold(name, "Upgrade") {
				resp.Header.Del(name)
			}
		}
	}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols && !(socketUpgrade(out.Header) && socketUpgrade(resp.Header)):
		resp.Body.Close()
		return nil, errSwitched
	case resp.StatusCode < 100:
		resp.Body.Close()
		return nil, errStatus
	}
	resp.Body = &countedBody{resp.Body, f}
	return resp, nil
}

// interim passes interim responses (RFC 9110, section 15.2) on, until the final one is there.
type interim struct {
	mu   sync.Mutex
	to   http.ResponseWriter
	over bool
}

func (i *interim) pass(status int, fields textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over {
		return nil
	}
	h := i.to.Header()
	for name, values := range fields {
		h[name] = append(h[name], values...)
	}
	strip(h)
	h.Del("Alt-Svc")
	i.to.WriteHeader(status)
	clear(h)
	return nil
}

func (i *interim) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
}

// statusOf returns the status that says why a site cannot be reached.
func statusOf(err error) int {
	var timeout net.Error
	switch {
	case errors.Is(err, egress.ErrInside):
		return http.StatusForbidden
	case errors.Is(err, egress.ErrTimeout), errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}
