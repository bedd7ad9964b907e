package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Keyed is a document that knows its id.
type Keyed interface {
	Key() string
}

// Checked is a document that knows whether it has what its readers rely on. One that has not is
// damaged, and so is one with a field that is unknown: a field that was lost to a wrong byte might
// be what ends an order.
type Checked interface {
	Whole() bool
}

// Collection is the documents of a kind in a Store. It is safe for concurrent use, by several
// processes too.
type Collection[T Keyed] struct {
	store   Store
	name    string
	missing error

	mu      sync.Mutex
	version string // of what follows; empty: there is none
	list    []T
	damaged error
}

// NewCollection returns a collection of a store. missing is the error for a document that is
// not there.
func NewCollection[T Keyed](s Store, name string, missing error) *Collection[T] {
	return &Collection[T]{store: s, name: name, missing: missing}
}

// Get returns a document.
func (c *Collection[T]) Get(id string) (T, error) {
	v, err := get[T](c.store, c.name, id)
	if whole, ok := any(v).(Checked); err == nil && (v.Key() != id || ok && !whole.Whole()) {
		err = damaged(c.name, id, nil)
	}
	if errors.Is(err, ErrNotFound) {
		err = c.missing
	}
	return v, err
}

// List returns all documents that can be read, in the order of their ids. While nothing changes
// they are read once. What they refer to, such as slices, is shared: callers change a document by
// Update. If documents are damaged the others are returned with an error that is ErrDamaged and
// names each (see Damages).
func (c *Collection[T]) List() ([]T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	version, err := c.store.Version(c.name)
	if err != nil {
		return nil, damaged(c.name, "", err)
	}
	if version != "" && version == c.version {
		return slices.Clone(c.list), c.damaged
	}
	ids, err := c.store.IDs(c.name)
	if err != nil {
		return nil, damaged(c.name, "", err)
	}
	list := make([]T, 0, len(ids))
	var errs []error
	for _, id := range ids {
		v, err := c.Get(id)
		switch {
		case errors.Is(err, ErrDamaged):
			errs = append(errs, err)
		case err == nil:
			list = append(list, v)
		}
	}
	c.version, c.list, c.damaged = version, list, errors.Join(errs...)
	return slices.Clone(list), c.damaged
}

// Put keeps a document, in place of the one with its id.
func (c *Collection[T]) Put(v T) error { return put(c.store, c.name, v.Key(), v) }

// Update lets do change a document, while no other update of the collection is made, and
// keeps it unless do fails.
func (c *Collection[T]) Update(id string, do func(*T) error) error {
	return c.Locked(func() error {
		v, err := c.Get(id)
		if err != nil {
			return err
		}
		if err := do(&v); err != nil {
			return err
		}
		return c.Put(v)
	})
}

// Locked calls do while no update of the collection is made, by whichever process. do may
// read and Put; it may not Update.
func (c *Collection[T]) Locked(do func() error) error { return locked(c.store, c.name, do) }

// Value is a single document, such as a list that changes as a whole. It is a collection of
// its own, with its name as its id.
type Value[T any] struct {
	store Store
	name  string
}

// NewValue returns the document with a name.
func NewValue[T any](s Store, name string) *Value[T] { return &Value[T]{s, name} }

// Get returns the document; the zero T where there is none.
func (v *Value[T]) Get() (T, error) {
	found, err := get[T](v.store, v.name, v.name)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return found, err
}

// Put keeps the document.
func (v *Value[T]) Put(document T) error { return put(v.store, v.name, v.name, document) }

// Update lets do change the document, while no other update of it is made, and keeps it
// unless do fails.
func (v *Value[T]) Update(do func(*T) error) error {
	return locked(v.store, v.name, func() error {
		document, err := v.Get()
		if err != nil {
			return err
		}
		if err := do(&document); err != nil {
			return err
		}
		return v.Put(document)
	})
}

func get[T any](s Store, collection, id string) (v T, err error) {
	b, err := s.Get(collection, id)
	if errors.Is(err, ErrNotFound) {
		return v, err
	}
	if err != nil {
		return v, damaged(collection, id, err)
	}
	if err := decode(b, &v); err != nil {
		var none T
		return none, damaged(collection, id, nil) // the error of JSON would quote content
	}
	return v, nil
}

func decode[T any](b []byte, v *T) error {
	if _, checked := any(*v).(Checked); !checked {
		return json.Unmarshal(b, v)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than a document")
	}
	return nil
}

func put[T any](s Store, collection, id string, v T) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err == nil {
		err = s.Put(collection, id, b)
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", collection, err)
	}
	return nil
}

func locked(s Store, collection string, do func() error) error {
	lock, err := s.Lock(collection)
	if err != nil {
		return err
	}
	defer lock.Close()
	return do()
}
