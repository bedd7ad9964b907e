package document

import (
	"bytes"
	"encoding/binary"
	"io"

	"golang.org/x/text/encoding/unicode"

	"sluis/filter/text"
	"sluis/filter/text/internal/mail"
	"sluis/filter/text/internal/walk"
)

// TNEF is what Outlook sends as winmail.dat: attributes of a level, a tag, a length, the
// bytes and a sum of them ([MS-OXTNEF] section 2.1.3).

// Tags of attributes, without their type.
const (
	tnefSubject    = 0x8004
	tnefBody       = 0x800c
	tnefAttachData = 0x800f
	tnefAttachName = 0x8010
	tnefAttachMeta = 0x9005 // MAPI properties of an attachment
	tnefMAPI       = 0x9003 // MAPI properties of the message: subject, body, its HTML or RTF
	tnefRenddata   = 0x9002 // begins an attachment
)

// TNEF shows the texts and files of a TNEF stream.
func TNEF(w *walk.Walker, part int, r *io.SectionReader, depth int) error {
	var head [9]byte
	name := ""
	for at := int64(6); at < r.Size(); {
		if n, err := r.ReadAt(head[:], at); n < len(head) {
			return w.Damage(walk.First(walk.NotEOF(err), io.ErrUnexpectedEOF))
		}
		tag := binary.LittleEndian.Uint16(head[1:])
		size := int64(binary.LittleEndian.Uint32(head[5:]))
		value := walk.Sub(r, at+9, at+9+size)
		at += 9 + size + 2
		if value.Size() < size {
			w.Doubt(text.Damaged)
		}
		var err error
		switch tag {
		case tnefRenddata:
			name = ""
		case tnefAttachName:
			b := make([]byte, min(size, 1024))
			n, _ := value.ReadAt(b, 0) // as far as there is
			name = string(bytes.TrimRight(b[:n], "\x00"))
		case tnefAttachData:
			err = w.Member(name, value, depth)
		case tnefMAPI, tnefAttachMeta:
			err = mapi(w, part, value, depth)
		case tnefSubject, tnefBody:
			err = w.Copy(part, text.Contents, value)
		default:
			err = w.Strings(part, value)
		}
		if err := w.Damage(err); err != nil {
			return err
		}
	}
	return w.Stop
}

// MAPI properties ([MS-OXCDATA] section 2.11) whose value is a document of its own.
const (
	mapiBodyHTML   = 0x1013
	mapiRTF        = 0x1009 // compressed
	mapiAttachData = 0x3701

	mapiLongName    = 0x3707 // of an attachment
	mapiDisplayName = 0x3001
)

// maxMAPI bounds the value of a property that is read by itself, in bytes.
const maxMAPI = 8 << 20

// mapi shows a list of properties. All of it is shown as text; HTML and rich text are
// found and read as what they are. Readers find their values by a list of types,
// whose faults would hide what follows them: here they are found by their tag.
func mapi(w *walk.Walker, part int, value *io.SectionReader, depth int) error {
	if err := w.Strings(part, walk.Fresh(value)); err != nil || value.Size() > maxMAPI {
		return err
	}
	b := make([]byte, value.Size())
	if n, err := value.ReadAt(b, 0); n < len(b) {
		return walk.NotEOF(err)
	}
	for i := 0; i+16 <= len(b); i += 4 {
		if err := longName(w, part, b[i:], depth); err != nil {
			return err
		}
		kind, id := binary.LittleEndian.Uint16(b[i:]), binary.LittleEndian.Uint16(b[i+2:])
		if kind != 0x0102 && kind != 0x000d || id != mapiBodyHTML && id != mapiRTF && id != mapiAttachData {
			continue
		}
		size := int(binary.LittleEndian.Uint32(b[i+8:])) // after the number of values
		if size <= 0 || size > len(b)-i-12 {
			continue
		}
		v := b[i+12 : i+12+size]
		if id == mapiAttachData && size > 16 {
			v = v[16:] // the class of the object
		}
		if err := showProperty(w, part, id, bytes.NewReader(v), int64(len(v)), depth); err != nil {
			return err
		}
	}
	return w.Stop
}

// longName lists an attachment by the name that a property gives it, if it is one of a program: it comes after the
// content, whose other name is that of DOS.
func longName(w *walk.Walker, part int, b []byte, depth int) error {
	kind, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	if id != mapiLongName && id != mapiDisplayName || kind != 0x1e && kind != 0x1f {
		return w.Stop
	}
	size := int(binary.LittleEndian.Uint32(b[8:]))
	if size <= 0 || size > min(len(b)-12, 1024) {
		return w.Stop
	}
	name := b[12 : 12+size]
	if kind == 0x1f {
		wide := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		name, _ = wide.NewDecoder().Bytes(name) // faults become U+FFFD
	}
	if plain := string(bytes.TrimRight(name, "\x00")); text.NamesProgram(plain) {
		return w.Unread(part, plain, depth)
	}
	return w.Stop
}

// showProperty shows the value of one property.
func showProperty(w *walk.Walker, part int, id uint16, r io.Reader, size int64, depth int) error {
	switch id {
	case mapiBodyHTML:
		return w.Random(r, func(s *io.SectionReader) error {
			return mail.Text(w, part, text.HTML, mail.MediaType{Name: "text/html"}, "", nil, mail.Opened(s), depth)
		})
	case mapiRTF:
		b, err := io.ReadAll(io.LimitReader(r, maxMAPI))
		plain, ok := inflateRTF(b)
		if !ok {
			w.Doubt(text.Damaged)
		}
		return walk.First(RTF(w, part, -1, w.Inflating(bytes.NewReader(plain))), err)
	}
	return w.Member("", r, depth)
}

// rtfSeed is what the window of compressed rich text begins with ([MS-OXRTFCP] section 2.1.2.1).
const rtfSeed = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// maxRTF bounds what rich text is decompressed to, in bytes. Seventeen of a bit more than
// two are the most that the format gives.
const maxRTF = 32 << 20

// inflateRTF decompresses rich text ([MS-OXRTFCP] section 2.2), and reports whether it is
// whole. What comes before a fault is given all the same.
func inflateRTF(b []byte) (_ []byte, ok bool) {
	if len(b) < 16 {
		return nil, false
	}
	size := min(int(binary.LittleEndian.Uint32(b[4:])), maxRTF)
	kind := string(b[8:12])
	b = b[16:]
	if kind == "MELA" {
		return b[:min(size, len(b))], size <= len(b)
	}
	if kind != "LZFu" {
		return nil, false
	}
	var window [4096]byte
	at := copy(window[:], rtfSeed)
	var plain []byte
	put := func(c byte) {
		window[at&4095] = c
		at++
		plain = append(plain, c)
	}
	for len(b) > 0 && len(plain) < size {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(plain) < size; bit++ {
			if control>>bit&1 == 0 {
				if len(b) < 1 {
					return plain, false
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return plain, false
			}
			from, n := int(b[0])<<4|int(b[1])>>4, int(b[1]&15)+2
			b = b[2:]
			if from == at&4095 {
				return plain, true // the end
			}
			for range n {
				put(window[from&4095])
				from++
			}
		}
	}
	return plain, len(plain) >= size
}
