package testenv

import "syscall"

// attributes make a process the leader of its group, as Postfix's master has to be, and
// end it if the program that started it dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
