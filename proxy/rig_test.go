package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
	"sluis/proxy/blockpage"
	"sluis/proxy/ca"
	"sluis/proxy/egress"
	"sluis/proxy/identify"
	"sluis/rules"
)

// rig is a running proxy with its policy, grounds and journal, and with sites behind it. All names are of this machine.
type rig struct {
	t        *testing.T
	proxy    *Proxy
	cfg      Config
	address  string
	pages    *pages
	journal  *records
	log      *strings.Builder
	trust    *x509.CertPool // what clients trust: sites, and the proxy's own authority
	sites    *ca.Authority
	decide   func(sitepolicy.Request) sitepolicy.Decision
	resolver *net.Resolver
}

var (
	loopback  = netip.MustParsePrefix("127.0.0.0/8")
	loopback6 = netip.MustParsePrefix("::1/128")
)

// newRig starts one. The option changes the configuration before.
func newRig(t *testing.T, options ...func(*rig)) *rig {
	t.Helper()
	r := &rig{t: t, journal: &records{}, log: &strings.Builder{}, trust: x509.NewCertPool(), pages: &pages{},
		decide: func(sitepolicy.Request) sitepolicy.Decision { return sitepolicy.Decision{} }, resolver: names(t)}
	own := r.authority("Sluis")
	r.sites = r.authority("public")
	roots := x509.NewCertPool()
	roots.AddCert(r.sites.Certificate())
	r.cfg = Config{
		Name:      "sluis.school.example",
		Plain:     []uint16{80},
		Ports:     []uint16{443},
		Clients:   []netip.Prefix{loopback, loopback6},
		Authority: own, Roots: roots, Identify: anyone{}, Policy: r, Grounds: r, Pages: r.pages, Journal: r.journal,
		Dialer: egress.New(egress.Options{
			Inner:    []netip.Prefix{loopback, loopback6},
			Resolver: r.resolver,
			Timeout:  testenv.Patience,
		}),
		Log: slog.New(slog.NewTextHandler(&locked{w: r.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range options {
		o(r)
	}
	var err error
	if r.proxy, err = New(r.cfg, nil); err != nil {
		t.Fatal(err)
	}
	r.address = r.listen(Listener{})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) authority(name string) *ca.Authority {
	r.t.Helper()
	dir := r.t.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	if err := ca.Create(cert, key, ca.Spec{Name: name}); err != nil {
		r.t.Fatal(err)
	}
	a, err := ca.Load(cert, key)
	if err != nil {
		r.t.Fatal(err)
	}
	r.trust.AddCert(a.Certificate())
	return a
}

// listen serves on one more port and returns its address.
func (r *rig) listen(l Listener) string {
	r.t.Helper()
	if l.Listener == nil {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			r.t.Fatal(err)
		}
		l.Listener = ln
	}
	go func() {
		if err := r.proxy.Serve(l); err != nil {
			r.t.Errorf("serve: %v", err)
		}
	}()
	return l.Addr().String()
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), testenv.Patience)
	defer cancel()
	r.proxy.Shutdown(ctx)
}

// reload changes the configuration.
func (r *rig) reload(change func(*Config)) {
	r.t.Helper()
	change(&r.cfg)
	if err := r.proxy.Reload(r.cfg); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) Decide(q sitepolicy.Request) sitepolicy.Decision { return r.decide(q) }

func (r *rig) RecordUse(context.Context, []filter.OrderID, filter.ID) error { return nil }

func (r *rig) Grounds(filter.ID, time.Time, identify.Identity, bool) (filter.Grounds, error) {
	return filter.Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct)}, nil
}

// site starts a web site, with TLS if it has names, and lets the proxy connect to its port.
func (r *rig) site(h http.Handler, hosts ...string) *httptest.Server {
	r.t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if len(hosts) == 0 {
		s.Start()
	} else {
		s.EnableHTTP2 = true
		s.TLS = &tls.Config{GetCertificate: func(i *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if i.ServerName == "" {
				return r.sites.For(hosts[0])
			}
			return r.sites.For(i.ServerName)
		}}
		s.StartTLS()
	}
	r.t.Cleanup(s.Close)
	port := s.Listener.Addr().(*net.TCPAddr).AddrPort().Port()
	r.reload(func(c *Config) {
		if len(hosts) > 0 {
			c.Ports = append(c.Ports, port)
		} else {
			c.Plain = append(c.Plain, port)
		}
	})
	return s
}

// at returns a URL of a site under a name.
func at(s *httptest.Server, host, path string) string {
	u, _ := url.Parse(s.URL)
	return u.Scheme + "://" + host + ":" + u.Port() + path
}

func portString(s *httptest.Server) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

// browser returns a client that asks the proxy.
func (r *rig) browser(change ...func(*http.Transport)) *http.Client {
	u, _ := url.Parse("http://" + r.address)
	tr := &http.Transport{
		Proxy:             http.ProxyURL(u),
		TLSClientConfig:   &tls.Config{RootCAs: r.trust},
		ForceAttemptHTTP2: true,
	}
	for _, c := range change {
		c(tr)
	}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: testenv.Patience}
}

// get asks for a page and returns it with its body.
func (r *rig) get(c *http.Client, url string) (*http.Response, string) {
	r.t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(b)
}

// raw writes to the proxy as it is, and returns the status and body of what comes back;
// nothing if the connection ends without.
func (r *rig) raw(sent string) string {
	r.t.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(testenv.Patience))
	go io.WriteString(c, sent)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, b)
}

// anyone lets every client in without a name.
type anyone struct{}

func (anyone) Identify(context.Context, netip.Addr, string) (identify.Identity, error) {
	return identify.Identity{}, nil
}
func (anyone) Challenges() []string { return nil }

// pages say in a word what they are.
type pages struct{}

func (*pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "own site "+r.URL.Path)
}

func (*pages) Block(w http.ResponseWriter, r *http.Request, b blockpage.Blocked) {
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, "blocked %s %s", b.Host, b.Category)
}

func (*pages) Error(w http.ResponseWriter, r *http.Request, status int) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "error %d", status)
}

func (*pages) Certificate(w http.ResponseWriter, r *http.Request, f blockpage.Fault) {
	w.WriteHeader(http.StatusBadGateway)
	fmt.Fprintf(w, "certificate %s", f)
}

func (*pages) Acknowledge(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusForbidden)
	io.WriteString(w, "acknowledge")
}

func (*pages) Thank(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "thanks") }

// records is a journal.
type records struct {
	mu  sync.Mutex
	all []journal.Record
}

func (j *records) Put(r journal.Record, _ roster.Subject) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, r)
}

// wait returns the records once there are n.
func (j *records) wait(t *testing.T, n int) []journal.Record {
	t.Helper()
	var all []journal.Record
	testenv.Eventually(t, fmt.Sprintf("%d records are put", n), func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		all = j.all[:len(j.all):len(j.all)]
		return len(all) >= n
	})
	return all
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// names resolves each name to 127.0.0.1, six.example to ::1, and none under .invalid.
func names(t *testing.T) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			six := strings.HasPrefix(q.Name.String(), "six.")
			switch {
			case strings.HasSuffix(q.Name.String(), ".invalid."):
				m.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA && !six:
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			case q.Type == dnsmessage.TypeAAAA && six:
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}}}}
			}
			if out, err := m.Pack(); err == nil {
				server.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}
