//go:build !linux

package sandbox

// Lacking returns all guards: this system has none of them.
func Lacking() []Guard { return []Guard{Landlock, Seccomp} }

// Confine does nothing on this system.
func Confine() error { return nil }
