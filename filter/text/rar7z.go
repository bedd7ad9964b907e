package text

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"
)

// The formats of archives whose readers are told by the file how much memory they need:
// they are for an Extractor where there is one.

// sevenZip shows the files of a 7z archive.
func (w *walker) sevenZip(part, at int, r *io.SectionReader, depth int) error {
	g := &gate{ReaderAt: r}
	z, err := sevenzip.NewReader(g, r.Size())
	if err != nil {
		return w.sevenZipFault(at, err)
	}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			if err := w.show(part, FileName, []byte(f.Name)); err != nil {
				return err
			}
			continue
		}
		if err := w.sevenZipped(part, at, f, g, r.Size(), depth); err != nil {
			return err
		}
	}
	return w.stop
}

func (w *walker) sevenZipped(part, at int, f *sevenzip.File, g *gate, packed int64, depth int) error {
	content, err := f.Open()
	if err != nil {
		return first(w.show(part, FileName, []byte(f.Name)), w.sevenZipFault(at, err))
	}
	defer content.Close()
	sum := crc32.NewIEEE()
	r := io.TeeReader(w.inflating(content, packed), sum)
	reasons := len(w.report.Uninspectable)
	if err := w.sevenZipFault(at, w.member(f.Name, r, depth)); err != nil {
		return err
	}
	// The library does not check it, nor the password of a file that is not packed.
	if _, err := io.CopyBuffer(io.Discard, r, make([]byte, 4096)); err != nil || f.CRC32 != 0 && sum.Sum32() != f.CRC32 {
		if w.stop == nil && !w.report.Incomplete && g.encrypted(f) {
			// What was shown was no file, and nothing that is said of it counts.
			w.report.Uninspectable = w.report.Uninspectable[:reasons]
			w.encrypted(at)
			return nil
		}
		w.uninspectable(Damaged)
	}
	return w.stop
}

// sevenZipFault makes a fault a finding, encryption by its name.
func (w *walker) sevenZipFault(at int, err error) error {
	var read *sevenzip.ReadError
	if w.stop == nil && errors.As(err, &read) && read.Encrypted {
		w.encrypted(at)
		return nil
	}
	return w.damage(err)
}

// gate is the bytes of an archive, which can be withheld: the library tells only with a
// fault of reading whether a file is encrypted.
type gate struct {
	io.ReaderAt
	shut bool
}

var errShut = errors.New("withheld")

// ReadAt implements io.ReaderAt.
func (g *gate) ReadAt(p []byte, at int64) (int, error) {
	if g.shut {
		return 0, errShut
	}
	return g.ReaderAt.ReadAt(p, at)
}

// encrypted reports whether a file is.
func (g *gate) encrypted(f *sevenzip.File) bool {
	g.shut = true
	defer func() { g.shut = false }()
	content, err := f.Open()
	if err == nil {
		_, err = content.Read(make([]byte, 1)) // not closed: it must not be used again
	}
	var read *sevenzip.ReadError
	return errors.As(err, &read) && read.Encrypted
}

// maxDictionary bounds the memory that a rar archive may ask for, in bytes.
const maxDictionary = 64 << 20

// rar shows the files of a rar archive.
func (w *walker) rar(part, at int, r *io.SectionReader, depth int) error {
	a, err := rardecode.NewReader(fresh(r), rardecode.MaxDictionarySize(maxDictionary))
	for err == nil {
		var h *rardecode.FileHeader
		if h, err = a.Next(); err != nil {
			break
		}
		switch {
		case h.IsDir || h.LinkTarget != "":
			err = w.show(part, FileName, []byte(h.Name+" "+h.LinkTarget))
		case h.Encrypted:
			w.encrypted(at)
			err = w.show(part, FileName, []byte(h.Name))
		default:
			err = w.damage(w.member(h.Name, w.inflating(a, r.Size()), depth))
		}
	}
	switch {
	case err == io.EOF:
		return w.stop
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted):
		w.encrypted(at)
		return w.stop
	}
	return w.damage(err)
}
