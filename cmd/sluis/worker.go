package main

import (
	"os"
	"runtime/debug"
	"time"

	"sluis/cmd/sluis/internal/gateway"
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
	if err := sandbox.Confine(); err != nil {
		return err
	}
	return sandbox.Serve(os.Stdin, os.Stdout)
}

// webWorkerCmd is the proxy, for the gateway, which starts it: see package webcalls.
type webWorkerCmd struct{}

// Run serves until the gateway ends.
func (webWorkerCmd) Run() error {
	noCoreDump()
	return gateway.ServeWeb(newLog)
}
