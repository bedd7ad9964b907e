package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// chdb is the engine of a ClickHouse server of today as a library: 566 MB.
const chdb = "@chdb/lib-linux-x64-gnu@26.7.3-stable.1"

// Chdb is a running server with the engine of a ClickHouse server of today, which speaks
// ClickHouse's HTTP interface, one request at a time.
type Chdb struct {
	dir, program, library string
	port                  int
	proc                  *process
}

// NeedChdb skips the test, or fails it in CI, where the engine cannot be had: it is for
// linux/amd64, and comes by npm.
func NeedChdb(tb TB) {
	tb.Helper()
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		Lack(tb, "libchdb is for linux/amd64")
		return
	}
	Need(tb, "npm", "go")
}

// StartChdb fetches the engine, if it was not fetched before, and starts a server with its
// data in dir.
func StartChdb(ctx context.Context, dir string) (*Chdb, error) {
	pkg, err := NPM(ctx, chdb)
	if err != nil {
		return nil, err
	}
	c := &Chdb{dir: dir, program: filepath.Join(dir, "chdbserver"), library: filepath.Join(pkg, "libchdb.so")}
	build := exec.CommandContext(ctx, "go", "build", "-o", c.program, "sluis/internal/testenv/chdbserver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := failed(build); err != nil {
		return nil, err
	}
	if c.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("chdbserver: %w", err)
	}
	return c, c.Start(ctx)
}

// Addr returns where it listens.
func (c *Chdb) Addr() string { return loopback(c.port) }

// Start starts it, again perhaps, with what it has.
func (c *Chdb) Start(ctx context.Context) (err error) {
	log := filepath.Join(c.dir, "log")
	if c.proc, err = start(log, nil, c.program, c.library, filepath.Join(c.dir, "data"), c.Addr()); err != nil {
		return err
	}
	if err := c.proc.ready(ctx, "tcp", c.Addr()); err != nil {
		c.Kill()
		text, _ := os.ReadFile(log)
		return fmt.Errorf("chdbserver: %w\n%.2000s", err, text)
	}
	return nil
}

// Kill ends it at once.
func (c *Chdb) Kill() { c.proc.kill() }

// Stop ends it.
func (c *Chdb) Stop() { c.proc.stop() }
