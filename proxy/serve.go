package proxy

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sluis/internal/sitepolicy"
	"sluis/proxy/blockpage"
	"sluis/proxy/content"
	"sluis/proxy/identify"
)

// serveExplicit serves clients that know they speak to a proxy.
func (p *Proxy) serveExplicit(w http.ResponseWriter, r *http.Request) {
	gen := p.generation.Load()
	setBodyTime(http.NewResponseController(w), r, gen.Limits.Idle)
	client := addressOf(r.RemoteAddr)
	switch {
	case !gen.allowed(client):
		p.metrics.refused.WithLabelValues("stranger").Inc()
		gen.Pages.Error(w, r, http.StatusForbidden)
		return
	case r.Method != http.MethodConnect && (r.URL.Host == "" || hostOf(r.URL.Host) == gen.Name):
		gen.Pages.ServeHTTP(w, r) // the gateway's own site
		return
	}
	sender, err := gen.Identify.Identify(r.Context(), client, r.Header.Get("Proxy-Authorization"))
	if err != nil {
		p.demandCredentials(gen, w, r, err)
		return
	}
	r.Header.Del("Proxy-Authorization")
	if r.Method == http.MethodConnect {
		p.connect(gen, sender, w, r)
		return
	}
	if r.URL.Scheme != "http" {
		gen.Pages.Error(w, r, http.StatusBadRequest)
		return
	}
	p.request(gen, sender, sitepolicy.Request{}, w, r)
}

// servePlain serves clients whose connection to port 80 was put through the proxy. Its destination does not matter: the
// site that the request names is resolved anew, so that no client reaches one host under the name of another.
func (p *Proxy) servePlain(w http.ResponseWriter, r *http.Request) {
	gen := p.generation.Load()
	setBodyTime(http.NewResponseController(w), r, gen.Limits.Idle)
	client := addressOf(r.RemoteAddr)
	switch {
	case !gen.allowed(client):
		p.metrics.refused.WithLabelValues("stranger").Inc()
		gen.Pages.Error(w, r, http.StatusForbidden)
		return
	case r.URL.Host != "" && r.URL.Scheme != "http" || r.Host == "" || r.Method == http.MethodConnect:
		gen.Pages.Error(w, r, http.StatusBadRequest)
		return
	case hostOf(r.Host) == gen.Name:
		gen.Pages.ServeHTTP(w, r)
		return
	}
	sender, err := gen.Identify.Identify(r.Context(), client, "")
	if err != nil { // a client that does not know of the proxy cannot be asked
		p.metrics.refused.WithLabelValues("credentials").Inc()
		gen.Pages.Error(w, r, http.StatusForbidden)
		return
	}
	r.URL.Scheme, r.URL.Host = "http", r.Host
	p.request(gen, sender, sitepolicy.Request{}, w, r)
}

