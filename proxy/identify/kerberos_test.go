package identify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"sluis/internal/testenv"
)

// TestKerberos signs people in at a real key distribution centre, and has curl prove their identity.
func TestKerberos(t *testing.T) {
	testenv.Need(t, "krb5kdc", "kinit", "kadmin.local", "curl")
	ctx := t.Context()
	kdc, err := testenv.StartKerberos(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer kdc.Stop()
	tab, err := kdc.AddService(ctx, "HTTP/localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"els", "noor", "stranger"} {
		if err := kdc.AddPerson(ctx, name, "pw-"+name); err != nil {
			t.Fatal(err)
		}
	}
	tickets, err := LoadKerberos(tab, "HTTP/localhost", map[string]string{testenv.Realm: "school.example"})
	if err != nil {
		t.Fatal(err)
	}
	i, err := New(Options{Roster: people(t), Kerberos: tickets, Required: true})
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(i)
	proxy := httptest.NewUnstartedServer(d)
	proxy.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return Connection(ctx) }
	proxy.Start()
	defer proxy.Close()

	for _, tt := range []struct {
		person, group string
		confidential  bool
		status        string
	}{
		{person: "els", group: "leraren", status: "200"},
		{person: "noor", group: "leraren", confidential: true, status: "200"},
		{person: "stranger", status: "407"}, // has a ticket, but is not on the roster
	} {
		t.Run(tt.person, func(t *testing.T) {
			if err := kdc.SignIn(ctx, tt.person, "pw-"+tt.person); err != nil {
				t.Fatal(err)
			}
			port := proxy.URL[strings.LastIndexByte(proxy.URL, ':'):]
			curl := exec.CommandContext(ctx, "curl", "-s", "-o", os.DevNull, "-w", "%{http_code} ",
				"--proxy", "http://localhost"+port, "--proxy-negotiate", "--proxy-user", ":",
				"http://site.example/", "http://site.example/next")
			curl.Env = append(os.Environ(), kdc.Env()...)
			d.reset()
			out, err := curl.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != tt.status+" "+tt.status {
				t.Fatalf("curl: %q, %v; want %s twice", out, err, tt.status)
			}
			for _, who := range d.seen() {
				if who.Group.String() != tt.group || who.Subject.Confidential() != tt.confidential {
					t.Errorf("got group %q, confidential %v, want %q, %v",
						who.Group, who.Subject.Confidential(), tt.group, tt.confidential)
				}
			}
		})
	}

	t.Run("a ticket is good for one connection once", func(t *testing.T) {
		replayed := d.field
		if replayed == "" {
			t.Fatal("got no ticket, want one")
		}
		if _, err := i.Identify(t.Context(), netip.MustParseAddr("127.0.0.1"), replayed); !errors.Is(
			err,
			ErrCredentials,
		) {
			t.Errorf("a ticket a second time: got %v, want it refused", err)
		}
	})
}

// door is a proxy that only identifies its clients.
type door struct {
	who   *Identifier
	mu    sync.Mutex
	let   []Identity
	field string
}

func newDoor(i *Identifier) *door { return &door{who: i} }

func (d *door) reset() { d.mu.Lock(); d.let = nil; d.mu.Unlock() }

func (d *door) seen() []Identity { d.mu.Lock(); defer d.mu.Unlock(); return d.let }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	field := r.Header.Get("Proxy-Authorization")
	who, err := d.who.Identify(r.Context(), netip.MustParseAddrPort(r.RemoteAddr).Addr(), field)
	if err != nil {
		w.Header()["Proxy-Authenticate"] = d.who.Challenges()
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.let = append(d.let, who)
	if field != "" {
		d.field = field
	}
}
