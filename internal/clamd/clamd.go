// Package clamd asks a ClamAV daemon whether something is malware (C3.3a, C2.9a).
//
// It speaks the daemon's INSTREAM command over a local socket or TCP: the content goes to
// the daemon and nowhere else, in pieces of bounded size, and nothing of it comes back but
// the name of a signature.
package clamd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// ErrTooLarge is returned for content that the daemon does not take: its StreamMaxLength.
var ErrTooLarge = errors.New("clamd does not take content of this size: raise its StreamMaxLength")

// Daemon is a clamd at an address.
type Daemon struct{ network, address string }

// New returns the daemon at a path, such as /run/clamav/clamd.ctl, or at host:port.
func New(address string) *Daemon {
	if strings.HasPrefix(address, "/") {
		return &Daemon{"unix", address}
	}
	return &Daemon{"tcp", address}
}

const chunk = 64 << 10

// Scan returns the name of the signature that matches, empty if none does.
func (d *Daemon) Scan(ctx context.Context, content io.Reader) (signature string, err error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, d.network, d.address)
	if err != nil {
		return "", fmt.Errorf("reach clamd: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	sent := send(conn, content)
	// A daemon that has heard enough answers and closes: its answer says more than that
	// it could not be written to.
	reply, err := io.ReadAll(io.LimitReader(conn, 1024))
	signature, understood := parse(strings.TrimRight(string(reply), "\x00\n"))
	switch {
	case understood == nil && sent == nil:
		return signature, nil
	case errors.Is(understood, ErrTooLarge):
		return "", understood
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask clamd: %w", ctx.Err())
	case sent != nil:
		return "", fmt.Errorf("ask clamd: %w", sent)
	case err != nil:
		return "", fmt.Errorf("ask clamd: %w", err)
	}
	return "", understood
}

func send(conn net.Conn, content io.Reader) error {
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return err
	}
	buf := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(content, buf[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n))
			if _, err := conn.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read content: %w", err)
		}
	}
	_, err := conn.Write([]byte{0, 0, 0, 0})
	return err
}

// parse reads a reply, such as "stream: Eicar-Test-Signature FOUND".
func parse(reply string) (signature string, err error) {
	text, ok := strings.CutPrefix(reply, "stream: ")
	name, found := strings.CutSuffix(text, " FOUND")
	switch {
	case ok && text == "OK":
		return "", nil
	case ok && found && name != "":
		return name, nil
	case strings.HasPrefix(reply, "INSTREAM size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", errors.New("clamd answered something else than a verdict")
}