// serveInner serves requests within a tunnel: of an inspected connection, or of HTTP without TLS.
func (p *Proxy) serveInner(w http.ResponseWriter, r *http.Request) {
	t := tunnelOf(r.Context())
	if t == nil || r.Method == http.MethodConnect {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	if !t.plain && !t.served.Swap(true) {
		p.spared.served(t.site, t.sender.Group)
	}
	setBodyTime(http.NewResponseController(w), r, t.generation.Limits.Idle)
	scheme, port := "https", uint16(443)
	if t.plain {
		scheme, port = "http", 80
	}
	if hostOf(r.Host) != t.site || portOf(r.Host, port) != t.port || r.URL.Scheme != "" && r.URL.Scheme != scheme {
		t.generation.Pages.Error(w, r, http.StatusMisdirectedRequest)
		return
	}
	if t.plain && t.site == t.generation.Name {
		t.generation.Pages.ServeHTTP(w, r)
		return
	}
	r.URL.Scheme, r.URL.Host = scheme, r.Host
	p.request(t.generation, t.sender, t.known, w, r)
}

// demandCredentials asks for credentials.
func (p *Proxy) demandCredentials(gen *generation, w http.ResponseWriter, r *http.Request, err error) {
	p.metrics.refused.WithLabelValues("credentials").Inc()
	switch {
	case errors.Is(err, identify.ErrThrottled):
		gen.Pages.Error(w, r, http.StatusTooManyRequests)
	case errors.Is(err, identify.ErrCredentials):
		w.Header()["Proxy-Authenticate"] = gen.Identify.Challenges()
		gen.Pages.Error(w, r, http.StatusProxyAuthRequired)
	default:
		gen.Pages.Error(w, r, http.StatusServiceUnavailable)
	}
}

// request judges a request that can be read, and forwards it. The policy hears as well what is known of its tunnel.
func (p *Proxy) request(
	gen *generation, sender identify.Identity, known sitepolicy.Request, w http.ResponseWriter, r *http.Request,
) {
	host, secure := hostOf(r.URL.Host), r.URL.Scheme == "https"
	port := portOf(r.URL.Host, map[bool]uint16{false: 80, true: 443}[secure])
	f := p.begin(gen, sender)
	f.exchange.Host = host
	f.upload = r.ContentLength != 0
	pw := newWriter(w, f)
	defer f.end()
	allowed := gen.Plain
	if secure || tunnelOf(r.Context()) != nil {
		allowed = nil // its tunnel was judged
	}
	status := targetStatus(host, port, allowed)
	switch {
	case status == http.StatusBadRequest, r.URL.User != nil:
		gen.Pages.Error(pw, r, http.StatusBadRequest)
		return
	case status != 0, r.Method == http.MethodTrace:
		f.blocked = true
		gen.Pages.Error(pw, r, http.StatusForbidden)
		return
	case p.looped(r):
		gen.Pages.Error(pw, r, http.StatusLoopDetected)
		return
	}
	if last, err := lastHop(r); err != nil {
		gen.Pages.Error(pw, r, http.StatusBadRequest)
		return
	} else if last {
		pw.WriteHeader(http.StatusOK)
		return
	}
	known.Hosts[2], known.Path, known.TLS = host, pathOf(r), secure
	if rest, own := strings.CutPrefix(r.URL.Path, blockpage.Prefix); own {
		f.serveOwn(pw, r, rest)
		return
	}
	d := f.decide(known)
	if d.Action == sitepolicy.Block {
		gen.Pages.Block(pw, r, f.page())
		return
	}
	if f.mustAcknowledge(r) {
		gen.Pages.Acknowledge(pw, r)
		return
	}
	if err := f.settle(r.Context()); err != nil {
		gen.Log.Error("a request is refused: its grounds cannot be settled", "error", err)
		gen.Pages.Error(pw, r, http.StatusServiceUnavailable)
		return
	}
	f.sent = &receivedBody{
		ReadCloser: r.Body,
		flow:       f,
		control:    pw.control,
		idle:       gen.Limits.Idle,
		trailer:    r.Trailer,
	}
	if content.Streams(r.Header) {
		f.sent.idle = gen.Limits.Tunnel
	}
	r.Body = f.sent
	defer f.sent.Close()
	p.engine.forward(pw, r)
}

// settle finds the grounds of the request, and records the orders that they rest on before anything is inspected
// (C3.2d). An upload to an approved application takes no part in the draw (C2.4a).
func (f *flow) settle(ctx context.Context) (err error) {
	x, grounds := &f.exchange, f.generation.Grounds
	f.approved = f.upload && f.generation.Approved != nil && f.generation.Approved(x.Host, x.Time)
	if x.Grounds, err = grounds.Grounds(x.ID, x.Time, f.sender, f.upload && !f.approved); err != nil {
		return err
	}
	if !x.Grounds.Ordered() {
		return nil
	}
	return grounds.RecordUse(ctx, x.Grounds.Orders, x.ID)
}

// serveOwn serves the gateway's own pages in the place of a site's.
func (f *flow) serveOwn(w http.ResponseWriter, r *http.Request, path string) {
	a := f.generation.Acknowledged
	if path == "/acknowledge" && r.Method == http.MethodPost && a != nil && blockpage.Own(r) {
		if err := a.Mark(f.sender.Subject); err != nil {
			f.generation.Log.Error("an acknowledgement of the code is not recorded", "error", err)
			f.generation.Pages.Error(w, r, http.StatusServiceUnavailable)
			return
		}
		f.generation.Pages.Thank(w, r)
		return
	}
	f.generation.Pages.ServeHTTP(w, r)
}

// mustAcknowledge reports whether a page is opened by a person who was not asked yet about the code of conduct
// (K3). Requests that a page makes for its parts pass.
func (f *flow) mustAcknowledge(r *http.Request) bool {
	a := f.generation.Acknowledged
	return a != nil && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") &&
		r.Header.Get("Sec-Fetch-Dest") != "iframe" && a.Asked(f.sender.Subject)
}

// looped reports whether a request has been here before.
func (p *Proxy) looped(r *http.Request) bool {
	for _, f := range r.Header["Via"] {
		if strings.Contains(f, p.via) {
			return true
		}
	}
	return false
}
