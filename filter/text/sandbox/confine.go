package sandbox

// Guard is a means by which the kernel confines a process.
type Guard string

// The guards.
const (
	Landlock Guard = "landlock" // no files, no network, no signals to others (Linux 5.13; network from 6.7)
	Seccomp  Guard = "seccomp"  // only the system calls that reading documents takes
)
