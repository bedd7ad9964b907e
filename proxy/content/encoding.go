package content

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errEncoding is returned for a content coding that is not known.
var errEncoding = errors.New("unknown content coding")

// maxWindow bounds the memory of a decoder: RFC 8878, section 3.1.1.1.2, asks for so much.
const maxWindow = 8 << 20

type decoder interface {
	io.Reader
	Reset(r io.Reader) error
}

type zstdDecoder struct{ *zstd.Decoder }

// gzipDecoder is made with its first body, as its header is read at once.
type gzipDecoder struct {
	gzip.Reader
	br    *bufio.Reader
	ok    bool
	plain bool // it is no gzip, which browsers show as it is
	fault error
}

// Reset implements decoder.
func (g *gzipDecoder) Reset(r io.Reader) error {
	g.br.Reset(r)
	g.ok, g.plain, g.fault = false, false, nil
	return nil
}

// Read implements io.Reader.
func (g *gzipDecoder) Read(p []byte) (int, error) {
	if g.fault != nil {
		return 0, g.fault
	}
	if !g.ok && !g.plain {
		first, err := g.br.Peek(1)
		if g.plain = err == nil && first[0] != 0x1f; !g.plain {
			if g.fault = g.Reader.Reset(g.br); g.fault != nil {
				return 0, g.fault
			}
			g.ok = true
		}
	}
	if g.plain {
		return g.br.Read(p)
	}
	n, err := g.Reader.Read(p)
	if err == gzip.ErrHeader || err == gzip.ErrChecksum { // behind the end, which browsers do not mind
		err = io.EOF
	}
	return n, err
}

// deflateDecoder reads both forms that go by the name: that of RFC 1950, and RFC 1951 alone.
type deflateDecoder struct {
	io.ReadCloser
	br *bufio.Reader
	ok bool
}

// Reset implements decoder.
func (d *deflateDecoder) Reset(r io.Reader) error {
	d.br.Reset(r)
	d.ok = false
	return nil
}

// Read implements io.Reader.
func (d *deflateDecoder) Read(p []byte) (int, error) {
	if !d.ok {
		head, err := d.br.Peek(2)
		if len(head) == 0 && err != nil {
			return 0, err
		}
		if len(head) == 2 && head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			d.br.Discard(2)
		}
		if err := d.ReadCloser.(flate.Resetter).Reset(d.br, nil); err != nil {
			return 0, err
		}
		d.ok = true
	}
	return d.ReadCloser.Read(p)
}

// brotliDecoder is reused only when it has come to the end: Reset of brotli v1.2.2 keeps bytes of the body before,
// which would be taken for the beginning of the next.
type brotliDecoder struct {
	*brotli.Reader
	used bool
}

// Reset implements decoder.
func (b *brotliDecoder) Reset(r io.Reader) error {
	if b.used {
		b.Reader, b.used = brotli.NewReader(r), false
		return nil
	}
	return b.Reader.Reset(r)
}

// Read implements io.Reader.
func (b *brotliDecoder) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.used = err != io.EOF
	return n, err
}

// decoders are reused: their tables and windows are large.
var decoders = map[string]*sync.Pool{
	"gzip": {New: func() any { return &gzipDecoder{br: bufio.NewReaderSize(nil, 4096)} }},
	"deflate": {New: func() any {
		return &deflateDecoder{ReadCloser: flate.NewReader(nil), br: bufio.NewReaderSize(nil, 4096)}
	}},
	"br": {New: func() any { return &brotliDecoder{Reader: brotli.NewReader(nil)} }},
	"zstd": {New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(4*maxWindow))
		if err != nil {
			panic(err) // options of this package
		}
		return zstdDecoder{d}
	}},
}

// decode returns r without its content codings (RFC 9110, section 8.4), and a function that gives the decoders back.
// The codings are those of a header field, in the order in which they were applied.
func decode(codings []string, r io.Reader) (_ io.Reader, done func(), err error) {
	var used []func()
	done = func() {
		for _, f := range used {
			f()
		}
	}
	for i := len(codings) - 1; i >= 0; i-- {
		pool := decoders[codings[i]]
		if pool == nil || len(used) == maxCodings {
			done()
			return nil, func() {}, errEncoding
		}
		d := pool.Get().(decoder)
		used = append(used, func() {
			d.Reset(strings.NewReader(""))
			pool.Put(d)
		})
		if err := d.Reset(r); err != nil {
			done()
			return nil, func() {}, err
		}
		r = d
	}
	return r, done, nil
}

// maxCodings bounds how often a body may be coded.
const maxCodings = 5

// known returns the codings that browsers undo: others they do not mind.
func known(codings []string) []string {
	return slices.DeleteFunc(codings, func(c string) bool { return decoders[c] == nil })
}

// codingsOf returns the content codings of a header.
func codingsOf(h http.Header) []string {
	var all []string
	for _, v := range h["Content-Encoding"] {
		for c := range strings.SplitSeq(v, ",") {
			switch c = strings.ToLower(strings.TrimSpace(c)); c {
			case "", "identity":
			case "x-gzip":
				all = append(all, "gzip")
			default:
				all = append(all, c)
			}
		}
	}
	return all
}

// readable removes the codings that cannot be read here from those that a client accepts.
func readable(h http.Header) {
	v := h["Accept-Encoding"]
	if len(v) == 0 {
		return
	}
	var keep []string
	for c := range strings.SplitSeq(strings.Join(v, ","), ",") {
		name, _, _ := strings.Cut(c, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if decoders[name] != nil || name == "identity" {
			keep = append(keep, strings.TrimSpace(c))
		}
	}
	if len(keep) == 0 {
		keep = []string{"identity"}
	}
	h["Accept-Encoding"] = []string{strings.Join(keep, ", ")}
}
