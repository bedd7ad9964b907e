package extract

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Builders of the formats that no library here writes, as small as readers accept them.

var le = binary.LittleEndian

// oleOf makes an OLE document of names and contents; a name may hold one storage.
func oleOf(files ...string) []byte {
	const sector, end, none = 512, 0xfffffffe, 0xffffffff
	type entry struct {
		name              string
		kind              byte
		right, child      uint32
		start, size, last uint32
		content           string
	}
	entries := []entry{{name: "Root Entry", kind: 5, right: none, child: none, start: end}}
	add := func(parent uint32, e entry) uint32 {
		e.right, e.child = none, none
		n := uint32(len(entries))
		entries = append(entries, e)
		if last := entries[parent].last; last != 0 {
			entries[last].right = n
		} else {
			entries[parent].child = n
		}
		entries[parent].last = n
		return n
	}
	storages := map[string]uint32{"": 0}
	next := uint32(0)
	for i := 0; i < len(files); i += 2 {
		dir, name, ok := strings.Cut(files[i], "/")
		if !ok {
			dir, name = "", files[i]
		}
		if _, known := storages[dir]; !known {
			storages[dir] = add(0, entry{name: dir, kind: 1})
		}
		content := files[i+1]
		if len(content) < 4096 { // less is kept in a stream of its own kind
			content += strings.Repeat("\x00", 4096-len(content))
		}
		add(storages[dir], entry{name: name, kind: 2, start: next, size: uint32(len(content)), content: content})
		next += uint32(len(content)+sector-1) / sector
	}
	dirStart, dirSectors := next, uint32(len(entries)+3)/4
	fatStart := dirStart + dirSectors
	fatSectors := (fatStart+10)/128 + 1
	fat := make([]uint32, fatSectors*128)
	for i := range fat {
		fat[i] = none
	}
	chain := func(start, n uint32) {
		for i := range n {
			fat[start+i] = start + i + 1
		}
		fat[start+n-1] = end
	}
	for _, e := range entries[1:] {
		if e.kind == 2 {
			chain(e.start, (e.size+sector-1)/sector)
		}
	}
	chain(dirStart, dirSectors)
	for i := range fatSectors {
		fat[fatStart+i] = 0xfffffffd
	}
	b := make([]byte, sector)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for at, v := range map[int]uint16{24: 0x3e, 26: 3, 28: 0xfffe, 30: 9, 32: 6} {
		le.PutUint16(b[at:], v)
	}
	for at, v := range map[int]uint32{44: fatSectors, 48: dirStart, 56: 4096, 60: end, 68: end} {
		le.PutUint32(b[at:], v)
	}
	for i := range uint32(109) {
		v := uint32(none)
		if i < fatSectors {
			v = fatStart + i
		}
		le.PutUint32(b[76+4*i:], v)
	}
	for _, e := range entries[1:] {
		b = append(b, e.content...)
		b = append(b, make([]byte, (sector-len(e.content)%sector)%sector)...)
	}
	for i := range dirSectors * 4 {
		d := make([]byte, 128)
		if int(i) < len(entries) {
			e := entries[i]
			u := utf16.Encode([]rune(e.name))
			for j, c := range u {
				le.PutUint16(d[2*j:], c)
			}
			le.PutUint16(d[64:], uint16(2*len(u)+2))
			d[66], d[67] = e.kind, 1
			le.PutUint32(d[68:], none)
			le.PutUint32(d[72:], e.right)
			le.PutUint32(d[76:], e.child)
			le.PutUint32(d[116:], e.start)
			le.PutUint32(d[120:], e.size)
		}
		b = append(b, d...)
	}
	for _, v := range fat {
		b = le.AppendUint32(b, v)
	}
	return b
}

// biffOf makes the records of a workbook.
func biffOf(records ...any) string {
	var b []byte
	for i := 0; i < len(records); i += 2 {
		body := records[i+1].([]byte)
		b = le.AppendUint16(b, uint16(records[i].(int)))
		b = le.AppendUint16(b, uint16(len(body)))
		b = append(b, body...)
	}
	return string(b)
}

// rarOf makes a rar archive (version 5) of one stored file.
func rarOf(name, content string, flags byte) []byte {
	vint := func(b []byte, v int) []byte { return binary.AppendUvarint(b, uint64(v)) }
	block := func(b, header []byte) []byte {
		header = append(vint(nil, len(header)), header...)
		return append(le.AppendUint32(b, crc32.ChecksumIEEE(header)), header...)
	}
	b := block([]byte("Rar!\x1a\x07\x01\x00"), []byte{1, 0, 0}) // the archive
	file := func() []byte {
		f := vint(vint([]byte{2}, 2), len(content)) // type, flags: data follows, its size
		f = vint(vint(vint(f, 4), len(content)), 0) // flags: sum, size, attributes
		f = le.AppendUint32(f, crc32.ChecksumIEEE([]byte(content)))
		f = vint(vint(vint(f, 0), 1), len(name)) // stored, Unix
		return append(f, name...)
	}()
	if flags != 0 { // an archive whose headers are encrypted
		return block([]byte("Rar!\x1a\x07\x01\x00"), append([]byte{4, 0, 0, 0, 15}, make([]byte, 16)...))
	}
	b = append(block(b, file), content...)
	return block(b, []byte{5, 0, 0})
}

