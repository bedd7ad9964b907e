package proxy

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// leavingSite is a site over HTTP/2 that takes one request on each connection, and says of the next that it was not
// seen.
type leavingSite struct {
	port  string
	taken atomic.Int32 // requests
	left  atomic.Int32 // connections
}

func (r *rig) leavingSite(host string) *leavingSite {
	r.t.Helper()
	leaf, err := r.sites.For(host)
	if err != nil {
		r.t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0",
		&tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"h2"}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { ln.Close() })
	s := &leavingSite{port: portOfListener(ln)}
	r.reload(func(c *Config) { c.Ports = append(c.Ports, portOf("x:"+s.port, 0)) })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *leavingSite) serve(c net.Conn) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	f.WriteSettings()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	var body int
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				f.WriteSettingsAck()
			}
			continue
		case *http2.HeadersFrame:
			if frame.StreamID > 1 {
				late := frame.StreamEnded()
				for n := 0; !late && n < 80<<10; {
					more, err := f.ReadFrame()
					if err != nil {
						return
					}
					if data, ok := more.(*http2.DataFrame); ok && len(data.Data()) > 0 {
						n += len(data.Data())
						f.WriteWindowUpdate(0, uint32(len(data.Data())))
						f.WriteWindowUpdate(frame.StreamID, uint32(len(data.Data())))
					}
					late = more.Header().Flags&http2.FlagDataEndStream != 0
				}
				s.left.Add(1)
				f.WriteGoAway(1, http2.ErrCodeNo, nil)
				io.Copy(io.Discard, c)
				return
			}
		case *http2.DataFrame:
			if n := len(frame.Data()); n > 0 {
				body += n
				f.WriteWindowUpdate(0, uint32(n))
				f.WriteWindowUpdate(1, uint32(n))
			}
		}
		if frame.Header().StreamID != 1 || frame.Header().Flags&http2.FlagDataEndStream == 0 {
			continue
		}
		s.taken.Add(1)
		block.Reset()
		e.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
		f.WriteData(1, true, fmt.Append(nil, body))
	}
}

// TestAFormThatASiteHasNotSeen: a site that leaves says which requests it has not seen (RFC 9113, section 6.8). They
// are sent again, forms too, and are taken once.
func TestAFormThatASiteHasNotSeen(t *testing.T) {
	r := newRig(t)
	r.decide = inspecting
	s := r.leavingSite("site.example")
	c := r.browser()
	for n := range 8 {
		body := strings.Repeat("abc", 1+n*1000)
		if n >= 6 { // more than is kept to be sent again; a length that is not known comes with fewer
			body = strings.Repeat("abc", 200_000*(7-n)+1)
		}
		var send io.Reader = strings.NewReader(body)
		if n%2 == 1 {
			send = io.NopCloser(send) // of a length that is not known
		}
		resp, err := c.Post("https://site.example:"+s.port+"/", "text/plain", send)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := fmt.Sprint(len(body)); resp.StatusCode != http.StatusOK || string(b) != want {
			t.Errorf("form %d: got %s, %q, want 200 and %s bytes taken", n+1, resp.Status, b, want)
		}
	}
	if taken, left := s.taken.Load(), s.left.Load(); taken != 8 || left == 0 {
		t.Errorf("got %d requests taken and %d not seen, want 8 and some", taken, left)
	}
}
