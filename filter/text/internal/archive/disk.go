package archive

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// sector is the unit of a disc (ECMA-119 section 6.1.2), in bytes.
const sector = 2048

// maxFolders bounds the folders of a disc that are read.
const maxFolders = 1000

// Disk shows the files of a disc of ISO 9660 (ECMA-119), with the names that Joliet adds, and the names of UDF
// (ECMA-167). Of an image of another kind it shows what reads as text.
func Disk(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	d := disc{w: w, r: r, depth: depth, known: map[int64]bool{}}
	var b [sector]byte
	for at := int64(16 * sector); at < 64*sector; at += sector {
		if n, err := r.ReadAt(b[:], at); n < len(b) || string(b[1:6]) != "CD001" || b[0] == 0xff {
			if err != nil && err != io.EOF {
				return err
			}
			break
		}
		if b[0] != 1 && b[0] != 2 {
			continue // not a list of volumes
		}
		wide := b[0] == 2 && b[88] == '%' && b[89] == '/'
		if err := d.folder(part, b[156:190], wide); err != nil {
			return err
		}
	}
	if err := d.names(part); err != nil {
		return err
	}
	if d.files > 0 {
		return w.Stop
	}
	w.Doubt(text.UnknownFormat)
	return w.Strings(part, walk.Fresh(r))
}

// disc is a disc that is being read.
type disc struct {
	w       *walk.Walker
	r       *io.SectionReader
	depth   int
	files   int
	folders int
	known   map[int64]bool // where what has been shown begins
}

// folder shows what a folder holds, given its record (ECMA-119 section 9.1).
func (d *disc) folder(part int, record []byte, wide bool) error {
	begin := int64(binary.LittleEndian.Uint32(record[2:])) * sector
	size := int64(binary.LittleEndian.Uint32(record[10:]))
	if d.folders++; d.folders > maxFolders {
		d.w.Overrun(text.TooMany)
		return d.w.Stop
	}
	if d.known[begin] {
		return d.w.Stop // folders may run in a circle
	}
	d.known[begin] = true
	content := walk.Sub(d.r, begin, begin+size)
	var b [sector]byte
	for at := int64(0); at < content.Size() && d.w.Stop == nil; at += sector {
		n, err := content.ReadAt(b[:], at)
		if err != nil && err != io.EOF {
			return err
		}
		for rest := b[:n]; len(rest) > 33 && rest[0] > 33 && int(rest[0]) <= len(rest); rest = rest[rest[0]:] {
			if err := d.record(part, rest[:rest[0]], wide); err != nil {
				return err
			}
		}
	}
	return d.w.Stop
}

// record shows one file or folder.
func (d *disc) record(part int, b []byte, wide bool) error {
	name := b[33:min(33+int(b[32]), len(b))]
	if len(name) == 1 && name[0] <= 1 {
		return nil // the folder itself, and the one around it
	}
	if wide {
		name, _ = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(name) // faults become U+FFFD
	}
	plain, _, _ := strings.Cut(string(name), ";") // the version
	d.files++
	if b[25]&2 != 0 {
		return walk.First(d.w.Show(part, text.FileName, []byte(plain)), d.folder(part, b, wide))
	}
	begin := int64(binary.LittleEndian.Uint32(b[2:])) * sector
	size := int64(binary.LittleEndian.Uint32(b[10:]))
	if d.known[begin] && size > 0 {
		return d.w.Unread(part, plain, d.depth) // the same file, by its other name
	}
	d.known[begin] = true
	return d.w.Damage(d.w.Member(plain, walk.Sub(d.r, begin, begin+size), d.depth))
}

// names lists the files that UDF names, by their identifiers (ECMA-167 part 4, section 14.4), wherever these stand.
func (d *disc) names(part int) error {
	var b [6]byte
	if n, _ := d.r.ReadAt(b[:], 16*sector); n < len(b) || string(b[1:4]) != "BEA" && string(b[1:6]) != "CD001" {
		return d.w.Stop
	}
	buf := walk.CopyBuffers.Get().(*[]byte)
	defer walk.CopyBuffers.Put(buf)
	const longest = 38 + 256
	for from := int64(0); from < d.r.Size(); {
		n, err := d.r.ReadAt(*buf, from)
		if err != nil && err != io.EOF {
			return err
		}
		for i := 0; ; i += 2 {
			next := bytes.Index((*buf)[i:n], []byte{1, 1}) // the tag of an identifier
			if next < 0 {
				break
			}
			i += next
			if name, ok := udfName((*buf)[i:n]); ok {
				d.files++
				if err := d.w.Unread(part, name, d.depth); err != nil {
					return err
				}
			}
		}
		if n <= longest || err == io.EOF {
			break
		}
		from += int64(n - longest)
	}
	return d.w.Stop
}

// udfName returns the name that the identifier of a file gives, if b begins with one.
func udfName(b []byte) (string, bool) {
	if len(b) < 39 || b[2] != 2 && b[2] != 3 || b[3] != 0 {
		return "", false
	}
	sum := byte(0)
	for i, c := range b[:16] {
		if i != 4 {
			sum += c
		}
	}
	begin := 38 + int(binary.LittleEndian.Uint16(b[36:]))
	size := int(b[19])
	if sum != b[4] || size < 2 || begin+size > len(b) {
		return "", false
	}
	name := b[begin+1 : begin+size]
	if b[begin] == 16 {
		name, _ = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(name) // faults become U+FFFD
	}
	return string(name), true
}
