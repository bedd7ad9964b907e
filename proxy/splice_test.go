package proxy

import (
	"io"
	"net"
	"testing"

	"sluis/internal/admit"
	"sluis/proxy/clienthello"
)

// TestTheKernelCopiesTunnels: between a client and a site are the two sockets and nothing else, also where the client
// sent its first bytes ahead.
func TestTheKernelCopiesTunnels(t *testing.T) {
	r := newRig(t)
	site, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	door := admit.New(r.proxy.metrics.connections, r.proxy.metrics.refused)
	for name, early := range map[string]string{"at first nothing": "", "a hello ahead": "hello"} {
		raw, err := net.Dial("tcp", site.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		in, _ := door.Identify(raw, nil, 0) // as a listener without PROXY headers does
		var conn net.Conn = &client{Conn: in, proxy: r.proxy}
		if early != "" {
			conn = clienthello.Replay(conn, []byte(early))
			if _, err := io.ReadFull(conn, make([]byte, len(early))); err != nil {
				t.Fatal(err)
			}
		}
		_, port, _ := net.SplitHostPort(site.Addr().String())
		up, err := r.cfg.Dialer.DialContext(t.Context(), "tcp", "site.example:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer up.Close()
		a, b := (&tunnel{conn: conn, upstream: up}).ends()
		for _, p := range []*pump{newPump(a, b), newPump(b, a)} {
			if p.buf != nil {
				t.Errorf("%s: got a copy by the program from %T to %T, want one by the kernel", name, p.src, p.dst)
			}
		}
	}
}
