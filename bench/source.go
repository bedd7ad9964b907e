package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// source sends mail as fast as it is taken: one message a connection, as mail servers
// that do not know one another do, over a number of connections at a time.
type source struct {
	addr        string
	connections int
	from, to    string
	head        func(n int) []byte // before the message; may be nil
	message     func(n int) []byte // the nth message, dot-stuffed, without the final dot
	patience    time.Duration      // for one message; 0: two minutes
}

// send sends messages 0 to count-1 and returns when each was accepted. The first
// refusal ends it: every system compared has to take the whole set.
func (s source) send(ctx context.Context, count int, started func(n int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range s.connections {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= count {
					return
				}
				if started != nil {
					started(n)
				}
				if err := s.one(ctx, n); err != nil {
					cancel(fmt.Errorf("message %d: %w", n, err))
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// one speaks SMTP by hand, so that the source costs as little as possible of what the
// systems share with it.
func (s source) one(ctx context.Context, n int) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	patience := s.patience
	if patience == 0 {
		patience = 2 * time.Minute
	}
	conn.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReaderSize(conn, 1024)
	say := func(want byte, line string) error {
		if line != "" {
			if _, err := io.WriteString(conn, line); err != nil {
				return err
			}
		}
		for {
			reply, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if len(reply) < 4 || reply[0] != want {
				return fmt.Errorf("reply %q", strings.TrimSpace(reply))
			}
			if reply[3] == ' ' {
				return nil
			}
		}
	}
	for _, step := range []struct {
		want byte
		line string
	}{
		{'2', ""}, {'2', "EHLO source.example\r\n"},
		{'2', "MAIL FROM:<" + s.from + ">\r\n"}, {'2', "RCPT TO:<" + s.to + ">\r\n"}, {'3', "DATA\r\n"},
	} {
		if err := say(step.want, step.line); err != nil {
			return err
		}
	}
	if s.head != nil {
		if _, err := conn.Write(s.head(n)); err != nil {
			return err
		}
	}
	if _, err := conn.Write(s.message(n)); err != nil {
		return err
	}
	if err := say('2', ".\r\n"); err != nil {
		return err
	}
	return say('2', "QUIT\r\n")
}
