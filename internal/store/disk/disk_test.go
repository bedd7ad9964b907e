package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluis/internal/testenv"
)

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone fails the test if there is more in a directory than the files named.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(names) {
		t.Errorf("%d files in the directory, want %d; %v", len(files), len(names), err)
	}
}

func TestCreateMakesAFileOnceForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deep")
	path := filepath.Join(dir, "key")
	if err := Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("second")); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	if got := content(t, path); got != "first" {
		t.Errorf("holds %q", got)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700, filepath.Dir(dir): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	alone(t, dir, "key")
}

func TestOneOfManyCreates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d", "key")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var winner string
	for i := range 16 {
		wg.Go(func() {
			mine := strings.Repeat(string(rune('a'+i)), 100)
			err := Create(path, []byte(mine))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && winner == "":
				winner = mine
			case !errors.Is(err, os.ErrExist):
				t.Errorf("a second winner, or %v", err)
			}
			if got, err := os.ReadFile(path); err != nil || len(got) != 100 {
				t.Errorf("the file is not whole: %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if got := content(t, path); got != winner {
		t.Error("the file is not the winner's")
	}
	alone(t, filepath.Dir(path), "key")
}

func TestReplaceAndReadOrCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	fresh := func() []byte { return []byte("fresh") }
	for range 2 {
		if b, err := ReadOrCreate(path, fresh); err != nil || string(b) != "fresh" {
			t.Fatalf("%q, %v", b, err)
		}
		fresh = func() []byte { t.Error("made a second time"); return nil }
	}
	if err := Replace(path, []byte("second")); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadOrCreate(path, fresh); err != nil || string(b) != "second" {
		t.Errorf("%q, %v", b, err)
	}
	alone(t, dir, "f")
	if err := Replace(filepath.Join(dir, "none", "f"), nil); err == nil {
		t.Error("replaced in a directory that is not there")
	}
	if _, err := ReadOrCreate(dir, fresh); err == nil {
		t.Error("read a directory")
	}
}

func TestALinkToNowhereIsAnErrorAndNoLoop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.Symlink("nowhere", path); err != nil {
		testenv.Lack(t, "links cannot be made here: %v", err)
	}
	if _, err := ReadOrCreate(path, func() []byte { return nil }); err == nil {
		t.Error("no error")
	}
}

func TestRemoveAndDestroy(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	for name, remove := range map[string]func(string) error{"remove": Remove, "destroy": Destroy} {
		if err := Replace(path, []byte("secret")); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(path, link); err != nil {
			testenv.Lack(t, "links cannot be made here: %v", err)
		}
		for range 2 { // that it is not there is no error
			if err := remove(path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := remove(filepath.Join(dir, "none", "f")); err != nil {
			t.Errorf("%s where there is no directory: %v", name, err)
		}
		if got := content(t, link); (got == "secret") != (name == "remove") || len(got) != 6 {
			t.Errorf("after %s the disk holds %q", name, got)
		}
		os.Remove(link)
		alone(t, dir)
	}
}

// child tells whether this is the process that the test started to break things in.
func child() string { return os.Getenv("SLUIS_TEST_CHILD") }

func startChild(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SLUIS_TEST_CHILD="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

var versions = []string{"", strings.Repeat("a", 10), strings.Repeat("b", 100_000), strings.Repeat("c", 5000)}

func TestAFileIsWholeWhenTheProcessIsKilled(t *testing.T) {
	if dir := child(); dir != "" {
		for i := 0; ; i++ {
			if err := Replace(filepath.Join(dir, "f"), []byte(versions[i%len(versions)])); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for range 25 {
		os.Remove(path)
		cmd := startChild(t, dir)
		testenv.Eventually(t, "the first version is written", func() bool {
			_, err := os.Stat(path)
			return err == nil
		})
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
		whole := false
		for _, v := range versions {
			whole = whole || content(t, path) == v
		}
		if !whole {
			t.Fatal("the file is neither old nor new")
		}
	}
}

func TestAFullDiskLeavesWhatWasThere(t *testing.T) {
	if dir := child(); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := func(size uint64) {
			if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}); err != nil {
				testenv.Lack(t, "this system does not limit the size of files")
			}
		}
		limit(10)
		defer limit(unix.RLIM_INFINITY)
		new := bytes.Repeat([]byte("new"), 100)
		if Replace(filepath.Join(dir, "f"), new) == nil || Create(filepath.Join(dir, "g"), new) == nil {
			t.Fatal("no error")
		}
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Replace(path, []byte(strings.Repeat("old", 10))); err != nil {
		t.Fatal(err)
	}
	if err := startChild(t, dir).Wait(); err != nil {
		t.Error(err)
	}
	if got := content(t, path); got != strings.Repeat("old", 10) {
		t.Errorf("holds %q", got)
	}
	alone(t, dir, "f")
}
