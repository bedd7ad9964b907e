package proxy

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Redirected returns the destination of a connection that the kernel redirected here (nftables: redirect).
func Redirected(c net.Conn) (netip.AddrPort, error) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return netip.AddrPort{}, errors.New("only TCP connections have an original destination")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	six := tcp.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().Is6()
	var to netip.AddrPort
	var errno error
	err = raw.Control(func(fd uintptr) {
		if six {
			var info *unix.IPv6MTUInfo // begins with a sockaddr_in6, which is what the option gives
			if info, errno = unix.GetsockoptIPv6MTUInfo(int(fd), unix.IPPROTO_IPV6, ip6OriginalDst); errno == nil {
				to = netip.AddrPortFrom(netip.AddrFrom16(info.Addr.Addr), swap(info.Addr.Port))
			}
			return
		}
		var req *unix.IPv6Mreq // 16 bytes, as many as a sockaddr_in has
		if req, errno = unix.GetsockoptIPv6Mreq(int(fd), unix.IPPROTO_IP, originalDst); errno == nil {
			b := req.Multiaddr
			to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4]))
		}
	})
	return to, errors.Join(err, errno)
}

// The options SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of netfilter.
const (
	originalDst    = 80
	ip6OriginalDst = 80
)

// swap returns a port that is in network order.
func swap(p uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], p)
	return binary.BigEndian.Uint16(b[:])
}

// Intercepted returns the destination of a connection that the kernel gave to a transparent socket (nftables: tproxy):
// it is the local address of the connection.
func Intercepted(c net.Conn) (netip.AddrPort, error) {
	tcp, ok := c.LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, errors.New("only TCP connections have an original destination")
	}
	return tcp.AddrPort(), nil
}

// ListenTransparent listens for connections to addresses of other machines (IP_TRANSPARENT). It needs CAP_NET_ADMIN.
func ListenTransparent(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(network, _ string, c syscall.RawConn) error {
		var errno error
		err := c.Control(func(fd uintptr) {
			errno = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_TRANSPARENT, 1)
			if errno == nil && network == "tcp6" {
				errno = unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1)
			}
		})
		return errors.Join(err, errno)
	}}
	return lc.Listen(ctx, "tcp", address)
}
