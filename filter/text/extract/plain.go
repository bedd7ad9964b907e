package extract

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// plain are known files that hold little that a person wrote: a certificate, the view of a folder of a Mac, a shape to
// print, an archive without files. What reads as text in them is shown.
var plain = walk.Format{
	Kind:       text.KindPlain,
	Magic:      walk.Begin(folderView),
	Begins:     beginsCertificate,
	Extensions: []string{".cer", ".crt", ".der", ".stl", ".tar"},
	Read: func(w *walk.Walker, c walk.Content) error {
		if !isPlain(c) {
			return unreadable(w, c)
		}
		return w.Strings(c.Part, walk.Fresh(c.R))
	},
}

const folderView = "\x00\x00\x00\x01Bud1" // of the Finder

// Bounds of plain files, in bytes.
const (
	maxCertificate = 64 << 10
	maxFolderView  = 1 << 20
	maxEmpty       = 1 << 20
)

// isPlain reports whether a file is one of those as a whole: its beginning and its name could be before anything.
func isPlain(c walk.Content) bool {
	name := text.PlainName(c.Name.Reveal())
	switch {
	case bytes.HasPrefix(c.Head, []byte(folderView)):
		return strings.EqualFold(path.Base(name), ".DS_Store") && c.R.Size() <= maxFolderView
	case text.Extension(name) == ".stl":
		const header, triangle = 84, 50
		return len(c.Head) >= header &&
			c.R.Size() == header+triangle*int64(binary.LittleEndian.Uint32(c.Head[header-4:]))
	case text.Extension(name) == ".tar":
		b, err := upTo(c.R, maxEmpty)
		return err == nil && len(bytes.Trim(b, "\x00")) == 0
	}
	b, err := upTo(c.R, maxCertificate)
	if err != nil {
		return false
	}
	_, err = x509.ParseCertificate(b)
	return err == nil
}

// upTo reads a file that is no larger than a bound.
func upTo(r *io.SectionReader, bound int64) ([]byte, error) {
	if r.Size() > bound {
		return nil, io.ErrShortBuffer
	}
	return io.ReadAll(walk.Fresh(r))
}

// beginsCertificate reports whether a file begins as a certificate in DER does: the sequence of it, that of what is
// signed, and its version (RFC 5280 section 4.1).
func beginsCertificate(head []byte, _ bool) bool {
	return len(head) > 13 && head[0] == 0x30 && head[1] == 0x82 && head[4] == 0x30 && head[5] == 0x82 &&
		string(head[8:12]) == "\xa0\x03\x02\x01"
}
