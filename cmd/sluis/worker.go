package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"time"

	"sluis/filter/text/sandbox"
)

// workerCmd reads documents for the gateway, which starts it: see package sandbox.
type workerCmd struct{}

// Bounds of a process that reads documents, in bytes and time.
const (
	workerData   = 768 << 20
	workerMemory = 256 << 20 // at which the garbage collector works harder
	workerTime   = 20 * time.Second
)

// Run serves the gateway over standard input and output.
func (workerCmd) Run() error {
	if err := sandbox.Bound(workerData); err != nil {
		return err
	}
	debug.SetMemoryLimit(workerMemory)
	return sandbox.Serve(os.Stdin, os.Stdout)
}

// newExtractor returns the processes that read documents for this one.
func newExtractor() (*sandbox.Pool, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(program, "extract-worker")
		cmd.Env = []string{"GOTRACEBACK=none", "TMPDIR=" + os.TempDir()}
		return cmd
	}
	return sandbox.NewPool(command, runtime.NumCPU(), workerTime), nil
}
