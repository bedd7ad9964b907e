package archive

import (
	"archive/zip"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"sluis/filter/text"
	"sluis/filter/text/internal/document"
	"sluis/filter/text/internal/walk"
)

// maxDirectory bounds what is read to open a zip, in bytes: its directory is held in
// memory.
const maxDirectory = 2 << 20

// directory bounds what is read while an archive is opened.
type directory struct {
	r    io.ReaderAt
	left int64
}

var errDirectory = errors.New("directory of the archive is too large")

// ReadAt implements io.ReaderAt.
func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	if d.left >= 0 {
		if d.left -= int64(len(p)); d.left < 0 {
			d.left = 0
			return 0, errDirectory
		}
	}
	return d.r.ReadAt(p, at)
}

// Zip shows an archive, or an office document, which is one.
func Zip(w *walk.Walker, part, at int, r *io.SectionReader, depth int) error {
	d := &directory{r: r, left: maxDirectory}
	z, err := zip.NewReader(d, r.Size())
	d.left = -1
	if err != nil {
		if w.Stop != nil {
			return w.Stop
		}
		w.Doubt(text.Damaged)
		return walk.First(zipStream(w, part, r, depth), w.Strings(part, walk.Fresh(r)))
	}
	z.RegisterDecompressor(12, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxDictionary)))
	office := document.IsOffice(z)
	if office && at >= 0 {
		w.Report.Attachments[at].Kind = text.KindOffice
	}
	var sheets *document.Book
	if office {
		if sheets, err = document.ReadBook(w, z); err != nil {
			return err
		}
	}
	pack := packageOf(w, at, z)
	programsFirst(w, z, pack, depth)
	for _, f := range z.File {
		if pack.holds(w, f) {
			err = packageMember(w, part, f, depth)
		} else {
			err = zipMember(w, part, at, f, office, sheets, depth)
		}
		if err != nil {
			return err
		}
	}
	return compareLocals(w, part, z, r, depth)
}

// programsFirst lists the programs that a directory names, if there are more files than may be read.
func programsFirst(w *walk.Walker, z *zip.Reader, pack *pack, depth int) {
	if w.Room(len(z.File)) {
		return
	}
	for _, f := range z.File {
		if text.NamesProgram(f.Name) && !(pack != nil && packagedScript(f.Name)) {
			w.List(unread(f.Name, depth), nil)
		}
	}
}

// unread is a file of an archive that is known by its name only.
func unread(name string, depth int) text.Attachment {
	return text.Attachment{Name: text.Secret(walk.ShortName(name)), Depth: depth + 1, Kind: text.KindUnknown}
}

// zipMember shows one file of a zip, which may be part of an office document.
func zipMember(w *walk.Walker, part, at int, f *zip.File, office bool, sheets *document.Book, depth int) error {
	name := strings.ToLower(f.Name)
	if strings.HasSuffix(name, "vbaproject.bin") || strings.HasPrefix(name, "xl/macrosheets/") ||
		strings.HasPrefix(name, "basic/") && strings.HasSuffix(name, ".xml") {
		w.Macros(at)
	}
	if other := unicodeName(f.Extra); other != "" && plainName(other) != plainName(f.Name) {
		w.Doubt(text.BadArchive)
		if err := w.Unread(part, other, depth); err != nil {
			return err
		}
	}
	if f.FileInfo().IsDir() {
		if f.UncompressedSize64 > 0 { // some programs make a file of it
			return folderFile(w, part, f, depth)
		}
		return w.Show(part, text.FileName, []byte(f.Name))
	}
	if f.Flags&1 != 0 && !plainly(w, f) {
		w.Encrypted(at)
		return w.Unread(part, f.Name, depth)
	}
	if office && document.OfficeNoise(name) {
		return nil
	}
	packed, err := openPacked(f)
	if err != nil {
		if errors.Is(err, zip.ErrAlgorithm) {
			w.Doubt(text.UnknownFormat)
			return w.Unread(part, f.Name, depth)
		}
		return walk.First(w.Damage(err), w.Unread(part, f.Name, depth))
	}
	defer packed.Close()
	r := w.Inflating(packed)
	if sheets != nil && strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") {
		return w.Damage(document.Sheet(w, part, at, r, sheets))
	}
	if office && (strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels")) {
		return w.Damage(document.OfficeXML(w, part, at, r))
	}
	if office && strings.HasPrefix(name, "[trash]/") {
		return w.Damage(trash(w, part, f.Name, r, depth))
	}
	return w.Damage(w.Member(f.Name, r, depth))
}

// folderFile shows a folder that holds bytes as the file that it is to some programs.
func folderFile(w *walk.Walker, part int, f *zip.File, depth int) error {
	w.Doubt(text.BadArchive)
	name := strings.TrimRight(f.Name, "/")
	raw, err := f.OpenRaw()
	switch {
	case err != nil:
		return walk.First(w.Damage(err), w.Unread(part, name, depth))
	case f.Method == zip.Deflate:
		raw = flate.NewReader(raw)
	case f.Method != zip.Store:
		return w.Unread(part, name, depth)
	}
	return w.Damage(w.Member(name, w.Inflating(raw), depth))
}

// unicodeName returns the name that a field beside the name of a file gives in UTF-8, which many programs prefer
// (APPNOTE section 4.6.9); "" if there is none.
func unicodeName(extra []byte) string {
	const head, unicodePath, version = 4, 0x7075, 5 // of the field, its number, and what stands before the name
	for len(extra) >= head {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-head {
			break
		}
		if id == unicodePath && size > version {
			return string(extra[head+version : head+size])
		}
		extra = extra[head+size:]
	}
	return ""
}

// trash shows what Office leaves in a document that it signs: pieces of deleted parts, if they are no files.
func trash(w *walk.Walker, part int, name string, r io.Reader, depth int) error {
	head, whole, done := walk.Peek(r)
	defer done()
	if w.Formats.KindOf(head, name) == text.KindUnknown {
		return w.Strings(part, whole)
	}
	return w.Member(name, whole, depth)
}

// plainly reports whether a file that says that it is encrypted is not: it is what its sum says, read as it stands.
func plainly(w *walk.Walker, f *zip.File) bool {
	packed, err := f.Open()
	if err != nil {
		return false
	}
	defer packed.Close()
	_, err = walk.Pipe(io.Discard, w.Inflating(packed))
	return err == nil
}
