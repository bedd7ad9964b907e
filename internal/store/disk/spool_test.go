package disk

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"sluis/internal/testenv"
)

func TestFilesHaveNoName(t *testing.T) {
	dir := t.TempDir()
	sp := NewSpool(dir)
	defer sp.Close()
	want := strings.Repeat("0123456789", 20_000)
	for i := 0; i < len(want); i += 1000 {
		if _, err := sp.Write([]byte(want[i : i+1000])); err != nil {
			t.Fatal(err)
		}
	}
	if es, err := os.ReadDir(dir); err != nil || len(es) != 0 {
		t.Errorf("%d files, %v", len(es), err)
	}
	if fi, err := sp.file.Stat(); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if got, err := io.ReadAll(sp.Reader()); err != nil || string(got) != want {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestFullDisk(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		testenv.Lack(t, "there is no /dev/full here: %v", err)
	}
	defer f.Close()
	sp := NewSpool("")
	sp.file = f
	if _, err = sp.Write([]byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
}
