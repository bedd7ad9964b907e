package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluis/internal/sitepolicy"
	"sluis/internal/testenv"
)

// TestSlowClients: a client that stops loses its connection.
func TestSlowClients(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.cfg.Limits = Limits{
			HeaderTime: 200 * time.Millisecond,
			Hello:      200 * time.Millisecond,
			Idle:       200 * time.Millisecond,
			KeepAlive:  200 * time.Millisecond,
		}
	})
	s, secure := r.site(
		http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.Copy(w, q.Body) }),
	), r.site(
		hello200,
		"site.example",
	)
	host := "site.example:" + portString(s)
	for name, sent := range map[string]string{
		"says nothing":               "",
		"a header that stops":        "GET http://" + host + "/ HTTP/1.1\r\nHost",
		"a body that stops":          "POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 10\r\n\r\nabc",
		"a chunk that stops":         "POST http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
		"a tunnel and then nothing":  "CONNECT site.example:" + portString(secure) + " HTTP/1.1\r\nHost: site.example:" + portString(secure) + "\r\n\r\n",
		"a hello that stops":         "CONNECT site.example:" + portString(secure) + " HTTP/1.1\r\nHost: site.example:" + portString(secure) + "\r\n\r\n\x16\x03\x01\x02\x00\x01",
		"a body without a reader":    "POST http://site.example:25/ HTTP/1.1\r\nHost: site.example:25\r\nContent-Length: 10\r\n\r\nabc",
		"one request, then no other": "GET http://" + host + "/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
	} {
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, sent)
		c.SetReadDeadline(time.Now().Add(testenv.Patience))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays, want its end", name)
		}
		c.Close()
	}
	r.waitUntilEmpty(t)
}

// waitUntilEmpty waits until no client is counted any more.
func (r *rig) waitUntilEmpty(t *testing.T) {
	t.Helper()
	testenv.Eventually(t, "no client and no address is counted any more", func() bool {
		clients, addresses := r.proxy.door.Counts()
		return clients == 0 && addresses == 0
	})
}

// TestSlowSite: a site that stops in the middle does not keep the client waiting, and a silent site becomes a page.
func TestSlowSite(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.cfg.Limits = Limits{Response: 200 * time.Millisecond, Idle: 300 * time.Millisecond}
	})
	stop := make(chan struct{})
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/half" {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		<-stop
	}))
	defer close(stop)
	if resp, body := r.get(r.browser(), at(s, "site.example", "/")); resp.StatusCode != 504 || body != "error 504" {
		t.Errorf("a silent site: got %s, %q, want 504", resp.Status, body)
	}
	resp, err := r.browser().Get(at(s, "site.example", "/half"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err == nil || string(b) != "half" {
		t.Errorf("half a page: got %q, %v, want the half and an error", b, err)
	}
}

func TestConnectionLimits(t *testing.T) {
	for name, limits := range map[string]Limits{"in all": {Connections: 3}, "of one client": {PerAddress: 3}} {
		r := newRig(t, func(r *rig) { r.cfg.Limits = limits })
		ask := func(c net.Conn) error {
			c.SetDeadline(time.Now().Add(testenv.Patience))
			io.WriteString(c, "GET /proxy.pac HTTP/1.1\r\nHost: x\r\n\r\n")
			_, err := io.ReadFull(c, make([]byte, 1))
			return err
		}
		var open []net.Conn
		for n := range 5 {
			c, err := net.Dial("tcp", r.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := ask(c); (err == nil) != (n < 3) {
				t.Errorf("%s: connection %d: got %v, want room for three", name, n+1, err)
			}
			open = append(open, c)
		}
		for _, c := range open {
			c.Close()
		}
		r.waitUntilEmpty(t)
		c, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(c); err != nil {
			t.Errorf("%s: got %v, want room again", name, err)
		}
		c.Close()
	}
}

// TestNothingLeaks: after tunnels of every kind no goroutine and no file descriptor is left.
func TestNothingLeaks(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200, "site.example")
	var action sitepolicy.Action
	r.decide = func(sitepolicy.Request) sitepolicy.Decision {
		return sitepolicy.Decision{Action: action, BlockPage: true}
	}
	use := func() {
		for _, action = range []sitepolicy.Action{sitepolicy.Allow, sitepolicy.Inspect, sitepolicy.Block} {
			for range 10 {
				c := r.browser()
				r.get(c, at(s, "site.example", "/"))
				c.CloseIdleConnections()
				raw := r.tunnel(t, "site.example:"+portString(s))
				io.WriteString(raw, "no TLS")
				raw.Close()
			}
		}
		r.waitUntilEmpty(t)
		r.proxy.generation.Load().transports.retire()
	}
	use()
	goroutines, files := settled(t, 0, 0)
	use()
	if g, f := settled(t, goroutines, files); g > goroutines+3 || f > files+3 {
		t.Errorf("got %d goroutines and %d files, want about %d and %d", g, f, goroutines, files)
	}
}

// settled returns how many goroutines and open files there are, once they are no more than
// asked or no longer change.
func settled(t *testing.T, goroutines, files int) (g, f int) {
	t.Helper()
	for range 100 {
		time.Sleep(20 * time.Millisecond)
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			testenv.Lack(t, "open files cannot be counted here: %v", err)
		}
		g, f = runtime.NumGoroutine(), len(fds)
		if g <= goroutines && f <= files {
			break
		}
	}
	return g, f
}

