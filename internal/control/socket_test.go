package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheSocketIsItsOwnersAndGroups: nobody else can use it; one that a gateway left is replaced, and a file that is
// no socket is left alone.
func TestTheSocketIsItsOwnersAndGroups(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	for range 2 {
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false) // as a gateway that was killed
		defer l.Close()
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("got mode %v, %v, want 0660", info.Mode(), err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(file); err == nil {
		l.Close()
		t.Error("a file was taken for a socket")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "x" {
		t.Errorf("the file is %q, %v", b, err)
	}
	if _, err := Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120))); !errors.Is(err, ErrPath) {
		t.Errorf("a path that is too long: %v", err)
	}
}

// TestACommandSaysWhatIsWrong: without a gateway, and without one behind the socket.
func TestACommandSaysWhatIsWrong(t *testing.T) {
	none := filepath.Join(t.TempDir(), "control.sock")
	left, err := Listen(filepath.Join(t.TempDir(), "left.sock"))
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	for _, path := range []string{none, left.Addr().String()} {
		if err := NewClient(path, "").Do(t.Context(), "/sign-in", SignIn{}, nil); !errors.Is(err, ErrNotRunning) {
			t.Errorf("got %v, want that no gateway runs", err)
		}
	}
}