// sevenZipOf makes a 7z archive of one file that is stored; with the method of AES if
// encrypted is set.
func sevenZipOf(name, content string, encrypted bool) []byte {
	method := []byte{0x01, 0x00} // copy
	if encrypted {
		method = []byte{0x24, 0x06, 0xf1, 0x07, 0x01, 10, 0x53, 7, 1, 2, 3, 4, 5, 6, 7, 8}
	}
	var u []byte
	for _, c := range utf16.Encode([]rune(name + "\x00")) {
		u = le.AppendUint16(u, c)
	}
	n := byte(len(content)) // below 128
	header := []byte{1, 4,  // header, streams
		6, 0, 1, 9, n, 0, // packed: at 0, one, its size
		7, 0x0b, 1, 0, 1} // folders: one, not elsewhere, one coder
	header = append(header, method...)
	header = append(header, 0x0c, n, 0, // unpacked size
		8, 0x0a, 1) // one stream with a sum
	header = le.AppendUint32(header, crc32.ChecksumIEEE([]byte(content)))
	header = append(header, 0, 0, 5, 1, 0x11, byte(len(u)+1), 0) // end; files: one, its name
	header = append(append(header, u...), 0, 0)
	start := le.AppendUint64(nil, uint64(len(content)))
	start = le.AppendUint64(start, uint64(len(header)))
	start = le.AppendUint32(start, crc32.ChecksumIEEE(header))
	b := append([]byte("7z\xbc\xaf\x27\x1c\x00\x04"), le.AppendUint32(nil, crc32.ChecksumIEEE(start))...)
	b = append(append(b, start...), content...)
	return append(b, header...)
}

// tnefOf makes a TNEF stream of tags and values.
func tnefOf(attributes ...any) []byte {
	b := []byte("\x78\x9f\x3e\x22\x01\x00")
	for i := 0; i < len(attributes); i += 2 {
		value := attributes[i+1].(string)
		b = append(b, 1)
		b = le.AppendUint16(b, uint16(attributes[i].(int)))
		b = le.AppendUint16(b, 6)
		b = le.AppendUint32(b, uint32(len(value)))
		b = append(b, value...)
		b = append(b, 0, 0)
	}
	return b
}

// mapiOf makes one binary property.
func mapiOf(id uint16, value string) string {
	b := le.AppendUint32(nil, 1)
	b = le.AppendUint16(b, 0x0102)
	b = le.AppendUint16(b, id)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint32(b, uint32(len(value)))
	return string(append(b, value...))
}

// pdfPagesOf makes a PDF of objects, the first of which is its catalogue, with a table of
// where they are.
func pdfPagesOf(objects ...string) []byte {
	b := []byte("%PDF-1.4\n")
	var table strings.Builder
	fmt.Fprintf(&table, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return fmt.Appendf(b, "%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table.String(),
		len(objects)+1, len(b))
}

// pdfStream makes a stream object, deflated.
func pdfStream(dict, content string) string {
	z := deflated(content)
	return fmt.Sprintf("<<%s/Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream", dict, len(z), z)
}

// composite is a PDF as office programs write it: glyph numbers for letters, explained
// by a table; words placed by gaps and positions; a form and a note.
func composite() []byte {
	codes := "0 begincodespacerange endcodespacerange\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n" +
		"1 beginbfrange\n<0001> <001A> <0061>\nendbfrange\n1 beginbfchar\n<0020> <00EB>\nendbfchar\n"
	glyphs := func(s string) string {
		var b strings.Builder
		for _, c := range s {
			if c == 'ë' {
				c = 'a' - 1 + 0x20
			}
			fmt.Fprintf(&b, "%04X", c-'a'+1)
		}
		return "<" + b.String() + ">"
	}
	return pdfPagesOf(
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</X1 8 0 "+
			"R>>>>/Annots[<</Subtype/Text/Contents(een notitie)>>]>>",
		pdfStream("", "BT /F1 12 Tf 1 0 0 1 10 700 Tm ["+glyphs("wacht")+" 20 "+glyphs("woord")+" "+
			"-300 "+glyphs("van")+"] TJ 0 -14 Td "+glyphs("mariëtte")+" Tj ET /X1 Do"),
		"<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
		"<</Type/Font/Subtype/CIDFontType2>>",
		pdfStream("", codes), pdfStream("/Type/XObject/Subtype/Form", "BT /F1 12 Tf "+glyphs("formulier")+" Tj ET"))
}

// dropped is a file as Windows packs it into a document.
func dropped(name, content string) string {
	path := `C:\Temp\` + name + "\x00"
	b := append([]byte("\x00\x00\x00\x00\x02\x00"+name+"\x00"+path+"\x00\x00\x03\x00"), 0, 0, 0, 0)
	le.PutUint32(b[len(b)-4:], uint32(len(path)))
	b = le.AppendUint32(append(b, path...), uint32(len(content)))
	return string(append(b, content...))
}

func xzOf(content string) []byte {
	var b bytes.Buffer
	z, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	io.WriteString(z, content)
	z.Close()
	return b.Bytes()
}

// greedyXZ makes an xz whose header gives the largest dictionary there is.
func greedyXZ() []byte {
	b := xzOf("inhoud")
	header := b[12 : 12+4*(int(b[12])+1)]
	header[4] = 40 // size of the header, flags, LZMA2, one byte of properties
	le.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return b
}

func zstdOf(content string) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return z.EncodeAll([]byte(content), nil)
}

// cabOf makes the directory of a cabinet, of empty files.
func cabOf(names ...string) []byte {
	b := append([]byte("MSCF"), make([]byte, 32)...)
	le.PutUint32(b[16:], 36)
	le.PutUint16(b[28:], uint16(len(names)))
	for _, n := range names {
		b = append(append(append(b, make([]byte, 16)...), n...), 0)
	}
	return b
}
