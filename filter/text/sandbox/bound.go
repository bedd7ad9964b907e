package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of the files in memory that parts of a document wait in.
const (
	maxFiles = 64
	maxFile  = 256 << 20 // bytes
)

// Bound bounds what this process may take, before it serves: memory that can be written,
// in bytes (RLIMIT_DATA, Linux 4.7; of address space Go reserves more than a gigabyte at
// its start), open files and their size, and no file of its memory if it crashes. Beyond
// it the process ends. Processes are left to Confine: RLIMIT_NPROC counts the threads of
// all processes of the user, so that a busy gateway would leave this one no thread.
func Bound(memory uint64) error {
	for resource, limit := range map[int]uint64{unix.RLIMIT_DATA: memory, unix.RLIMIT_CORE: 0,
		unix.RLIMIT_NOFILE: maxFiles, unix.RLIMIT_FSIZE: maxFile} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("bound the process: %w", err)
		}
	}
	return nil
}

// endAtLimit ends the process when it has computed for as long as boundTime says: Go takes
// no notice of the signal by itself.
func endAtLimit() {
	reached := make(chan os.Signal, 1)
	signal.Notify(reached, unix.SIGXCPU)
	go func() {
		<-reached
		os.Exit(1)
	}()
}

// boundTime allows the process to compute for so long from now on, rounded up to seconds
// (RLIMIT_CPU), whatever becomes of its timers and of who asked. The hard limit stays, so
// that the next document can have its own time.
func boundTime(d time.Duration) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("bound the process: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return fmt.Errorf("bound the process: %w", err)
	}
	limit.Cur = min(limit.Max, uint64(time.Duration(used.Utime.Nano()+used.Stime.Nano())+d)/uint64(time.Second)+1)
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return fmt.Errorf("bound the process: %w", err)
	}
	return nil
}
