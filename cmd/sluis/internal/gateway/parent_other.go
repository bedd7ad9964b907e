//go:build !linux

package gateway

import "syscall"

// endWithParent asks nothing of the kernel: the process ends when its sockets do.
func endWithParent() *syscall.SysProcAttr { return nil }
