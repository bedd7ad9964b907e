package sandbox

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluis/filter/text"
	"sluis/internal/testenv"
)

// getOut confines this process, unless it is to be free, tries what a document that took its reader over would try, and
// writes what it got.
func getOut(args []string) {
	key, address, victim := args[0], args[1], args[2]
	pid, _ := strconv.Atoi(victim) // of the test
	if os.Getenv(asFree) == "" {
		if err := Confine(); err != nil {
			fmt.Print(err)
			return
		}
	}
	var got []string
	try := func(what string, err error) {
		if err == nil {
			got = append(got, what)
		}
	}
	_, err := os.ReadFile(key)
	try("read a key", err)
	try("write a file", os.WriteFile(key+".new", nil, 0o600))
	_, err = os.Stat(key)
	try("see a file", err)
	_, err = os.ReadDir(filepath.Dir(key))
	try("list a directory", err)
	_, err = os.ReadFile("/proc/" + victim + "/environ")
	try("read another process", err)
	for _, network := range []string{"tcp", "udp"} {
		c, err := net.DialTimeout(network, address, time.Second)
		if err == nil {
			_, err = c.Write([]byte("geheim"))
		}
		try("connect by "+network, err)
	}
	_, err = net.Listen("tcp", "127.0.0.1:0")
	try("listen", err)
	try("run a program", exec.Command("/bin/true").Run())
	try("become a program", badExec())
	child, _, errno := syscall.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
	if errno == 0 && child == 0 {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	if errno == 0 {
		got = append(got, "fork")
	}
	try("signal another process", syscall.Kill(pid, 0))
	try("trace another process", unix.PtraceSeize(pid))
	_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	try("run what it writes", err)
	try("get back its memory's trace", unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	json.NewEncoder(os.Stdout).Encode(got)
}

// badExec tries to execute a file that is no program: an error of its format says that it was allowed to.
func badExec() error {
	if err := syscall.Exec("/etc/passwd", nil, nil); err != syscall.EACCES && err != syscall.ENOEXEC {
		return err
	}
	return nil
}

// needGuards skips the test where the kernel lacks a guard.
func needGuards(t *testing.T) {
	t.Helper()
	if lacking := Lacking(); len(lacking) > 0 {
		testenv.Lack(t, "this kernel lacks %v", lacking)
	}
}

// A document that takes its reader over gets no key, no network and no other process (C3.3g).
func TestAConfinedProcessGetsOutNowhere(t *testing.T) {
	needGuards(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	get := func(env ...string) (got []string) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], key, l.Addr().String(), strconv.Itoa(os.Getpid()))
		cmd.Env = append(env, asInmate+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || json.Unmarshal(out, &got) != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return got
	}
	if got := get(); len(got) > 0 {
		t.Errorf("it could %s", strings.Join(got, ", "))
	}
	free := get(asFree + "=1")
	for _, what := range []string{"read a key", "write a file", "connect by tcp", "listen", "run a program", "fork",
		"signal another process", "run what it writes"} {
		if !slices.Contains(free, what) {
			t.Errorf("a free process could not %s, so that the test proves nothing", what)
		}
	}
}

// A worker has no new rights, is confined by the kernel, and is the first to be ended.
func TestTheKernelConfinesAWorker(t *testing.T) {
	needGuards(t)
	cmd := worker()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	of := func(name string) string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, name))
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	testenv.Eventually(t, "the worker is confined", func() bool {
		status := of("status")
		return strings.Contains(status, "NoNewPrivs:\t1") && strings.Contains(status, "Seccomp:\t2")
	})
	if got := strings.TrimSpace(of("oom_score_adj")); got != "1000" {
		t.Errorf("oom_score_adj %s, want 1000", got)
	}
}

// Documents in documents that are too large to be kept as they are need no file.
func TestAConfinedWorkerReadsLargeParts(t *testing.T) {
	var inner, outer bytes.Buffer
	for _, z := range []struct {
		to      *bytes.Buffer
		name    string
		content func() []byte
	}{
		{&inner, "brief.pdf", func() []byte { return []byte(pdf + strings.Repeat("% vulling\n", 100_000)) }},
		{&outer, "lijst.7z.zip", inner.Bytes},
	} {
		w := zip.NewWriter(z.to)
		f, err := w.CreateHeader(&zip.FileHeader{Name: z.name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(z.content())
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var all strings.Builder
	r, err := newPool(t, worker, 1, time.Minute).Document(t.Context(), "a.zip", bytes.NewReader(outer.Bytes()),
		int64(outer.Len()), text.Limits{}, func(s text.Segment) error {
			all.Write(s.Text)
			return nil
		})
	if err != nil || len(r.Doubts) > 0 || !strings.Contains(all.String(), "het wachtwoord") {
		t.Errorf("error %v, report %+v", err, r)
	}
}
