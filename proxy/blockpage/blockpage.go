package blockpage

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/admit"
	"sluis/internal/lang"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/rules"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed messages/*.json
var messages embed.FS

//go:embed style.css
var style string

// Prefix begins the paths of the gateway's own pages on every site that can be read: a form on a page in the place of a
// site stays within its origin.
const Prefix = "/.well-known/sluis"

// Appeals takes requests to reconsider a block.
type Appeals interface {
	Add(host string, c rules.Category, rule rules.ID, g roster.Group, need appeals.Need, now time.Time) error
}

// Options are what pages say of the organisation.
type Options struct {
	Name         string            // host name of the own site
	Proxies      []Proxy           // for browsers, best first; none: the network leads to it
	Organisation string            // empty: not shown
	CodeURL      string            // of the code of conduct; empty: not shown
	Direct       []string          // own domains, which browsers reach without the proxy
	Authority    *x509.Certificate // that devices have to trust; nil: none
	Appeals      Appeals
	Groups       []roster.Group // that an appeal may name; another counts as none
}

// Pages are all pages. They are safe for concurrent use.
type Pages struct {
	o           Options
	texts       *lang.Catalogue
	by          map[string]*template.Template
	mux         *http.ServeMux
	fingerprint string // of the authority
	pace        *admit.Pace
}

// New returns the pages.
func New(o Options) (*Pages, error) {
	p := &Pages{
		o:     o,
		texts: lang.Files(messages),
		by:    map[string]*template.Template{},
		mux:   http.NewServeMux(),
		pace:  admit.NewPace(appealEvery, appealBurst, appealWait),
	}
	if err := p.texts.Check(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, name := range []string{"blocked", "message", "setup", "acknowledge"} {
		t, err := template.ParseFS(templates, "templates/base.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		p.by[name] = t
	}
	if o.Authority != nil {
		sum := sha256.Sum256(o.Authority.Raw)
		p.fingerprint = strings.TrimSuffix(fmt.Sprintf("% X", sum), " ")
	}
	p.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		p.message(w, r, http.StatusOK, "about-title", "about-text", "about-setup")
	})
	p.mux.HandleFunc("GET /proxy.pac", p.servePAC)
	p.mux.HandleFunc("GET /wpad.dat", p.servePAC)
	p.mux.HandleFunc("GET /setup", func(w http.ResponseWriter, r *http.Request) {
		p.show(w, r, http.StatusOK, "setup", view{})
	})
	p.mux.HandleFunc("GET /ca.crt", p.serveAuthority)
	p.mux.HandleFunc("POST /appeal", p.appeal)
	p.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.Error(w, r, http.StatusNotFound) })
	return p, nil
}

// ServeHTTP serves the gateway's own site.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, Prefix); ok {
		r2 := *r
		u := *r.URL
		u.Path, u.RawPath = rest, ""
		r2.URL = &u
		r = &r2
	}
	p.mux.ServeHTTP(w, r)
}

// view is what a template shows.
type view struct {
	Lang                  *lang.Printer
	Nonce, Prefix         string
	Style                 template.CSS
	Name, Proxy           string
	ProxyTLS              bool
	Organisation, CodeURL string
	Fingerprint           string
	Title                 string   // its key, and then its text
	Lines                 []string // their keys, and then their texts
	Blocked               Blocked
	Why, Kind, Clause     string
	Teach                 bool // how to recognise deceit
	Needs                 []appeals.Need
}

// T returns a text in the view's language.
func (v view) T(key string) string { return v.Lang.Text(key) }

func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Lang = p.texts.Choose(r.Header.Get("Accept-Language"))
	v.Nonce, v.Prefix, v.Style = rand.Text(), Prefix, template.CSS(style)
	proxy := p.proxyFor(r)
	v.Name, v.Proxy, v.ProxyTLS, v.Fingerprint = p.o.Name, proxy.Address, proxy.TLS, p.fingerprint
	v.Organisation, v.CodeURL = p.o.Organisation, p.o.CodeURL
	v.Title = v.T(v.Title)
	for i, key := range v.Lines {
		v.Lines[i] = v.T(key)
	}
	if name == "blocked" {
		v.blocked()
	}
	var b bytes.Buffer
	if err := p.by[name].ExecuteTemplate(&b, "base.html", v); err != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang.Code)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'nonce-"+v.Nonce+"'; form-action 'self'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // forms have to name their origin
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}

