//go:build !linux

package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

var errLinux = errors.New("connections can be intercepted on Linux only")

// Redirected is of Linux alone.
func Redirected(net.Conn) (netip.AddrPort, error) { return netip.AddrPort{}, errLinux }

// Intercepted is of Linux alone.
func Intercepted(net.Conn) (netip.AddrPort, error) { return netip.AddrPort{}, errLinux }

// ListenTransparent is of Linux alone.
func ListenTransparent(context.Context, string) (net.Listener, error) { return nil, errLinux }
