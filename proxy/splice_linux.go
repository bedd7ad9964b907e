package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelPump lets the kernel copy between two sockets (splice(2), by way of io.Copy). It
// has a pipe only while there is something to copy: silent tunnels cost none.
type kernelPump struct {
	dst, src *net.TCPConn
	raw      syscall.RawConn
	peek     func(fd uintptr) bool
	err      error
}

func (k *kernelPump) init(dst, src net.Conn) bool {
	var ok bool
	if k.dst, ok = dst.(*net.TCPConn); !ok {
		return false
	}
	if k.src, ok = src.(*net.TCPConn); !ok {
		return false
	}
	raw, err := k.src.SyscallConn()
	if err != nil {
		return false
	}
	k.raw = raw
	k.peek = func(fd uintptr) bool {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return false
		case err != nil:
			k.err = err
		case n == 0:
			k.err = io.EOF
		}
		return true
	}
	return true
}

// burst is how long a copy goes on before it is reported to the watch for silence.
const burst = time.Second

func (k *kernelPump) step() (int64, error) {
	k.err = nil
	if err := k.raw.Read(k.peek); err != nil {
		return 0, err
	}
	if k.err != nil {
		return 0, k.err
	}
	k.src.SetReadDeadline(time.Now().Add(burst))
	n, err := io.CopyN(k.dst, k.src, 1<<40)
	if n > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil // the burst is over; if the other side does not take it, the next step fails
	}
	return n, err
}
