package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Signatures asks the daemon when its signatures were made: zero if it does not say. An
// error is that it does not answer.
func (d *Daemon) Signatures(ctx context.Context) (time.Time, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, d.network, d.address)
	if err != nil {
		return time.Time{}, fmt.Errorf("reach clamd: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.WriteString(conn, "zVERSION\x00"); err != nil {
		return time.Time{}, fmt.Errorf("ask clamd: %w", err)
	}
	reply, err := io.ReadAll(io.LimitReader(conn, 1024))
	if err != nil {
		return time.Time{}, fmt.Errorf("ask clamd: %w", err)
	}
	// Such as "ClamAV 1.4.2/27456/Mon Nov 23 09:25:13 2026"; without the last two if it has
	// only signatures of its own.
	text := strings.TrimRight(string(reply), "\x00\n")
	if !strings.HasPrefix(text, "ClamAV ") {
		return time.Time{}, errors.New("clamd answered something else than its version")
	}
	parts := strings.SplitN(text, "/", 3)
	if len(parts) < 3 {
		return time.Time{}, nil
	}
	made, err := time.ParseInLocation(time.ANSIC, parts[2], time.Local)
	if err != nil {
		return time.Time{}, nil
	}
	return made, nil
}
