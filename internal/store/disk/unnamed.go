package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Unnamed returns a temporary file that only its owner may read and that has no name, so that
// a crash leaves nothing of it behind. It is made in dir; empty: the system's. The caller
// closes it. Errors do not have the name that the file began with.
func Unnamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "unnamed-") // 0600
	if err != nil {
		return nil, fmt.Errorf("open temporary file: %w", cause(err))
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("unlink temporary file: %w", cause(err)), f.Close())
	}
	return f, nil
}

// Copy returns an unnamed file in dir with all of r, and its size in bytes.
func Copy(dir string, r io.Reader) (*os.File, int64, error) {
	f, err := Unnamed(dir)
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(f, r)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}

// cause returns what is wrong with a file, without its name.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
