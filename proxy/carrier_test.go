package proxy

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluis/internal/testenv"
)

// rawHTTP2 is a client of HTTP/2 that writes frames as it likes.
type rawHTTP2 struct {
	*http2.Framer
	t       *testing.T
	encoder *hpack.Encoder
	block   bytes.Buffer
	stream  uint32
}

// rawHTTP2 opens an inspected connection to a site.
func (r *rig) rawHTTP2(authority string) *rawHTTP2 {
	r.t.Helper()
	host, _, _ := net.SplitHostPort(authority)
	c := tls.Client(r.tunnel(r.t, authority),
		&tls.Config{ServerName: host, RootCAs: r.trust, NextProtos: []string{"h2"}})
	c.SetDeadline(time.Now().Add(testenv.Patience))
	r.t.Cleanup(func() { c.Close() })
	if err := c.Handshake(); err != nil {
		r.t.Fatal(err)
	}
	io.WriteString(c, http2.ClientPreface)
	h := &rawHTTP2{Framer: http2.NewFramer(c, c), t: r.t, stream: 1}
	h.encoder = hpack.NewEncoder(&h.block)
	h.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	h.WriteSettings()
	return h
}

// encode returns a header block.
func (h *rawHTTP2) encode(fields ...string) []byte {
	h.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		h.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(h.block.Bytes())
}

// request writes a request in one frame, on the first stream.
func (h *rawHTTP2) request(block []byte) {
	h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true, EndHeaders: true})
}

// status waits for the response to the last request and returns its status: a number, "reset", or "gone" if the
// connection ended.
func (h *rawHTTP2) status() string {
	defer func() { h.stream += 2 }()
	for {
		f, err := h.ReadFrame()
		if err != nil {
			return "gone"
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				h.WriteSettingsAck()
			}
		case *http2.GoAwayFrame:
			return "gone"
		case *http2.RSTStreamFrame:
			if f.StreamID == h.stream {
				return "reset"
			}
		case *http2.MetaHeadersFrame:
			if f.StreamID == h.stream && !strings.HasPrefix(f.PseudoValue("status"), "1") {
				return f.PseudoValue("status")
			}
		}
	}
}

// TestTargetsOverHTTP2: the site gets the target that was sent, however the header block is cut.
func TestTargetsOverHTTP2(t *testing.T) {
	r := newRig(t)
	site := r.rawSite(fine, "site.example")
	r.decide = inspecting
	authority := "site.example:" + site.port
	h := r.rawHTTP2(authority)
	for i, target := range manyTargets() {
		block := h.encode(":method", "GET", ":scheme", "https", ":authority", authority, ":path", target, "x-n", "1")
		first := http2.HeadersFrameParam{StreamID: h.stream, BlockFragment: block, EndStream: true, EndHeaders: true}
		var rest []byte
		switch i % 4 {
		case 1:
			first.PadLength = 7
		case 2:
			first.Priority = http2.PriorityParam{Weight: 3}
		case 3:
			first.BlockFragment, rest, first.EndHeaders = block[:5], block[5:], false
		}
		h.WriteHeaders(first)
		for len(rest) > 0 {
			n := min(len(rest), 11)
			h.WriteContinuation(h.stream, n == len(rest), rest[:n])
			rest = rest[n:]
		}
		if got := h.status(); got != "200" {
			t.Fatalf("%q: got %s, want 200", target, got)
		}
		got := targetOf(<-site.seen)
		if after, ok := strings.CutPrefix(got, "https://"+authority+"//"); ok {
			got = "//" + after
		}
		if got != target {
			t.Errorf("the site is asked for %q, want %q", got, target)
		}
	}
}

