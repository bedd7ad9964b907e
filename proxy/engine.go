package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"

	"sluis/proxy/content"
)

// engine is elazarl/goproxy, through which every request and every CONNECT goes, with its faults mended around it.
// TestMendedAroundGoproxy shows each fault on goproxy alone and names the wrap that can go once it is mended there:
//
//   - fields of one hop get through, and an ordinary response that names an upgrade takes the connection over:
//     forNextHop and forClient
//   - its errors name addresses: incoming answers a missing response with a page of the gateway
//   - a replaced body loses its length: flow.length, which writer.WriteHeader puts back
//   - a WebSocket that the site has ended stays open: writer.hijacked, which forward closes
//   - a response that is cut off ends as if it were whole: delivery, after which forward aborts
//   - interim responses are dropped: interim
//   - ConnectHijack loses bytes that came with CONNECT: writer.Hijack replays them
//   - streams wait for a full buffer: writer.ReadFrom
//
// Of its ways to treat CONNECT only ConnectHijack is used. Its interception lets the inner Host field choose the
// site, has no deadlines, and signs with an authority whose key is public; the gateway has its own (tunnel.intercept).
type engine struct {
	server *goproxy.ProxyHttpServer
	via    string
}

func newEngine(via string) *engine {
	forgetPublicAuthority()
	e := &engine{goproxy.NewProxyHttpServer(), via}
	e.server.Logger = log.New(io.Discard, "", 0) // it quotes what clients and sites send
	e.server.KeepAcceptEncoding = true
	e.server.Tr = &http.Transport{DialContext: refuseToDial} // each request has its own round tripper
	e.server.ConnectDial = nil                               // it would follow the environment
	e.server.NonproxyHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	})
	e.server.OnRequest().HandleConnectFunc(func(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: hijacked}, host
	})
	e.server.OnRequest().DoFunc(e.inspect)
	e.server.OnRequest().DoFunc(e.outgoing)
	e.server.OnResponse().DoFunc(e.incoming)
	return e
}

// forgetPublicAuthority empties goproxy's own authority, so that nothing can ever be signed with its public key.
var forgetPublicAuthority = sync.OnceFunc(func() { goproxy.GoproxyCa = tls.Certificate{} })

func refuseToDial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

// forward sends a request on and passes the response to the client.
func (e *engine) forward(w *writer, r *http.Request) {
	f := w.flow
	f.reply = w
	defer func() {
		f.again.close()
		if w.hijacked != nil {
			w.hijacked.Close()
		}
	}()
	e.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), flowKey{}, f)))
	if f.cut {
		panic(http.ErrAbortHandler) // so that the client does not take what it got for the whole
	}
}

// tunnel hands the connection of a CONNECT to t. It reports whether t has it.
func (e *engine) tunnel(w *writer, r *http.Request, t *tunnel) bool {
	e.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tunnelKey{}, t)))
	return t.conn != nil
}

// hijacked is goproxy's handler of a CONNECT.
func hijacked(r *http.Request, conn net.Conn, _ *goproxy.ProxyCtx) {
	t := tunnelOf(r.Context())
	if t == nil {
		conn.Close()
		return
	}
	t.client, t.conn = beneath[*client](conn), conn
}

// inspect has what a request uploads inspected before anything of it leaves.
func (e *engine) inspect(r *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
	f := flowOf(r.Context())
	gen := f.generation
	if gen.Content == nil {
		return r, nil
	}
	blocked, err := gen.Content.Request(r.Context(), &f.exchange, r)
	switch {
	case blocked:
		f.blocked = true
		return r, f.answer(r, func(w http.ResponseWriter) { gen.Pages.Block(w, r, f.page()) })
	case f.sent.status() != 0: // the client's doing
		return r, f.answer(r, func(w http.ResponseWriter) { gen.Pages.Error(w, r, f.sent.status()) })
	case err != nil:
		gen.Log.Error("a request is refused: it cannot be inspected", "error", err)
		return r, f.answer(r, func(w http.ResponseWriter) { gen.Pages.Error(w, r, http.StatusServiceUnavailable) })
	}
	return r, nil
}

