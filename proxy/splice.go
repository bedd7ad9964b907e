package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"sluis/proxy/clienthello"
)

// splice is the part of a tunnel in which both sides speak.
type splice struct {
	last     atomic.Int64 // when bytes last went either way, in nanoseconds since 1970
	running  atomic.Int32 // directions that are open
	hurrying atomic.Bool
}

// copyBoth starts both directions and returns. The last to end finishes the tunnel.
func (t *tunnel) copyBoth() {
	clientEnd, siteEnd := t.ends()
	t.conn.SetDeadline(time.Time{})
	t.upstream.SetDeadline(time.Time{})
	t.last.Store(time.Now().UnixNano())
	t.running.Store(2)
	t.proxy.metrics.tunnels.Inc()
	if t.client != nil {
		t.client.tunnel.Store(t)
		if t.proxy.door.Draining() {
			t.hurry()
		}
	}
	go t.copy(siteEnd, clientEnd)
	go t.copy(clientEnd, siteEnd)
}

// ends returns the two connections. A connection with nothing of the gateway in between is returned as the kernel knows
// it, which then does the copying.
func (t *tunnel) ends() (clientEnd, siteEnd net.Conn) {
	conn := t.conn
	for {
		replayed, ok := conn.(*clienthello.Replayed)
		if !ok || !replayed.Done() {
			break
		}
		conn = replayed.Conn
	}
	if c, ok := conn.(*client); ok {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			conn = tcp
		}
	}
	return conn, t.upstream
}

// copy copies one direction until its end, and passes the end on: the other direction may
// go on (half-close).
func (t *tunnel) copy(dst, src net.Conn) {
	err := t.copyUntilSilent(dst, src)
	half, ok := dst.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		t.close()
	}
	if t.running.Add(-1) == 0 {
		t.proxy.metrics.tunnels.Dec()
		t.finish()
	}
}

var errSilent = errors.New("the tunnel was silent for too long")

func (t *tunnel) copyUntilSilent(dst, src net.Conn) error {
	p := newPump(dst, src)
	for {
		idle := t.patience()
		src.SetReadDeadline(time.Now().Add(idle))
		dst.SetWriteDeadline(time.Now().Add(t.generation.Limits.Idle))
		n, err := p.step()
		if n > 0 {
			t.flow.bytes.Add(n)
			t.last.Store(time.Now().UnixNano())
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case n == 0 && errors.Is(err, os.ErrDeadlineExceeded):
			if time.Since(time.Unix(0, t.last.Load())) >= t.patience() { // in the other direction too
				return errSilent
			}
		default:
			return err
		}
	}
}

func (t *tunnel) patience() time.Duration {
	if t.hurrying.Load() {
		return hurryTime
	}
	return t.generation.Limits.Tunnel
}

// hurry ends the tunnel once it is silent for a moment.
func (t *tunnel) hurry() {
	t.hurrying.Store(true)
	soon := time.Now().Add(hurryTime)
	t.conn.SetReadDeadline(soon)
	t.upstream.SetReadDeadline(soon)
}

// pumpBuffer is the buffer of a direction that the kernel cannot copy.
const pumpBuffer = 8 << 10

// pump copies one direction of a tunnel.
type pump struct {
	dst, src net.Conn
	buf      []byte
	kernel   kernelPump
}

func newPump(dst, src net.Conn) *pump {
	p := &pump{dst: dst, src: src}
	if !p.kernel.init(dst, src) {
		p.buf = make([]byte, pumpBuffer)
	}
	return p
}

// step waits for bytes, and copies them. The error is io.EOF at the end.
func (p *pump) step() (int64, error) {
	if p.buf == nil {
		return p.kernel.step()
	}
	n, err := p.src.Read(p.buf)
	if n > 0 {
		if _, werr := p.dst.Write(p.buf[:n]); werr != nil {
			return int64(n), werr
		}
	}
	return int64(n), err
}
