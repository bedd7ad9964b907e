package disk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Lock waits until no other process and no other caller has the lock of a file, which is made
// if it is not there, and takes it. The caller closes what it returns, and with it the lock
// ends; so it does when the process dies.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return f, nil
}
