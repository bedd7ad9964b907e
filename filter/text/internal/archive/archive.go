package archive

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Packed shows the file that was made smaller by itself, such as a gzip: what open makes
// of r, under the name without its extension.
func Packed(w *walk.Walker, name string, r *io.SectionReader, depth int,
	open func(io.Reader) (io.Reader, string, error)) error {
	z, inner, err := open(walk.Fresh(r))
	if err == nil {
		if ext := path.Ext(name); inner == "" && slices.Contains(packedExtensions, strings.ToLower(ext)) {
			inner = strings.TrimSuffix(name, ext)
		} else if inner == "" {
			inner = name
		}
		err = w.Member(inner, w.Inflating(z), depth)
	}
	if w.Stop == nil && (errors.Is(err, errDictionary) || errors.Is(err, zstd.ErrWindowSizeExceeded) ||
		errors.Is(err, zstd.ErrDecoderSizeExceeded)) {
		w.Doubt(text.TooLarge)
		w.Report.Incomplete = true
		return nil
	}
	return w.Damage(err)
}

var packedExtensions = []string{".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".tzst"}

// OpenGzip opens a gzip, which may hold the name of its file.
func OpenGzip(r io.Reader) (io.Reader, string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, "", err
	}
	return z, z.Name, nil
}

func OpenBzip2(r io.Reader) (io.Reader, string, error) { return bzip2.NewReader(r), "", nil }

func OpenXZ(r io.Reader) (io.Reader, string, error) {
	br := bufio.NewReader(r)
	if err := modestXZ(br, maxDictionary); err != nil {
		return nil, "", err
	}
	z, err := xz.NewReader(br)
	return z, "", err
}

func OpenZstd(r io.Reader) (io.Reader, string, error) {
	z, err := zstd.NewReader(r,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxDictionary),
		zstd.WithDecoderMaxMemory(maxDictionary),
	)
	return z, "", err
}

var errDictionary = errors.New("asks for too much memory")

// modestXZ refuses an xz that asks for too much memory: its reader makes a dictionary of
// the size that the file gives, up to gigabytes. It reads the first block; the process
// that such files are read in is bounded.
func modestXZ(r *bufio.Reader, most int) error {
	b, err := r.Peek(12 + 1024)
	if len(b) < 24 && err != nil {
		return err
	}
	header := b[12:min(len(b), 12+4*(int(b[12])+1))]
	for i := 2; i+2 < len(header); i++ { // the filter LZMA2, with one byte of properties
		if header[i] == 0x21 && header[i+1] == 1 && (2|int(header[i+2])&1)<<(header[i+2]/2+11) > most {
			return errDictionary
		}
	}
	return nil
}

func Tar(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	t := tar.NewReader(walk.Fresh(r))
	for {
		h, err := t.Next()
		if err == io.EOF {
			return w.Stop
		}
		if err != nil {
			return w.Damage(err)
		}
		if h.Typeflag != tar.TypeReg {
			if err := w.Show(part, text.FileName, []byte(h.Name+" "+h.Linkname)); err != nil {
				return err
			}
			continue
		}
		if err := w.Damage(w.Member(h.Name, w.Inflating(t), depth)); err != nil {
			return err
		}
	}
}
