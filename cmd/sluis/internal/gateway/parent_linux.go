package gateway

import "syscall"

// endWithParent has the kernel end a process when the one that started it has ended, however.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
