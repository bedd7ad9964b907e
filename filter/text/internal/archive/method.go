package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// Methods by which files are packed in a zip that the standard library does not know (APPNOTE section 4.4.5). Of PPMd
// (98) in the variant of zip there is no reader.
const (
	methodDeflate64 = 9
	methodLZMA      = 14
	methodXZ        = 95
)

// maxZipDictionary bounds the memory that a file in a zip may ask for, in bytes: zips are read in this process.
const maxZipDictionary = 16 << 20

// openPacked opens a file of a zip, by whatever method there is a reader for.
func openPacked(f *zip.File) (io.ReadCloser, error) {
	switch f.Method {
	case methodDeflate64, methodLZMA, methodXZ:
	default:
		return f.Open()
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	r, err := unpack(f.Method, f.Flags, f.UncompressedSize64, raw)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(io.LimitReader(r, int64(min(f.UncompressedSize64, 1<<62)))), nil
}

// unpack returns a reader of what was packed by one of those methods. The size is that of the file, 0 if unknown.
func unpack(method, flags uint16, size uint64, r io.Reader) (io.Reader, error) {
	switch method {
	case methodDeflate64:
		return inflate64(r), nil
	case methodLZMA:
		return openLZMA(r, flags, size)
	}
	br := bufio.NewReader(r)
	if err := modestXZ(br, maxZipDictionary); err != nil {
		return nil, err
	}
	z, _, err := OpenXZ(br)
	return z, err
}

// openLZMA opens LZMA as a zip has it (APPNOTE section 5.8): a version, the size of the properties, and these. The
// library reads files that begin with them.
func openLZMA(r io.Reader, flags uint16, size uint64) (io.Reader, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	properties := head[4:]
	if binary.LittleEndian.Uint16(head[2:]) != uint16(len(properties)) {
		return nil, errors.New("malformed properties of LZMA")
	}
	if binary.LittleEndian.Uint32(properties[1:]) > maxZipDictionary {
		return nil, errDictionary
	}
	const marked = 1 << 1 // its end is
	if flags&marked != 0 || size == 0 {
		size = 1<<64 - 1
	}
	alone := binary.LittleEndian.AppendUint64(bytes.Clone(properties), size)
	return lzma.NewReader(io.MultiReader(bytes.NewReader(alone), r))
}
