//go:build !linux

package peers

import "syscall"

func attributes() *syscall.SysProcAttr { return nil }
