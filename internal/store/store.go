// Package store keeps what the data directory holds: documents (JSON, RFC 8259) in
// collections, and databases (SQLite).
//
// It promises:
//
//   - When Put or Update returns nil the document is on disk. A crash or a full disk leaves
//     the document that was there, whole.
//   - Several processes may use a store. Updates of a collection follow one another, in
//     whichever process they are made.
//   - Others than its owner can read none of it, and an id names nothing outside its
//     collection.
//
// It does not promise that several documents change together.
//
// A Store is the seam for another place to keep these, such as a PostgreSQL server: callers
// name collections and databases, and know no paths.
package store

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
)

// Store keeps documents by collection and id, and opens databases. It is safe for concurrent
// use.
type Store interface {
	// Get returns a document; the error is ErrNotFound where there is none.
	Get(collection, id string) ([]byte, error)
	// Put keeps a document, in place of the one that is there.
	Put(collection, id string, document []byte) error
	// IDs returns the ids of a collection, sorted.
	IDs(collection string) ([]string, error)
	// Lock waits until nothing else has the lock of a collection, and takes it; Close gives
	// it back. Put does not ask for it.
	Lock(collection string) (io.Closer, error)
	// Version changes whenever the collection does; empty: not known just now.
	Version(collection string) (string, error)
	// Database opens a database, with the tables of a schema that makes those it lacks.
	Database(name, schema string) (*sql.DB, error)
}

// ErrNotFound is the error for a document that is not there.
var ErrNotFound = errors.New("there is no such document")

// NewID returns a random id of 16 hexadecimal digits.
func NewID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}

var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Valid reports whether an id, or the name of a collection, is one: small letters, digits and
// hyphens, and no more than 64.
func Valid(id string) bool { return validID.MatchString(id) }
