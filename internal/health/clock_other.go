//go:build !linux

package health

func synchronised() (kept, known bool) { return false, false }
