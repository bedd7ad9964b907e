package sandbox

import (
	"fmt"
	"os"
	"slices"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// Lacking returns the guards that this kernel does not have, or does not grant.
func Lacking() []Guard {
	var lacking []Guard
	const version = 1 // LANDLOCK_CREATE_RULESET_VERSION: asks only
	if abi, _, err := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version); err != 0 || abi < 1 {
		lacking = append(lacking, Landlock)
	}
	if !seccomp.Supported() {
		lacking = append(lacking, Seccomp)
	}
	return lacking
}

// Confine takes from this process, for good, what reading documents does not take: files, network, other processes and
// new rights. It is the first to be ended where memory runs out, and leaves no trace of its memory. Guards that are
// Lacking are left out; one that fails is an error, after which the process must not serve.
func Confine() error {
	lacking := Lacking()
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("confine the process: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("confine the process: %w", err)
	}
	if !slices.Contains(lacking, Landlock) {
		if err := landlock.V11.BestEffort().Restrict(); err != nil {
			return fmt.Errorf("confine the process: %w", err)
		}
	}
	if !slices.Contains(lacking, Seccomp) {
		policy, err := calls()
		if err == nil {
			err = seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: policy})
		}
		if err != nil {
			return fmt.Errorf("confine the process: %w", err)
		}
	}
	return nil
}

// plainCalls are the system calls of the Go runtime, and of pipes and files that are open already. No other is
// allowed but those of calls: a newer runtime that tries one gets EPERM, and goes on as on an older kernel.
var plainCalls = []string{
	"read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "close", "fstat", "ftruncate", "fcntl",
	"memfd_create", "munmap", "madvise", "mincore", "mremap", "brk",
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "gettimeofday",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "ppoll", "poll",
	"getpid", "gettid", "getrandom", "getrusage", "getrlimit", "setrlimit", "times",
	"set_robust_list", "rseq", "exit", "exit_group", "timer_create", "timer_settime", "timer_delete",
}

// calls returns the system calls that are allowed: a thread but no process, memory but none that can be run, signals
// to this process alone.
func calls() (seccomp.Policy, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, err
	}
	names := slices.DeleteFunc(slices.Clone(plainCalls), func(name string) bool {
		_, known := info.SyscallNames[name]
		return !known // on this architecture
	})
	when := func(name string, argument uint32, op seccomp.Operation, value uint64) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: name,
			Conditions: seccomp.ArgumentConditions{{Argument: argument, Operation: op, Value: value}}}
	}
	// The flags of clone3 are in memory, where a filter does not see them: what is there makes do with clone then.
	absent := seccomp.SyscallGroup{
		Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS),
		Names:  []string{"clone3"},
	}
	return seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: []seccomp.SyscallGroup{absent, {
		Action: seccomp.ActionAllow,
		Names:  names,
		NamesWithCondtions: []seccomp.NameWithConditions{
			when("clone", 0, seccomp.BitsSet, unix.CLONE_THREAD),
			when("mmap", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
			when("mprotect", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
			when("tgkill", 0, seccomp.Equal, uint64(os.Getpid())),
			when("prlimit64", 0, seccomp.Equal, 0),
		},
	}}}, nil
}