// blocked sets what the block page shows.
func (v *view) blocked() {
	b := v.Blocked
	v.Kind = b.Category.Title().In(v.Lang.Code)
	v.Clause = b.Clause.Text(v.Lang.Code)
	v.Needs = appeals.Needs
	v.Why = v.T("why")
	switch {
	case b.Category == rules.Phishing || b.Category == rules.Malware:
		v.Why, v.Teach = v.T("why-danger"), true
	case b.Upload:
		v.Why = v.T("why-upload")
	}
}

// Block shows why a request was stopped (C2.8a, C2.9a, K3).
func (p *Pages) Block(w http.ResponseWriter, r *http.Request, b Blocked) {
	p.show(w, r, http.StatusForbidden, "blocked", view{Blocked: b})
}

// errorPages are the statuses that have a page of their own.
var errorPages = []int{400, 403, 404, 407, 421, 429, 502, 503, 504, 508}

// Error shows what went wrong, in words for people.
func (p *Pages) Error(w http.ResponseWriter, r *http.Request, status int) {
	code := status
	if !slices.Contains(errorPages, status) {
		code = http.StatusServiceUnavailable
	}
	p.message(w, r, status, "error-"+strconv.Itoa(code), "hint-"+strconv.Itoa(code))
}

// Acknowledge asks people whether they know the code of conduct (K3).
func (p *Pages) Acknowledge(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusForbidden, "acknowledge", view{})
}

// Thank confirms that the acknowledgement was recorded.
func (p *Pages) Thank(w http.ResponseWriter, r *http.Request) {
	p.message(w, r, http.StatusOK, "thanks-title", "thanks-text")
}

func (p *Pages) message(w http.ResponseWriter, r *http.Request, status int, title string, lines ...string) {
	p.show(w, r, status, "message", view{Title: title, Lines: lines})
}

func (p *Pages) serveAuthority(w http.ResponseWriter, r *http.Request) {
	if p.o.Authority == nil {
		p.Error(w, r, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: p.o.Authority.Raw})
}

// The pace of a client's appeals: each is written to disk.
const (
	appealEvery = time.Second
	appealBurst = 10
	appealWait  = 5 * time.Second
)

// clientOf returns the address that a request comes from.
func clientOf(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
}

// appeal takes an appeal. Its fields hold values of closed lists only.
func (p *Pages) appeal(w http.ResponseWriter, r *http.Request) {
	if !Own(r) {
		p.Error(w, r, http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	category, err1 := rules.ParseCategory(r.PostFormValue("category"))
	rule, err2 := rules.ParseID(r.PostFormValue("rule"))
	group, err3 := roster.ParseGroup(r.PostFormValue("group"))
	if errors.Join(err1, err2, err3) != nil || !isHost(r.PostFormValue("host")) || p.o.Appeals == nil {
		p.Error(w, r, http.StatusBadRequest)
		return
	}
	if !slices.Contains(p.o.Groups, group) {
		group = roster.Group{} // whatever was typed there is not kept
	}
	if err := p.pace.Wait(r.Context(), clientOf(r)); err != nil {
		p.message(w, r, http.StatusTooManyRequests, "full-title", "full-text")
		return
	}
	need := appeals.Need(r.PostFormValue("need"))
	err := p.o.Appeals.Add(r.PostFormValue("host"), category, rule, group, need, time.Now().UTC())
	switch {
	case errors.Is(err, appeals.ErrTooMany):
		p.message(w, r, http.StatusServiceUnavailable, "full-title", "full-text")
	case err != nil:
		p.Error(w, r, http.StatusBadRequest)
	default:
		p.message(w, r, http.StatusOK, "asked-title", "asked-text")
	}
}

// Own reports whether a form was sent by a page of the same site: another site must not speak in the name of its
// visitor (RFC 6454, section 7). A client that sends no origin is no browser.
func Own(r *http.Request) bool {
	origin := r.Header["Origin"]
	if len(origin) == 0 {
		return true
	}
	_, host, ok := strings.Cut(origin[0], "://")
	return ok && len(origin) == 1 && strings.EqualFold(host, r.Host)
}

func isHost(h string) bool {
	return h != "" && len(h) <= 253 && strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") == ""
}
