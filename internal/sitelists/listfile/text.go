package listfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// maxLine bounds a line, in bytes. A longer one is skipped.
const maxLine = 1 << 20

// lines calls each for every line of a text in UTF-8, UTF-16 or Windows-1252, whose lines end in LF, CRLF or CR. A
// line that is too long is nil.
func lines(r io.Reader, each func(line []byte)) error {
	in := bufio.NewReaderSize(r, 1<<16)
	head, _ := in.Peek(64)
	if wide := utf16Of(head); wide != nil {
		in = bufio.NewReaderSize(wide.NewDecoder().Reader(in), 1<<16)
	}
	in = withoutMark(in)
	var long []byte // a line that is longer than the buffer
	tooLong := false
	for {
		piece, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, piece...); len(long) > maxLine {
				long, tooLong = long[:0], true
			}
			continue
		}
		line := piece
		if len(long) > 0 {
			long = append(long, piece...)
			line, long = long, long[:0]
		}
		switch {
		case tooLong || len(line) > maxLine:
			each(nil)
		case len(line) > 0:
			eachOf(line, each)
		}
		tooLong = false
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// withoutMark skips the byte order mark of UTF-8.
func withoutMark(in *bufio.Reader) *bufio.Reader {
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		in.Discard(3)
	}
	return in
}

// eachOf takes the ends off a line, and splits it where CR alone ends lines.
func eachOf(line []byte, each func(line []byte)) {
	line = bytes.TrimRight(line, "\r\n")
	for {
		i := bytes.IndexByte(line, '\r')
		if i < 0 {
			break
		}
		each(line[:i])
		line = line[i+1:]
	}
	each(line)
}

// utf16Of returns the encoding of a text in UTF-16; nil for another one. Without a mark, every other byte of ASCII is
// zero.
func utf16Of(head []byte) encoding.Encoding {
	head = head[:len(head)&^1]
	zero := [2]int{}
	for i, c := range head {
		if c == 0 {
			zero[i&1]++
		}
	}
	half := len(head) / 2
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), half >= 2 && zero[1] == half && zero[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), half >= 2 && zero[0] == half && zero[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

// text returns a line as a string: what is no UTF-8 is Windows-1252.
func text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(line)
	if err != nil {
		return ""
	}
	return string(s)
}
