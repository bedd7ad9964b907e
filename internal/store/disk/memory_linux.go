package disk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// UnnamedInMemory returns a temporary file that is in memory, for a process that may open none. The caller closes it.
func UnnamedInMemory() (*os.File, error) {
	fd, err := unix.MemfdCreate("unnamed", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open temporary file: %w", err)
	}
	return os.NewFile(uintptr(fd), "unnamed"), nil
}
