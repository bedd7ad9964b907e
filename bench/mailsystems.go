package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sluis/internal/testenv"
)

// startLimit is the bare limit: nothing between the source and the sink.
func startLimit(_ context.Context, to *sink, _ string) (*mailSystem, error) {
	return &mailSystem{name: "limit", addr: to.Addr(), stop: func() {}}, nil
}

func startPostfix(ctx context.Context, to *sink, dir string) (*mailSystem, error) {
	p, err := testenv.StartPostfix(ctx, dir, testenv.PostfixOptions{Relayhost: to.Addr()})
	if err != nil {
		return nil, err
	}
	return &mailSystem{name: "postfix", addr: p.Addr(), pids: []int{p.PID()}, stop: p.Stop}, nil
}

func startPostfixRspamd(ctx context.Context, to *sink, dir string) (*mailSystem, error) {
	r, err := testenv.StartRspamd(ctx, filepath.Join(dir, "rspamd"))
	if err != nil {
		return nil, err
	}
	p, err := testenv.StartPostfix(ctx, filepath.Join(dir, "postfix"), testenv.PostfixOptions{
		Relayhost: to.Addr(), Main: map[string]string{"smtpd_milters": r.Milter(), "milter_default_action": "tempfail"},
	})
	if err != nil {
		r.Stop()
		return nil, err
	}
	return &mailSystem{
		name: "postfix_rspamd",
		addr: p.Addr(),
		pids: []int{p.PID(), r.PID()},
		stop: func() { p.Stop(); r.Stop() },
	}, nil
}

// startSluis builds and starts the gateway as it is delivered: a process of its own with
// every purpose on and every message drawn in the sample.
func startSluis(set corpus) func(context.Context, *sink, string) (*mailSystem, error) {
	return func(ctx context.Context, to *sink, dir string) (*mailSystem, error) {
		g, err := startGateway(ctx, to.Addr(), dir, "")
		if err != nil {
			return nil, err
		}
		return &mailSystem{name: "sluis", addr: g.addr, pids: []int{g.cmd.Process.Pid}, holds: set.leaks, stop: g.stop}, nil
	}
}

// gateway is a running sluis serve.
type gateway struct {
	addr string
	cmd  *exec.Cmd
}

// startGateway starts one with more sections of configuration than those for mail.
func startGateway(ctx context.Context, nextHop, dir, more string) (*gateway, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "sluis")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "sluis/cmd/sluis")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	addr, err := testenv.FreeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "sluis.yaml")
	text := fmt.Appendf(nil, gatewayConfig, filepath.Join(dir, "data"), addr, nextHop)
	if err := os.WriteFile(config, append(text, more...), 0o600); err != nil {
		return nil, err
	}
	g := &gateway{addr: addr, cmd: exec.Command(program, "serve", "--config", config)}
	g.cmd.Stderr = os.Stderr
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return g, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	g.stop()
	return nil, errors.New("sluis takes no mail after 10 s")
}

// stop ends the gateway at once: nothing of it is kept.
func (g *gateway) stop() {
	g.cmd.Process.Kill()
	g.cmd.Wait()
}

const gatewayConfig = `organisation: {name: School, domains: [school.example]}
data: %q
log: {level: error}
mail:
  hostname: sluis.school.example
  listen: [{address: %q}]
  trusted: [127.0.0.1/32]
  routes: [{to: ["*"], hosts: [%q], tls: none}]
policy: {sample-rate: 1, sample-reason: a measurement}
console: {listen: none}
`
