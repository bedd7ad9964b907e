package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnUnnamedFileLeavesNothingInItsDirectory(t *testing.T) {
	dir := t.TempDir()
	f, size, err := Copy(dir, strings.NewReader("secret"))
	if err != nil || size != 6 {
		t.Fatalf("Copy: %d bytes, %v, want 6", size, err)
	}
	defer f.Close()
	alone(t, dir)
	b := make([]byte, 6)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != "secret" {
		t.Errorf("the file has %q, %v, want %q", b, err, "secret")
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestAnErrorOfAnUnnamedFileHasNoName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jansen")
	_, err := Unnamed(dir)
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "jansen") {
		t.Errorf("error %v, want that it is not there, without a name", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}