// TestMalformedHTTP2: header blocks that are none end the connection, and large ones get no further than their bound.
func TestMalformedHTTP2(t *testing.T) {
	r := newRig(t)
	site := r.rawSite(fine, "site.example")
	r.decide = inspecting
	authority := "site.example:" + site.port
	fields := []string{":method", "GET", ":scheme", "https", ":authority", authority, ":path", "/"}
	for name, tt := range map[string]struct {
		write func(h *rawHTTP2)
		want  string
	}{
		"a block that is none": {func(h *rawHTTP2) {
			h.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, bytes.Repeat([]byte{0xff}, 6))
		}, "gone"},
		"an entry that is nowhere": {func(h *rawHTTP2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xfe}, EndHeaders: true})
		}, "gone"},
		"more padding than frame": {func(h *rawHTTP2) {
			h.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded|http2.FlagHeadersEndHeaders, 1, []byte{9, 0x82})
		}, "gone"},
		"a frame within a block": {func(h *rawHTTP2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: h.encode(fields...), EndStream: true})
			h.WritePing(false, [8]byte{})
		}, "gone"},
		"another stream within a block": {func(h *rawHTTP2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: h.encode(fields...), EndStream: true})
			h.WriteContinuation(3, true, nil)
		}, "gone"},
		"a continuation of nothing": {func(h *rawHTTP2) { h.WriteContinuation(1, true, h.encode(fields...)) }, "gone"},
		"endless continuations": {func(h *rawHTTP2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: h.encode(fields...), EndStream: true})
			for range 100 {
				h.WriteContinuation(1, false, nil)
			}
		}, "gone"},
		"a bomb": {func(h *rawHTTP2) {
			block := h.encode(append(fields, "x-a", strings.Repeat("a", 3000))...)
			block = append(block, bytes.Repeat([]byte{0x80 | 62}, 10_000)...)
			h.request(block)
		}, "gone"},
		"a frame that is too large": {func(h *rawHTTP2) {
			h.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, make([]byte, 1<<20))
		}, "gone"},
		"a header that is too large": {func(h *rawHTTP2) {
			block := h.encode(append(fields, "x-a", strings.Repeat("\x01", 100<<10))...)
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:1000], EndStream: true})
			for block = block[1000:]; len(block) > 0; {
				n := min(len(block), 16<<10)
				h.WriteContinuation(1, n == len(block), block[:n])
				block = block[n:]
			}
		}, "431 gone"},
		"a space in the path": {func(h *rawHTTP2) {
			block := h.encode(append(fields[:6:6], ":path", "/a b")...)
			h.request(block)
		}, "400"},
		"a line in the path": {func(h *rawHTTP2) {
			block := h.encode(append(fields[:6:6], ":path", "/a HTTP/1.1\r\nHost: b\r\n\r\n")...)
			h.request(block)
		}, "400 reset"},
		"no path": {func(h *rawHTTP2) {
			block := h.encode(fields[:6]...)
			h.request(block)
		}, "400 reset"},
		"another site": {func(h *rawHTTP2) {
			block := h.encode(":method", "GET", ":scheme", "https", ":authority", "ander.example", ":path", "/")
			h.request(block)
		}, "421"},
		"an empty first frame": {func(h *rawHTTP2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true})
			h.WriteContinuation(1, true, h.encode(fields...))
		}, "200"},
	} {
		h := r.rawHTTP2(authority)
		h.AllowIllegalWrites = true
		go tt.write(h)
		if got := h.status(); !strings.Contains(tt.want, got) {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	if n := len(site.seen); n != 1 {
		t.Errorf("the site got %d requests, want the one that is right", n)
	}
}

// TestSilentHTTP2: a client that chooses HTTP/2 and says nothing is not waited for without end.
func TestSilentHTTP2(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Limits.HeaderTime = 200 * time.Millisecond })
	site := r.rawSite(fine, "site.example")
	r.decide = inspecting
	c := tls.Client(r.tunnel(t, "site.example:"+site.port),
		&tls.Config{ServerName: "site.example", RootCAs: r.trust, NextProtos: []string{"h2"}})
	c.SetDeadline(time.Now().Add(testenv.Patience))
	if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "EOF") {
		t.Errorf("got %v, want the end", err)
	}
	testenv.Eventually(t, "no connection is open", func() bool { n, _ := r.proxy.door.Counts(); return n == 0 })
}

// FuzzCarrier: what net/http reads of the carrier is frames, however they arrive, and nothing grows without bound.
func FuzzCarrier(f *testing.F) {
	var sent bytes.Buffer
	sent.WriteString(http2.ClientPreface)
	framer := http2.NewFramer(&sent, nil)
	framer.WriteSettings()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, p := range []string{"/", "/50%", "/%ff"} {
		e.WriteField(hpack.HeaderField{Name: ":path", Value: p})
	}
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
	framer.WriteData(1, true, []byte("abc"))
	f.Add(sent.Bytes(), uint8(3))
	f.Fuzz(func(t *testing.T, sent []byte, piece uint8) {
		whole, _ := io.ReadAll(newCarrier(&arriving{sent: sent, piece: len(sent) + 1}, 1<<10))
		cut, _ := io.ReadAll(newCarrier(&arriving{sent: sent, piece: int(piece) + 1}, 1<<10))
		if !bytes.Equal(whole, cut) {
			t.Fatalf("in pieces: got %q, want %q", cut, whole)
		}
		if len(whole) > len(sent)+len(sent)*100+100 {
			t.Fatalf("got %d bytes of %d", len(whole), len(sent))
		}
	})
}
