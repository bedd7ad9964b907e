package testenv

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// The ports that are given out lie below those that the kernel gives to programs that ask for
// any: none of them gets one by chance before it is listened on. Test processes that run side by
// side have blocks of their own, which they hold by a lock on a file until they end.
const (
	firstPort = 10_000
	blockSize = 100
	blocks    = 220
)

// ports gives out the ports of this process, each once.
var ports struct {
	mu   sync.Mutex
	next int
	end  int        // of the block; next == end: it is used up
	held []*os.File // keeps the locks
}

// FreeAddress returns an address of 127.0.0.1 on which no one listens, another one each time.
func FreeAddress() (string, error) {
	port, err := freePort()
	return loopback(port), err
}

func freePort() (int, error) {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for {
		if ports.next == ports.end {
			if err := takeBlock(); err != nil {
				return 0, err
			}
		}
		port := ports.next
		ports.next++
		ln, err := net.Listen("tcp", loopback(port))
		if err == nil {
			return port, ln.Close()
		}
	}
}

// takeBlock locks the first block that no other process has.
func takeBlock() error {
	dir := filepath.Join(os.TempDir(), "sluis-test-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range blocks {
		f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(i)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			ports.held = append(ports.held, f)
			ports.next = firstPort + i*blockSize
			ports.end = ports.next + blockSize
			return nil
		}
		f.Close()
	}
	return errors.New("no free port")
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }
