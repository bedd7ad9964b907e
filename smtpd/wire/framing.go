package wire

import "bytes"

// framer finds the end of a body that is sent by DATA, and takes dot-stuffing off (RFC
// 5321 section 4.5.2).
type framer struct {
	at       lineState
	cr       bool // the last byte was a CR
	smuggled bool // a lone dot stood next to a bare LF: SMTP smuggling
}

type lineState uint8

const (
	afterCRLF    lineState = iota // at the start of a line, or of the body
	afterLF                       // at the start of a line that followed a bare LF
	dotAfterCRLF                  // the line so far is a dot, which is held back
	dotAfterLF                    // the line so far is a dot, which is content
	inLine
)

// data copies content from src to dst, as far as either goes, and says how much it wrote
// and read and whether this was the end of the body: CRLF "." CRLF and nothing else. dst
// needs room for two bytes.
func (f *framer) data(dst, src []byte) (nd, ns int, end bool) {
	for ns < len(src) && len(dst)-nd >= 2 {
		if k := f.plain(dst[nd:], src[ns:]); k > 0 {
			nd, ns = nd+k, ns+k
			continue
		}
		c := src[ns]
		ns++
		if f.at == dotAfterCRLF {
			switch {
			case f.cr && c == '\n':
				return nd, ns, true
			case f.cr: // the dot was stuffing, the CR is content
				dst[nd] = '\r'
				nd++
				f.at, f.cr = inLine, false
			case c == '\r':
				f.cr = true
				continue
			case c == '\n':
				f.smuggled = true
			case c == '.':
				f.at = inLine
			}
		}
		switch {
		case c == '\n':
			f.smuggled = f.smuggled || f.at == dotAfterLF
			f.at = afterLF
			if f.cr {
				f.at, f.cr = afterCRLF, false
			}
		case c == '\r':
			if f.cr {
				f.at = inLine
			}
			f.cr = true
		case c == '.' && !f.cr && f.at == afterCRLF:
			f.at = dotAfterCRLF
			continue
		case c == '.' && !f.cr && f.at == afterLF:
			f.at = dotAfterLF
		default:
			f.at, f.cr = inLine, false
		}
		dst[nd] = c
		nd++
	}
	return nd, ns, false
}

// plain copies as much of src as is the middle of a line and says how much that was.
func (f *framer) plain(dst, src []byte) int {
	if f.at != inLine || f.cr {
		return 0
	}
	if len(src) > len(dst) {
		src = src[:len(dst)]
	}
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		src = src[:i]
	}
	if i := bytes.IndexByte(src, '\r'); i >= 0 {
		src = src[:i]
	}
	return copy(dst, src)
}