// TestShutdown: requests finish, silent tunnels are ended, and then no client gets in.
func TestShutdown(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Opaque = true })
	asked, answer := make(chan struct{}), make(chan struct{})
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		close(asked)
		<-answer
		io.WriteString(w, "in time")
	}))
	silent := r.tunnel(t, r.echo(t))
	io.WriteString(silent, "x")
	io.ReadFull(silent, make([]byte, 1))
	got := make(chan string, 1)
	go func() {
		resp, err := r.browser().Get(at(s, "site.example", "/"))
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		got <- string(b)
	}()
	<-asked
	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), testenv.Patience)
		defer cancel()
		down <- r.proxy.Shutdown(ctx)
	}()
	if n, err := io.Copy(io.Discard, silent); n != 0 || err != nil {
		t.Errorf("the silent tunnel: got %d bytes, %v, want its end", n, err)
	}
	select {
	case err := <-down:
		t.Fatalf("got %v before the request had ended, want shutdown to wait", err)
	default:
	}
	close(answer)
	if b := <-got; b != "in time" {
		t.Errorf("the request under way: got %q, want its reply", b)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", r.address); err == nil {
		c.Close()
		t.Error("a new connection: got one, want none")
	}
	r.journal.wait(t, 2)
}

// TestShutdownCuts: connections that do not end in time are cut.
func TestShutdownCuts(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Opaque = true })
	busy := r.tunnel(t, r.echo(t))
	go func() {
		for {
			if _, err := io.WriteString(busy, "x"); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := r.proxy.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: got %v, want the end of its time", err)
	}
	r.waitUntilEmpty(t)
}

// TestReload: the new configuration holds for the next request of an open connection.
func TestReload(t *testing.T) {
	r := newRig(t)
	s := r.site(hello200)
	c := r.browser()
	if resp, _ := r.get(c, at(s, "site.example", "/")); resp.StatusCode != 200 {
		t.Fatalf("before a reload: got %s, want 200", resp.Status)
	}
	r.reload(func(c *Config) { c.Policy = denyAll{} })
	if resp, _ := r.get(c, at(s, "site.example", "/")); resp.StatusCode != 403 {
		t.Errorf("after a reload: got %s, want 403", resp.Status)
	}
	if err := r.proxy.Reload(Config{}); err == nil || !strings.Contains(err.Error(), "needed") {
		t.Errorf("an empty configuration: got %v, want what is needed", err)
	}
}

type denyAll struct{}

func (denyAll) Decide(sitepolicy.Request) sitepolicy.Decision {
	return sitepolicy.Decision{Action: sitepolicy.Block}
}
