package proxy

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sluis/internal/sitepolicy"
	"sluis/proxy/blockpage"
	"sluis/proxy/identify"
)

// serveExplicit serves clients that know they speak to a proxy.
func (p *Proxy) serveExplicit(w http.ResponseWriter, r *http.Request) {
	world := p.world.Load()
	hasten(http.NewResponseController(w), r, world.Limits.Idle)
	client := addressOf(r.RemoteAddr)
	switch {
	case !world.allowed(client):
		p.metrics.refused.WithLabelValues("stranger").Inc()
		world.Pages.Error(w, r, http.StatusForbidden)
		return
	case r.Method != http.MethodConnect && (r.URL.Host == "" || hostOf(r.URL.Host) == world.Name):
		world.Pages.ServeHTTP(w, r) // the gateway's own site
		return
	}
	who, err := world.Identify.Who(r.Context(), client, r.Header.Get("Proxy-Authorization"))
	if err != nil {
		p.unknown(world, w, r, err)
		return
	}
	r.Header.Del("Proxy-Authorization")
	if r.Method == http.MethodConnect {
		p.connect(world, who, w, r)
		return
	}
	if r.URL.Scheme != "http" {
		world.Pages.Error(w, r, http.StatusBadRequest)
		return
	}
	p.request(world, who, sitepolicy.Request{}, w, r)
}

// servePlain serves clients whose connection to port 80 was put through the proxy. Where
// it was going to does not matter: the site that it asks for is looked up anew, so that
// nobody reaches one host under the name of another.
func (p *Proxy) servePlain(w http.ResponseWriter, r *http.Request) {
	world := p.world.Load()
	hasten(http.NewResponseController(w), r, world.Limits.Idle)
	client := addressOf(r.RemoteAddr)
	switch {
	case !world.allowed(client):
		p.metrics.refused.WithLabelValues("stranger").Inc()
		world.Pages.Error(w, r, http.StatusForbidden)
		return
	case r.URL.Host != "" || r.Host == "" || r.Method == http.MethodConnect:
		world.Pages.Error(w, r, http.StatusBadRequest)
		return
	case hostOf(r.Host) == world.Name:
		world.Pages.ServeHTTP(w, r)
		return
	}
	who, err := world.Identify.Who(r.Context(), client, "")
	if err != nil { // it cannot be asked: it does not know that there is a proxy
		p.metrics.refused.WithLabelValues("credentials").Inc()
		world.Pages.Error(w, r, http.StatusForbidden)
		return
	}
	r.URL.Scheme, r.URL.Host = "http", r.Host
	p.request(world, who, sitepolicy.Request{}, w, r)
}

// serveInner serves what is asked within an inspected connection.
func (p *Proxy) serveInner(w http.ResponseWriter, r *http.Request) {
	t := tunnelOf(r.Context())
	if t == nil || r.Method == http.MethodConnect {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	hasten(http.NewResponseController(w), r, t.world.Limits.Idle)
	if hostOf(r.Host) != t.site || portOf(r.Host, 443) != t.port || r.URL.Host != "" && !strings.EqualFold(r.URL.Host, r.Host) {
		t.world.Pages.Error(w, r, http.StatusMisdirectedRequest)
		return
	}
	r.URL.Scheme, r.URL.Host = "https", r.Host
	p.request(t.world, t.who, t.request, w, r)
}

// unknown asks for credentials.
func (p *Proxy) unknown(world *world, w http.ResponseWriter, r *http.Request, err error) {
	p.metrics.refused.WithLabelValues("credentials").Inc()
	switch {
	case errors.Is(err, identify.ErrThrottled):
		world.Pages.Error(w, r, http.StatusTooManyRequests)
	case errors.Is(err, identify.ErrCredentials):
		w.Header()["Proxy-Authenticate"] = world.Identify.Challenges()
		world.Pages.Error(w, r, http.StatusProxyAuthRequired)
	default:
		world.Pages.Error(w, r, http.StatusServiceUnavailable)
	}
}

// request judges a request that can be read, and forwards it. What is known of the tunnel
// that it came through counts as well.
func (p *Proxy) request(world *world, who identify.Who, known sitepolicy.Request, w http.ResponseWriter, r *http.Request) {
	host, secure := hostOf(r.URL.Host), r.URL.Scheme == "https"
	port := portOf(r.URL.Host, map[bool]uint16{false: 80, true: 443}[secure])
	v := p.begin(world, who)
	v.exchange.Host = host
	v.upload = r.ContentLength != 0
	pw := &writer{ResponseWriter: w, visit: v, control: http.NewResponseController(w)}
	defer v.end()
	switch {
	case !validHost(host) || r.URL.User != nil || port == 0:
		world.Pages.Error(pw, r, http.StatusBadRequest)
		return
	case !secure && !slices.Contains(world.Plain, port), r.Method == http.MethodTrace:
		v.blocked = true
		world.Pages.Error(pw, r, http.StatusForbidden)
		return
	case p.wentRound(r):
		world.Pages.Error(pw, r, http.StatusLoopDetected)
		return
	}
	known.Hosts[2], known.Path, known.TLS = host, r.URL.RequestURI(), secure
	if rest, own := strings.CutPrefix(r.URL.Path, blockpage.Prefix); own {
		v.own(pw, r, rest)
		return
	}
	d := v.decide(known)
	if d.Action == sitepolicy.Block {
		world.Pages.Block(pw, r, v.page())
		return
	}
	if v.mustAcknowledge(r) {
		world.Pages.Acknowledge(pw, r)
		return
	}
	var err error
	if v.exchange.Grounds, err = world.Grounds.Grounds(v.exchange.ID, v.exchange.Time, who, v.upload); err != nil {
		world.Log.Error("a request is refused: its grounds cannot be settled", "error", err)
		world.Pages.Error(pw, r, http.StatusServiceUnavailable)
		return
	}
	r.Body = &body{ReadCloser: r.Body, visit: v, control: pw.control, idle: world.Limits.Idle}
	if world.Content != nil {
		blocked, err := world.Content.Request(r.Context(), &v.exchange, r)
		switch {
		case blocked:
			v.blocked = true
			world.Pages.Block(pw, r, v.page())
			return
		case err != nil:
			world.Log.Error("a request is refused: it cannot be looked into", "error", err)
			world.Pages.Error(pw, r, http.StatusServiceUnavailable)
			return
		}
	}
	p.forward.ServeHTTP(pw, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
}

// own serves the gateway's own pages in the place of a site's.
func (v *visit) own(w http.ResponseWriter, r *http.Request, path string) {
	if a := v.world.Acknowledged; path == "/acknowledge" && r.Method == http.MethodPost && a != nil && blockpage.Own(r) {
		if err := a.Mark(v.who.Subject); err != nil {
			v.world.Log.Error("an acknowledgement of the code is not written down", "error", err)
			v.world.Pages.Error(w, r, http.StatusServiceUnavailable)
			return
		}
		v.world.Pages.Thank(w, r)
		return
	}
	v.world.Pages.ServeHTTP(w, r)
}

// mustAcknowledge reports whether somebody opens a page who was not asked yet whether they
// know the code of conduct (K3). What a page loads is let be.
func (v *visit) mustAcknowledge(r *http.Request) bool {
	return v.world.Acknowledged != nil && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") &&
		r.Header.Get("Sec-Fetch-Dest") != "iframe" && v.world.Acknowledged.Asked(v.who.Subject)
}

// wentRound reports whether a request has been here before.
func (p *Proxy) wentRound(r *http.Request) bool {
	for _, f := range r.Header["Via"] {
		if strings.Contains(f, p.via) {
			return true
		}
	}
	return false
}
