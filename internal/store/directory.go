package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/internal/store/disk"
)

// Directory is a Store in a directory: a directory for each collection, in it a file for each
// document, and one for each database.
type Directory struct {
	dir string
}

// Open returns the store in dir. What is not there is made when it is first written.
func Open(dir string) *Directory { return &Directory{dir} }

func (d *Directory) path(collection string) string { return filepath.Join(d.dir, collection) }

const extension = ".json"

func (d *Directory) file(collection, id string) (string, error) {
	if !Valid(collection) || !Valid(id) {
		return "", ErrNotFound
	}
	return filepath.Join(d.path(collection), id+extension), nil
}

// Get implements Store.
func (d *Directory) Get(collection, id string) ([]byte, error) {
	name, err := d.file(collection, id)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	return b, err
}

// Put implements Store.
func (d *Directory) Put(collection, id string, document []byte) error {
	name, err := d.file(collection, id)
	if err != nil {
		return err
	}
	if err := disk.MakeDir(filepath.Dir(name)); err != nil {
		return err
	}
	return disk.Replace(name, document)
}

// IDs implements Store.
func (d *Directory) IDs(collection string) ([]string, error) {
	files, err := os.ReadDir(d.path(collection))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var ids []string
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name(), extension); ok && Valid(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Lock implements Store. A process that dies gives its locks back.
func (d *Directory) Lock(collection string) (io.Closer, error) {
	if err := disk.MakeDir(d.path(collection)); err != nil {
		return nil, fmt.Errorf("lock %s: %w", collection, err)
	}
	f, err := disk.Lock(filepath.Join(d.path(collection), "lock"))
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", collection, err)
	}
	return f, nil
}

// settled is how old a change of a directory has to be for a later one to show in its time.
const settled = time.Second

// Version implements Store: Put renames, and so changes the time of the directory.
func (d *Directory) Version(collection string) (string, error) {
	info, err := os.Stat(d.path(collection))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if age := time.Since(info.ModTime()); age >= 0 && age < settled {
		return "", nil
	}
	return strconv.FormatInt(info.ModTime().UnixNano(), 10), nil
}

// Database implements Store.
func (d *Directory) Database(name, schema string) (*sql.DB, error) {
	if !Valid(name) {
		return nil, fmt.Errorf("open database: %w", ErrNotFound)
	}
	if err := disk.MakeDir(d.path(name)); err != nil {
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	return OpenSQLite(filepath.Join(d.path(name), name+".db"), schema)
}
