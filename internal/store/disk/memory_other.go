//go:build !linux

package disk

import "os"

// UnnamedInMemory returns a temporary file without a name: this system has none in memory. The caller closes it.
func UnnamedInMemory() (*os.File, error) { return Unnamed("") }
