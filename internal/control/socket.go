package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// mode lets the owner of the socket and its group use it, and nobody else.
const mode = 0o660

// longest is the length of a path that the kernel takes for a socket, in bytes (unix(7)).
const longest = 107

// ErrPath is returned for a path that no socket can have.
var ErrPath = errors.New("the path of the socket is longer than 107 bytes: name a shorter one (control: socket)")

// Listen opens the socket, in place of one that a gateway left which does not run any more. The caller
// holds the data directory, so that no other gateway has it.
func Listen(path string) (net.Listener, error) {
	if len(path) > longest {
		return nil, ErrPath
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("control socket: %s is there, and is no socket", path)
	}
	if err == nil {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}

type peerKey struct{}

// WithPeer remembers the user on the other side of a connection; it is for http.Server.ConnContext.
func WithPeer(ctx context.Context, c net.Conn) context.Context {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || failed != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, cred.Uid)
}

// Peer returns the name of the user of the system on the other side, as the kernel has it.
func Peer(ctx context.Context) (string, error) {
	uid, ok := ctx.Value(peerKey{}).(uint32)
	if !ok {
		return "", errors.New("control socket: the kernel does not say who is on the other side")
	}
	return UserName(int(uid)), nil
}
