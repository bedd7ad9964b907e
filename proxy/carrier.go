package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// carrier is the connection of a client that speaks HTTP/2, as net/http is to read it: the path of each request is in
// the form that net/http takes as it is (carry). Header blocks are therefore decoded and encoded anew (RFC 9113,
// section 4.3); all other frames pass as they came.
type carrier struct {
	net.Conn
	in  *bufio.Reader
	max int // bytes of a header, encoded and decoded

	begun   bool   // the preface has passed
	wait    []byte // a part that has not come wholly
	out     []byte // to be read
	passing int    // bytes of a frame that pass as they come
	frame   http2.FrameHeader
	framed  bool // the payload of frame comes next
	refused bool // nothing passes any more

	fields  uint32 // stream whose header block has begun; zero: none
	end     http2.Flags
	block   []byte
	frames  int // of the block
	decoder *hpack.Decoder
	encoder *hpack.Encoder
	encoded bytes.Buffer
	decoded int // bytes of the block
}

// Errors of a connection (RFC 9113, section 5.4.1).
var (
	errProtocol    = errors.New("a frame where none may be")
	errCompression = errors.New("a malformed header block")
)

// Frames to which net/http answers as those errors ask: CONTINUATION of nothing, and a block with an entry that cannot
// be.
const (
	poisonProtocol    = "\x00\x00\x00\x09\x04\x7f\xff\xff\xff"
	poisonCompression = "\x00\x00\x01\x01\x04\x7f\xff\xff\xff\x80"
)

const (
	frameHead   = 9
	frameLength = 16 << 10 // that every peer takes (RFC 9113, section 4.2)
	blockFrames = 64       // that a header block may take
	tableSize   = 4 << 10  // of HPACK, as neither side asks for another
)

func newCarrier(c net.Conn, max int) *carrier {
	r := &carrier{Conn: c, in: bufio.NewReader(c), max: 4 * max}
	r.encoder = hpack.NewEncoder(&r.encoded)
	r.decoder = hpack.NewDecoder(tableSize, r.field)
	r.decoder.SetMaxStringLength(r.max)
	return r
}

// NetConn returns the connection beneath.
func (r *carrier) NetConn() net.Conn { return r.Conn }

// Read implements net.Conn.
func (r *carrier) Read(b []byte) (int, error) {
	for {
		if len(r.out) > 0 {
			n := copy(b, r.out)
			r.out = r.out[n:]
			return n, nil
		}
		if r.passing > 0 {
			n, err := r.in.Read(b[:min(len(b), r.passing)])
			r.passing -= n
			return n, err
		}
		if r.refused {
			if _, err := io.Copy(io.Discard, r.in); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		switch err := r.next(); {
		case errors.Is(err, errProtocol):
			r.refused, r.out = true, []byte(poisonProtocol)
		case errors.Is(err, errCompression):
			r.refused, r.out = true, []byte(poisonCompression)
		case err != nil:
			return 0, err
		}
	}
}

// part reads a part of n bytes. What came before an error is kept for the next time.
func (r *carrier) part(n int) ([]byte, error) {
	have := len(r.wait)
	r.wait = append(r.wait, make([]byte, n-have)...)
	k, err := io.ReadFull(r.in, r.wait[have:])
	if r.wait = r.wait[:have+k]; have+k < n {
		return nil, err
	}
	whole := r.wait
	if r.wait = r.wait[:0]; cap(r.wait) > frameLength {
		r.wait = nil
	}
	return whole, nil
}

// next takes the preface or a frame.
func (r *carrier) next() error {
	if !r.begun {
		p, err := r.part(len(http2.ClientPreface))
		if err == nil {
			r.begun, r.out = true, bytes.Clone(p)
		}
		return err
	}
	if !r.framed {
		head, err := r.part(frameHead)
		if err != nil {
			return err
		}
		if r.frame, err = http2.ReadFrameHeader(bytes.NewReader(head)); err != nil {
			return err
		}
		switch r.frame.Type {
		case http2.FrameHeaders, http2.FrameContinuation:
			if int(r.frame.Length)+len(r.block) > r.max {
				return errProtocol
			}
		default:
			if r.fields != 0 { // nothing may come in between (RFC 9113, section 4.3)
				return errProtocol
			}
			r.out, r.passing = bytes.Clone(head), int(r.frame.Length)
			return nil
		}
		r.framed = true
	}
	payload, err := r.part(int(r.frame.Length))
	if err != nil {
		return err
	}
	r.framed = false
	return r.headers(r.frame, payload)
}

// headers takes a frame of a header block.
func (r *carrier) headers(f http2.FrameHeader, payload []byte) error {
	if f.Type == http2.FrameHeaders {
		var ok bool
		if payload, ok = blockIn(f, payload); !ok || r.fields != 0 {
			return errProtocol
		}
		r.fields, r.end, r.block, r.frames = f.StreamID, f.Flags&http2.FlagHeadersEndStream, r.block[:0], 0
	}
	if r.frames++; r.frames > blockFrames || f.StreamID != r.fields || r.fields == 0 {
		return errProtocol
	}
	r.block = append(r.block, payload...)
	if f.Flags&http2.FlagHeadersEndHeaders == 0 {
		return nil
	}
	r.encoded.Reset()
	r.decoded = 0
	if _, err := r.decoder.Write(r.block); err != nil || r.decoder.Close() != nil || r.decoded > r.max {
		return errCompression
	}
	r.write()
	r.fields, r.block = 0, r.block[:0]
	return nil
}

// blockIn returns the part of a HEADERS frame that is of the header block (RFC 9113, section 6.2).
func blockIn(f http2.FrameHeader, p []byte) (block []byte, ok bool) {
	padding := 0
	if f.Flags&http2.FlagHeadersPadded != 0 {
		if len(p) == 0 {
			return nil, false
		}
		padding, p = int(p[0]), p[1:]
	}
	if f.Flags&http2.FlagHeadersPriority != 0 {
		if len(p) < 5 || binary.BigEndian.Uint32(p)&(1<<31-1) == f.StreamID { // it depends on itself
			return nil, false
		}
		p = p[5:]
	}
	if padding > len(p) || f.StreamID == 0 {
		return nil, false
	}
	return p[:len(p)-padding], true
}

// field encodes a field anew.
func (r *carrier) field(f hpack.HeaderField) {
	if r.decoded += len(f.Name) + len(f.Value) + 32; r.decoded > r.max { // the block is refused
		return
	}
	if f.Name == ":path" && f.Value != "" {
		f.Value = carry(f.Value)
	}
	r.encoder.WriteField(f) // to memory
}

// write puts the header block in frames.
func (r *carrier) write() {
	rest, kind, flags := r.encoded.Bytes(), http2.FrameHeaders, r.end
	for {
		piece := rest[:min(len(rest), frameLength)]
		if rest = rest[len(piece):]; len(rest) == 0 {
			flags |= http2.FlagHeadersEndHeaders
		}
		r.out = binary.BigEndian.AppendUint32(r.out, uint32(len(piece))<<8|uint32(kind))
		r.out = append(r.out, byte(flags))
		r.out = binary.BigEndian.AppendUint32(r.out, r.fields)
		r.out = append(r.out, piece...)
		if len(rest) == 0 {
			return
		}
		kind, flags = http2.FrameContinuation, 0
	}
}
