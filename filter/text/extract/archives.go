package extract

import (
	"bytes"
	"strconv"
	"strings"
)

// beginsTar reports whether a file begins with the header of a tar: by its mark, or, before POSIX, by its sum.
func beginsTar(head []byte, _ bool) bool {
	const size, sumAt, sumEnd = 512, 148, 156
	if len(head) < size {
		return false
	}
	if string(head[257:262]) == "ustar" {
		return true
	}
	want, err := strconv.ParseInt(strings.Trim(string(head[sumAt:sumEnd]), " \x00"), 8, 64)
	if err != nil || head[0] == 0 {
		return false
	}
	sum := int64(0)
	for i, c := range head[:size] {
		if i >= sumAt && i < sumEnd {
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}

// beginsOldArchive reports whether a file is one of ARJ, ACE or LHA.
func beginsOldArchive(head []byte, textual bool) bool {
	if textual || len(head) < 24 {
		return false
	}
	method := head[2:7]
	return bytes.HasPrefix(head, []byte("\x60\xea")) || string(head[7:14]) == "**ACE**" ||
		method[0] == '-' && method[1] == 'l' && (method[2] == 'h' || method[2] == 'z') && method[4] == '-'
}
