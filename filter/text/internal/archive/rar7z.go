package archive

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// The formats of archives whose readers take as much memory as the file says:
// they are for an Extractor where there is one.

// SevenZip shows the files of a 7z archive.
func SevenZip(w *walk.Walker, part, at int, r *io.SectionReader, depth int) error {
	g := &gate{ReaderAt: r}
	z, err := sevenzip.NewReader(g, r.Size())
	if err != nil {
		return sevenZipFault(w, at, err)
	}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			if err := w.Show(part, text.FileName, []byte(f.Name)); err != nil {
				return err
			}
			continue
		}
		if err := sevenZipMember(w, part, at, f, g, depth); err != nil {
			return err
		}
	}
	return w.Stop
}

func sevenZipMember(w *walk.Walker, part, at int, f *sevenzip.File, g *gate, depth int) error {
	content, err := f.Open()
	if err != nil {
		return walk.First(w.Unread(part, f.Name, depth), sevenZipFault(w, at, err))
	}
	defer content.Close()
	sum := crc32.NewIEEE()
	r := io.TeeReader(w.Inflating(content), sum)
	doubts := len(w.Report.Doubts)
	if err := sevenZipFault(w, at, w.Member(f.Name, r, depth)); err != nil {
		return err
	}
	// The library does not check it, nor the password of a file that is not packed.
	if _, err := io.CopyBuffer(io.Discard, r, make([]byte, 4096)); err != nil ||
		f.CRC32 != 0 && sum.Sum32() != f.CRC32 {
		if w.Stop == nil && !w.Report.Incomplete && g.encrypted(f) {
			// The bytes shown were no file, and nothing found in them counts.
			w.Report.Doubts = w.Report.Doubts[:doubts]
			w.Encrypted(at)
			return nil
		}
		w.Doubt(text.Damaged)
	}
	return w.Stop
}

// sevenZipFault makes a fault a finding, encryption by its name.
func sevenZipFault(w *walk.Walker, at int, err error) error {
	var read *sevenzip.ReadError
	if w.Stop == nil && errors.As(err, &read) && read.Encrypted {
		w.Encrypted(at)
		return nil
	}
	return w.Damage(err)
}

// gate is the bytes of an archive, which can be withheld: the library says only with a
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

// Rar shows the files of a rar archive.
func Rar(w *walk.Walker, part, at int, r *io.SectionReader, depth int) error {
	a, err := rardecode.NewReader(walk.Fresh(r), rardecode.MaxDictionarySize(maxDictionary))
	for err == nil {
		var h *rardecode.FileHeader
		if h, err = a.Next(); err != nil {
			break
		}
		switch {
		case h.IsDir || h.LinkTarget != "":
			err = w.Show(part, text.FileName, []byte(h.Name+" "+h.LinkTarget))
		case h.Encrypted:
			w.Encrypted(at)
			err = w.Unread(part, h.Name, depth)
		default:
			err = w.Damage(w.Member(h.Name, w.Inflating(a), depth))
		}
	}
	switch {
	case err == io.EOF:
		return w.Stop
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted):
		w.Encrypted(at)
		return w.Stop
	}
	return w.Damage(err)
}
