package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// pages fetches the page over and over, and keeps how often a second and how long it took.
func (s *webSystem) pages(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	begin := time.Now()
	for range pageBrowsers {
		wg.Go(func() {
			lat, err := s.browse(ctx, port)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, lat...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	took := time.Since(begin)
	if failed != nil {
		return failed
	}
	s.rates = append(s.rates, float64(len(all))/took.Seconds())
	s.lat = append(s.lat, all...)
	return nil
}

// browse fetches the page over one connection after another until time is up.
func (s *webSystem) browse(ctx context.Context, port string) (lat []time.Duration, err error) {
	target, address := "/page.html", net.JoinHostPort("127.0.0.1", port)
	if s.proxy != "" {
		target, address = "http://"+s.host+":"+port+target, s.proxy
	}
	request := fmt.Sprintf(
		"GET %s HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: bench\r\nAccept: text/html\r\n\r\n",
		target,
		s.host,
		port,
	)
	var c net.Conn
	var in *bufio.Reader
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for ctx.Err() == nil {
		if c == nil {
			if c, err = net.Dial("tcp", address); err != nil {
				return lat, err
			}
			in = bufio.NewReaderSize(c, 64<<10)
		}
		begin := time.Now()
		if _, err := io.WriteString(c, request); err != nil {
			return lat, err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return lat, err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != 200 || n < pageSize {
			return lat, fmt.Errorf(
				"status %d, %d bytes: %w",
				resp.StatusCode,
				n,
				errors.Join(err, errors.ErrUnsupported),
			)
		}
		lat = append(lat, time.Since(begin))
		if resp.Close {
			c.Close()
			c = nil
		}
	}
	return lat, nil
}

// connect opens a tunnel, or a connection where there is no proxy.
func (s *webSystem) connect(to string) (net.Conn, error) {
	if s.proxy == "" {
		return net.Dial("tcp", to)
	}
	c, err := net.Dial("tcp", s.proxy)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", to, to)
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 16), &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != 200 {
		c.Close()
		return nil, fmt.Errorf("no tunnel: %w", errors.Join(err, errors.ErrUnsupported))
	}
	return c, nil
}

// stream fetches much through one tunnel.
func (s *webSystem) stream(from string) error {
	c, err := s.connect(from)
	if err != nil {
		return err
	}
	defer c.Close()
	begin := time.Now()
	if _, err := io.WriteString(c, "send\n"); err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	var n int64
	for n < tunnelBytes {
		m, err := c.Read(buf)
		if err != nil {
			return fmt.Errorf("after %d bytes: %w", n, err)
		}
		n += int64(m)
	}
	s.tunnel = append(s.tunnel, float64(n)/time.Since(begin).Seconds())
	return nil
}

// startStream starts a server that sends bytes without end to a client that says send, and waits
// with one that says wait.
func startStream() (net.Listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				word := make([]byte, 4)
				if _, err := io.ReadFull(c, word); err != nil || string(word) != "send" {
					io.Copy(io.Discard, c)
					return
				}
				zeros := make([]byte, 256<<10)
				for {
					if _, err := c.Write(zeros); err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln, nil
}
