package store

import (
	"errors"
	"io/fs"
	"path"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// ErrDamaged is the error of a document or a database that is there and cannot be read.
var ErrDamaged = errors.New("is damaged: restore it from a backup")

// Damage is the error for a file of a store that cannot be read. It is ErrDamaged.
type Damage struct {
	File string // within the data directory, such as orders/1b2c.json
	Err  error  // of the system; nil: what is in the file is not as it was written
}

// Error names the file, and quotes nothing of it.
func (d *Damage) Error() string {
	if d.Err == nil {
		return d.File + " " + ErrDamaged.Error()
	}
	cause := d.Err
	if p, ok := errors.AsType[*fs.PathError](cause); ok {
		cause = p.Err
	}
	return d.File + " cannot be read: " + cause.Error()
}

// Is reports whether a target is ErrDamaged.
func (d *Damage) Is(target error) bool { return target == ErrDamaged }

// Unwrap returns the error of the system.
func (d *Damage) Unwrap() error { return d.Err }

// Damages returns the files that an error is about, in its order; none if it is about no file
// of a store.
func Damages(err error) (all []*Damage) {
	switch e := err.(type) {
	case nil:
	case *Damage:
		all = append(all, e)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, Damages(one)...)
		}
	case interface{ Unwrap() error }:
		all = Damages(e.Unwrap())
	}
	return all
}

// Readable is for a list that is of use without what is damaged: health names that. It drops
// ErrDamaged.
func Readable[T any](list []T, err error) ([]T, error) {
	if errors.Is(err, ErrDamaged) {
		err = nil
	}
	return list, err
}

// damaged returns the error for a document, or for a whole collection if there is no id.
func damaged(collection, id string, cause error) error {
	file := collection
	if id != "" {
		file = path.Join(collection, id+extension)
	}
	return &Damage{file, cause}
}

// IsDamage reports whether the error of a database says that its file is not as it was written.
func IsDamage(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return true
	}
	return false
}
