package gateway

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"sluis/smtpd"
)

// listen opens the SMTP ports. They are the last to open: who gets through to one finds the
// console, the proxy and the status page there as well.
func (g *Gateway) listen() error {
	for _, l := range g.started.Mail.Listen {
		ln, err := listenTCP("mail.listen", l.Address)
		if err != nil {
			return err
		}
		g.listeners = append(g.listeners, smtpd.Listener{
			Listener: ln,
			TLS:      l.TLS == "implicit",
			Proxies:  l.ProxyProtocol,
		})
	}
	return nil
}

// listenTCP opens the port that a key of the configuration asks for.
func listenTCP(key, address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(key, address, err)
	}
	return ln, nil
}

// listenError says why a port cannot be opened, and what to do about it.
func listenError(key, address string, err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("%s: another program has %s: stop it, or choose another address", key, address)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: no right to %s: ports below 1024 need root or CAP_NET_BIND_SERVICE", key, address)
	default:
		return fmt.Errorf("%s: %w", key, err)
	}
}