// outgoing makes the request that the site gets.
func (e *engine) outgoing(in *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
	f := flowOf(in.Context())
	out := in.Clone(in.Context())
	out.URL = departing(in)
	out.Trailer = in.Trailer // whose values come with the end of the body
	out.Close = false
	if in.ContentLength == 0 {
		out.Body = nil // so that the transport may try again
	}
	forNextHop(out.Header)
	out.Header["Via"] = append(out.Header["Via"], "1.1 "+e.via)
	for _, h := range f.decision.Header {
		out.Header.Set(h.Name, h.Value)
	}
	ctx.RoundTripper = goproxy.RoundTripperFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
		return f.roundTrip(r)
	})
	return out, nil
}

// incoming has a response inspected, and makes the one that the client gets.
func (e *engine) incoming(resp *http.Response, ctx *goproxy.ProxyCtx) *http.Response {
	f := flowOf(ctx.Req.Context())
	switch {
	case f.answered:
		return resp
	case resp == nil:
		return f.failure(ctx.Req, ctx.Error)
	}
	resp, err := f.received(resp, e.via)
	if err != nil {
		return f.failure(ctx.Req, err)
	}
	f.length, f.untyped = resp.Header.Get("Content-Length"), resp.Header["Content-Type"] == nil
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = &delivery{resp.Body, f}
	}
	return resp
}

// received inspects a response and makes its header one that the client may get. Where only a part came of what has to
// be inspected from its beginning, or as a whole, it asks for that.
func (f *flow) received(resp *http.Response, via string) (*http.Response, error) {
	for ahead := int64(0); ; { // bytes that came before the part that the client asked for
		forClient(resp)
		resp.Header.Add("Via", "1.1 "+via)
		if f.generation.Content == nil || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
		blocked, err := f.inspectResponse(resp)
		switch {
		case blocked:
			err = content.ErrBlocked
		case err == nil && withoutFirst(resp, ahead):
			return resp, nil
		case err == nil:
			err = content.ErrPart // the site sent another part
		case !isPart(err) && !errors.Is(err, content.ErrCut):
			f.generation.Log.Error("a response is refused: it cannot be inspected", "error", err)
		}
		resp.Body.Close()
		if !isPart(err) {
			return nil, err
		}
		var more *http.Request
		if more, ahead = withMore(resp.Request, err); more == nil {
			return nil, err
		}
		if resp, err = f.roundTrip(more); err != nil {
			return nil, err
		}
	}
}

// errNothing is returned for a response whose header came and then nothing.
var errNothing = fmt.Errorf("%w: nothing comes: %w", content.ErrCut, context.DeadlineExceeded)

// inspectResponse has a response inspected. As its client has nothing until the first bytes are judged, a site has as
// long for those as for the header.
func (f *flow) inspectResponse(resp *http.Response) (blocked bool, err error) {
	if resp.Body == http.NoBody {
		return f.generation.Content.Response(resp.Request.Context(), &f.exchange, resp)
	}
	body, late := resp.Body, atomic.Bool{}
	first := &firstByte{ReadCloser: body}
	resp.Body = first
	timer := time.AfterFunc(f.generation.Limits.Response, func() {
		if !first.came.Load() {
			late.Store(true)
			body.Close()
		}
	})
	defer timer.Stop()
	blocked, err = f.generation.Content.Response(resp.Request.Context(), &f.exchange, resp)
	if resp.Body == first {
		resp.Body = body
	}
	if late.Load() && !blocked {
		err = errNothing
	}
	return blocked, err
}

// failure answers a request that nothing, or nothing that may be passed on, came back for.
func (f *flow) failure(r *http.Request, err error) *http.Response {
	pages := f.generation.Pages
	if errors.Is(err, content.ErrBlocked) {
		f.blocked = true
		return f.answer(r, func(w http.ResponseWriter) { pages.Block(w, r, f.page()) })
	}
	if fault := faultOf(err); fault != "" {
		return f.answer(r, func(w http.ResponseWriter) { pages.Certificate(w, r, fault) })
	}
	status := f.sent.status() // what did not arrive cannot go on
	if status == 0 {
		status = statusOf(err)
	}
	return f.answer(r, func(w http.ResponseWriter) { pages.Error(w, r, status) })
}
