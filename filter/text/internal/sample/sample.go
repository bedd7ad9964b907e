package sample

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf16"
)

// YEnc encodes a file as draft 1.3 of yEnc says, in parts of a size, with what a careful
// encoder escapes beside what it has to: blanks at the ends of lines, and a dot at the
// beginning of one if dots is set.
func YEnc(name, content string, part, width int, dots bool) string {
	var b strings.Builder
	total := max(1, (len(content)+part-1)/part)
	for n := range total {
		piece := content[n*part : min(len(content), (n+1)*part)]
		if total > 1 {
			fmt.Fprintf(&b, "=ybegin part=%d total=%d line=%d size=%d name=%s\r\n=ypart begin=%d end=%d\r\n", n+1,
				total, width, len(content), name, n*part+1, n*part+len(piece))
		} else {
			fmt.Fprintf(&b, "=ybegin line=%d size=%d name=%s\r\n", width, len(content), name)
		}
		column := 0
		for i := range len(piece) {
			c := piece[i] + 42
			last := column >= width-1 || i == len(piece)-1
			if c == 0 || c == '\r' || c == '\n' || c == '=' || (c == ' ' || c == '\t') && (column == 0 || last) ||
				c == '.' && column == 0 && dots {
				b.WriteByte('=')
				c += 64
				column++
			}
			b.WriteByte(c)
			if column++; column >= width {
				b.WriteString("\r\n")
				column = 0
			}
		}
		if column > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "=yend size=%d part=%d pcrc32=%08x\r\n", len(piece), n+1, crc32.ChecksumIEEE([]byte(piece)))
	}
	return b.String()
}

// EveryByte is a text file of words between all bytes there are.
func EveryByte() string {
	var b strings.Builder
	b.WriteString("begin van het bestand ")
	for c := range 256 {
		b.WriteByte(byte(c))
	}
	return b.String() + " einde van het bestand"
}

// CompressedRTF is rich text in the form that Outlook keeps, as literals; a reference to
// the seed is in the place of its beginning.
func CompressedRTF(s string) string {
	b := []byte{1, 0, 0, 0}
	b = append(b, "LZFu\x00\x00\x00\x00"...)
	b = append(b[:4], append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), b[4:]...)...)
	rest := []byte(s)
	const head = "{\\rtf1\\ansi\\mac" // 15 characters of the seed
	first := true
	for len(rest) > 0 {
		control := len(b)
		b = append(b, 0)
		for bit := 0; bit < 8 && len(rest) > 0; bit++ {
			if first && strings.HasPrefix(s, head) {
				b[control] |= 1 << bit
				b = append(b, 0, byte(len(head)-2))
				rest = rest[len(head):]
			} else {
				b = append(b, rest[0])
				rest = rest[1:]
			}
			first = false
		}
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return string(b)
}

// UTF16LE writes a text in UTF-16, the low byte first.
func UTF16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}
