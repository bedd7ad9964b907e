package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// The work of benchLarge.
const (
	largeConnections = 500
	largeSize        = 25 << 20
)

// benchLarge has many clients send a large message each, all at once, through Sluis with
// every purpose on, and measures its memory.
func benchLarge(ctx context.Context, o options, res *Result) error {
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sink, err := newSink()
	if err != nil {
		return err
	}
	defer sink.Stop()
	g, err := startGateway(ctx, sink.Addr(), dir, "")
	if err != nil {
		return err
	}
	defer g.stop()
	body := largeBody()
	sink.expect(largeConnections)
	peak := memory(ctx, []int{g.cmd.Process.Pid})
	begun := time.Now()
	src := source{
		addr:        g.addr,
		connections: largeConnections,
		from:        "administratie@school.example",
		to:          "ouder@gezin.example",
		head:        func(n int) []byte { return fmt.Appendf(nil, "X-Token: %d\r\n", n) },
		message:     func(int) []byte { return body },
		patience:    time.Hour,
	}
	fmt.Fprintf(o.log, "%d connections send %d MB each\n", largeConnections, largeSize>>20)
	if err := src.send(ctx, largeConnections, nil); err != nil {
		return err
	}
	took := time.Since(begun).Seconds()
	if n, _ := sink.received(); n != largeConnections {
		return fmt.Errorf("%d of %d messages arrived", n, largeConnections)
	}
	res.add("sluis", "peak memory", float64(peak())/(1<<20), "MiB")
	res.add("sluis", "throughput", float64(largeConnections)*float64(len(body))/(1<<20)/took, "MiB/s")
	return nil
}

// largeBody is a message with a photograph, or so it seems: bytes that nothing is found
// in, and that do not compress.
func largeBody() []byte {
	var b strings.Builder
	b.WriteString(
		"From: administratie@school.example\r\nTo: ouder@gezin.example\r\nSubject: Foto\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHierbij de foto's van het schoolreisje.\r\n" +
			"--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	)
	r := rand.NewChaCha8([32]byte{1})
	line := make([]byte, 57)
	copy(line, "\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	for b.Len() < largeSize {
		b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
		r.Read(line)
	}
	b.WriteString("--b--\r\n")
	return []byte(b.String())
}
