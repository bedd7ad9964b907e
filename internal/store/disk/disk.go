// Package disk makes changes to files that survive a power cut (fsync of file and directory,
// rename), takes locks, and holds what is inspected in files without a name.
//
// When Create, Replace, Remove or Destroy returns nil, what it did is on disk; when it fails,
// also because the disk is full, what was there is there still. It depends on no other package
// of the gateway.
package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Create writes a file that was not there, for its owner's eyes only. If it is there
// already, also because another process was first, the error is os.ErrExist and the
// file is whole.
func Create(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := MakeDir(dir); err != nil {
		return err
	}
	tmp, err := temporary(dir, data)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil {
		return err
	}
	return SyncDir(dir)
}

// MakeDir makes a directory for its owner alone, and those around it. That it is there is no
// error.
func MakeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	around := filepath.Dir(dir)
	if err := MakeDir(around); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return SyncDir(around)
}

// Replace writes a file, in place of the one that is there.
func Replace(path string, data []byte) error {
	tmp, err := temporary(filepath.Dir(path), data)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// temporary writes data to a new file and returns its name.
func temporary(dir string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, "new-") // 0600
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// ReadOrCreate returns what is in a file, or makes it with what data returns.
func ReadOrCreate(path string, data func() []byte) ([]byte, error) {
	b, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		return b, err
	}
	if err := Create(path, data()); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("create: %w", err)
	}
	return os.ReadFile(path)
}

// Remove removes a file. That it is not there is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := SyncDir(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Destroy overwrites a file and removes it: the blocks of a removed file live on for a
// while. That it is not there is no error.
func Destroy(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := io.CopyN(f, zeros{}, info.Size()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return Remove(path)
}

// zeros has no end of them.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
