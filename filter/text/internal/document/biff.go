package document

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// Records of a workbook of Excel 97 ([MS-XLS] section 2.3) whose value is a number: these
// do not read as text, and citizen service numbers are kept in them.
const (
	biffNumber   = 0x0203
	biffRK       = 0x027e
	biffMulRK    = 0x00bd
	biffFormula  = 0x0006
	biffFilePass = 0x002f
	biffSheet    = 0x0085
	biffSupBook  = 0x01ae // what the book refers to beside itself
)

// showWorkbook shows the numbers of a workbook, a line for each.
func showWorkbook(w *walk.Walker, part, at int, r io.Reader) error {
	br, done := walk.Buffered(r)
	defer done()
	o := w.Out(part, text.Contents)
	defer o.Close()
	var head [4]byte
	for w.Stop == nil {
		if _, err := io.ReadFull(br, head[:]); err != nil {
			break // the end, or what the sweep for text has seen as well
		}
		id, size := binary.LittleEndian.Uint16(head[:]), int(binary.LittleEndian.Uint16(head[2:]))
		b, _ := br.Peek(min(size, 4096)) // less at the end
		switch {
		case id == biffFilePass:
			w.Encrypted(at)
			return o.Close()
		case (id == biffNumber || id == biffFormula) && len(b) >= 14:
			writeNumber(o, math.Float64frombits(binary.LittleEndian.Uint64(b[6:])))
		case id == biffSheet && len(b) >= 6 && b[5] == 1: // of macros, as in Excel 4
			w.Macros(at)
		case id == biffSupBook && asksService(b):
			w.Macros(at)
		case id == biffRK && len(b) >= 10:
			writeNumber(o, rkNumber(binary.LittleEndian.Uint32(b[6:])))
		case id == biffMulRK:
			for i := 4; i+8 <= len(b); i += 6 {
				writeNumber(o, rkNumber(binary.LittleEndian.Uint32(b[i+2:])))
			}
		}
		if _, err := br.Discard(size); err != nil {
			break
		}
	}
	return walk.First(o.Close(), w.Stop)
}

// asksService reports whether a record of what a book refers to is one of another program (DDE): its name and what it
// is asked, with a character between them ([MS-XLS] section 2.5.277). Objects have the name of their class, with a dot.
func asksService(b []byte) bool {
	const head = 5 // sheets, characters, and how these are written
	if len(b) <= head {
		return false
	}
	said := b[head:]
	if b[head-1]&1 != 0 {
		said = bytes.ReplaceAll(said, []byte{0}, nil)
	}
	service, _, is := bytes.Cut(said, []byte{3})
	name := strings.ToLower(string(service))
	return is && !slices.Contains(dataServices, name) && (!strings.Contains(name, ".") || text.NamesProgram(name))
}

// rkNumber returns a number in its short form ([MS-XLS] section 2.5.217).
func rkNumber(rk uint32) float64 {
	n := math.Float64frombits(uint64(rk&^3) << 32)
	if rk&2 != 0 {
		n = float64(int32(rk) >> 2)
	}
	if rk&1 != 0 {
		n /= 100
	}
	return n
}

func writeNumber(o *walk.Out, n float64) {
	var small [32]byte
	o.Write(append(strconv.AppendFloat(small[:0], n, 'f', -1, 64), '\n')) // an error ends the work
}
