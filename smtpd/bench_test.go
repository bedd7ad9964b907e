package smtpd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// BenchmarkSession sends messages of 18 KB over 20 connections to an in-process sink:
// the relay's own cost, without an engine.
func BenchmarkSession(b *testing.B) {
	s := newSink(b)
	s.Detail = testenv.Counts
	s.Start()
	st := play(b, s)
	msg := "Subject: x\r\n\r\n" + strings.Repeat("All work and no play makes a dull line of text.\r\n", 370)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var wg sync.WaitGroup
	for range 20 {
		c := st.client()
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				c.write("MAIL FROM:<a@school.example>\r\nRCPT TO:<b@elsewhere.example>\r\nDATA\r\n")
				c.want("250")
				c.want("250")
				c.want("354")
				c.write(msg + ".\r\n")
				c.want("250")
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkStraight is the same without a relay: the limit.
func BenchmarkStraight(b *testing.B) {
	s := newSink(b)
	s.Detail = testenv.Counts
	s.Start()
	msg := "Subject: x\r\n\r\n" + strings.Repeat("All work and no play makes a dull line of text.\r\n", 370)
	b.SetBytes(int64(len(msg)))
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var wg sync.WaitGroup
	for range 20 {
		c := dial(b, s.Addr())
		c.want("220")
		c.cmd("EHLO x", "250")
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				c.write("MAIL FROM:<a@school.example>\r\nRCPT TO:<b@elsewhere.example>\r\nDATA\r\n")
				c.want("250")
				c.want("250")
				c.want("354")
				c.write(msg + ".\r\n")
				c.want("250")
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkBody is one connection with large messages: the cost of a byte.
func BenchmarkBody(b *testing.B) {
	s := newSink(b)
	s.Detail = testenv.Counts
	s.Start()
	st := play(b, s)
	msg := strings.Repeat("All work and no play makes a dull line of text, and makes it long enough.\r\n", 100_000)
	b.SetBytes(int64(len(msg)))
	c := st.client()
	for b.Loop() {
		c.envelope("a@school.example", "b@elsewhere.example")
		c.cmd("DATA", "354")
		c.conn.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(c.conn, msg+".\r\n"); err != nil {
			b.Fatal(err)
		}
		c.want("250")
	}
}

// TestFiveHundredLargeMessagesFitInMemory has 500 clients send at once, each in the
// middle of its message while the others are. The bound holds for relay, clients and sink
// together. SLUIS_LARGE_MB makes the messages larger than the 1 MB that is enough to
// see whether memory grows with them.
func TestFiveHundredLargeMessagesFitInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 500 MB of disk")
	}
	mb := 1
	if v, err := strconv.Atoi(os.Getenv("SLUIS_LARGE_MB")); err == nil {
		mb = v
	}
	const clients = 500
	s := newSink(t)
	s.Detail = testenv.Counts
	s.Start()
	st := play(t, s, func(c *Config, _ *stage) {
		r := &c.Routes[0]
		c.Limits.Idle, r.Dial, r.Command, r.Body = 10*time.Minute, 10*time.Minute, 10*time.Minute, 10*time.Minute
	})
	line := []byte(strings.Repeat("x", 1022) + "\r\n")
	var half, all sync.WaitGroup
	half.Add(clients)
	errs := make(chan error, clients)
	for range clients {
		all.Go(func() {
			reached := sync.OnceFunc(half.Done)
			defer reached()
			errs <- func() error {
				c, err := net.Dial("tcp", st.addr)
				if err != nil {
					return err
				}
				defer c.Close()
				br := bufio.NewReaderSize(c, 512)
				io.WriteString(c, "EHLO x\r\nMAIL FROM:<a@school.example>\r\nRCPT TO:<b@elsewhere.example>\r\nDATA\r\n")
				for i := range mb * 1024 {
					if i == mb*512 {
						reached()
						half.Wait()
					}
					if _, err := c.Write(line); err != nil {
						return err
					}
				}
				io.WriteString(c, ".\r\nQUIT\r\n")
				got, err := io.ReadAll(br)
				if err == nil && !strings.Contains(string(got), "sink has it") {
					err = fmt.Errorf("answers: %s", got)
				}
				return err
			}()
		})
	}
	var peak, resident uint64
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(50 * time.Millisecond):
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse+m.StackInuse)
		resident = max(resident, rss())
	}
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Arrivals()[""].Times; n != clients {
		t.Errorf("%d messages arrived, want %d", n, clients)
	}
	t.Logf("peak %d MB in use, %d MB resident, relay, clients and sink together", peak>>20, resident>>20)
	if peak > 200<<20 {
		t.Error("more than 200 MB")
	}
}

// rss returns the resident memory of the process, or 0 without /proc.
func rss() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseUint(f[1], 10, 64)
	return n * uint64(os.Getpagesize())
}
