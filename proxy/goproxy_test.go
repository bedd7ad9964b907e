package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
)

// TestWhyNotGoproxy shows the faults of elazarl/goproxy, the usual choice, for which
// requests are forwarded by net/http/httputil instead. Each is right in this package, by
// the test that is named. A fault that is no longer there makes this test fail: then the
// choice is to be made again.
func TestWhyNotGoproxy(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			c.Close()
			return
		}
		w.Header().Set("X-Got", r.Header.Get("X-Mine"))
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
	}))
	defer site.Close()
	other := goproxy.NewProxyHttpServer()
	other.Tr = &http.Transport{}
	proxy := httptest.NewServer(other)
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u)}
	defer tr.CloseIdleConnections()
	ask := func(address string) (*http.Response, string) {
		r, err := http.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Connection", "X-Mine")
		r.Header.Set("X-Mine", "1")
		resp, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(b)
	}
	resp, _ := ask(site.URL)
	if resp.Header.Get("X-Got") != "1" || resp.Header.Get("X-Hop") != "1" {
		t.Errorf("fields of one hop no longer get through (TestOneHopOnly): %v", resp.Header)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	if _, body := ask("http://" + nobody + "/"); !strings.Contains(body, nobody) {
		t.Errorf("errors no longer tell addresses to clients (TestErrorsDoNotTellWhere): %q", body)
	}
	if err := endOfSocket(u.Host, site.URL); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a WebSocket that the site has ended no longer stays open to the client (TestWebSocket): %v", err)
	}
}

// endOfSocket opens a WebSocket that the site ends at once, and returns what the client
// sees of that.
func endOfSocket(proxy, site string) error {
	c, err := net.Dial("tcp", proxy)
	if err != nil {
		return err
	}
	defer c.Close()
	io.WriteString(c, "GET "+site+"/ HTTP/1.1\r\nHost: "+strings.TrimPrefix(site, "http://")+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(c)
	if _, err := http.ReadResponse(in, nil); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(time.Second))
	_, err = in.ReadByte()
	return err
}
