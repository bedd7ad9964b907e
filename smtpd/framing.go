package smtpd

import "bytes"

// framer knows where lines of a body start and end. It turns a body as the client sends
// it into one that go-smtp's own reader cannot misread: that reader misses the end of
// data after CR CR LF and loses carriage returns after a lone dot, so no bare CR may
// reach it. Each becomes a space and is remembered; such a message is refused.
type framer struct {
	at       lineState
	cr       bool   // a CR was read; what it is depends on the next byte
	bareCR   bool   // a CR stood alone
	smuggled bool   // a lone dot stood next to a bare LF: SMTP smuggling
	repaired uint32 // bare LFs that chunk made CRLF
}

type lineState uint8

const (
	afterCRLF    lineState = iota // at the start of a line, or of the body
	afterLF                       // at the start of a line that followed a bare LF
	dotAfterCRLF                  // the line so far is a dot
	dotAfterLF
	inLine
)

// data copies a body that ends with CRLF "." CRLF (RFC 5321 section 4.5.2) from src to
// dst, as far as either goes, and says how much it wrote and read and whether this was
// the end of the body. dst needs room for two bytes.
func (f *framer) data(dst, src []byte) (nd, ns int, end bool) {
	for ns < len(src) && len(dst)-nd >= 2 {
		if k := f.plain(dst[nd:], src[ns:]); k > 0 {
			nd, ns = nd+k, ns+k
			continue
		}
		c := src[ns]
		ns++
		switch {
		case f.cr && c == '\n':
			f.cr = false
			nd += copy(dst[nd:], "\r\n")
			if f.at == dotAfterCRLF {
				return nd, ns, true
			}
			f.smuggled = f.smuggled || f.at == dotAfterLF
			f.at = afterCRLF
			continue
		case f.cr:
			f.cr, f.bareCR, f.at = false, true, inLine
			dst[nd] = ' '
			nd++
		}
		switch c {
		case '\r':
			f.cr = true
			continue
		case '\n':
			f.smuggled = f.smuggled || f.at == dotAfterCRLF || f.at == dotAfterLF
			f.at = afterLF
		case '.':
			f.at = afterDot[f.at]
		default:
			f.at = inLine
		}
		dst[nd] = c
		nd++
	}
	return nd, ns, false
}

var afterDot = [...]lineState{
	afterCRLF: dotAfterCRLF, afterLF: dotAfterLF,
	dotAfterCRLF: inLine, dotAfterLF: inLine, inLine: inLine,
}

// chunk copies counted bytes (RFC 3030) from src to dst in the form of data, that is
// with dots stuffed, so that go-smtp sees one kind of body only. It repairs bare LFs
// itself: a body that ends with one has its last line end already.
func (f *framer) chunk(dst, src []byte) (nd, ns int) {
	for ns < len(src) && len(dst)-nd >= 2 {
		if k := f.plain(dst[nd:], src[ns:]); k > 0 {
			nd, ns = nd+k, ns+k
			continue
		}
		c := src[ns]
		ns++
		switch {
		case f.cr && c == '\n':
			f.cr, f.at = false, afterCRLF
			nd += copy(dst[nd:], "\r\n")
			continue
		case f.cr:
			// Now c is next again, with room for what it becomes.
			f.cr, f.bareCR, f.at = false, true, inLine
			dst[nd] = ' '
			nd, ns = nd+1, ns-1
			continue
		}
		switch c {
		case '\r':
			f.cr = true
			continue
		case '\n':
			f.at = afterCRLF
			f.repaired++
			nd += copy(dst[nd:], "\r\n")
			continue
		}
		if c == '.' && f.at == afterCRLF {
			dst[nd] = '.'
			nd++
		}
		f.at = inLine
		dst[nd] = c
		nd++
	}
	return nd, ns
}

// finish returns what ends a body of chunks, after a last line that lacks its CRLF too.
func (f *framer) finish() []byte {
	switch {
	case f.cr:
		f.bareCR = true
		return []byte(" \r\n.\r\n")
	case f.at != afterCRLF:
		return []byte("\r\n.\r\n")
	}
	return []byte(".\r\n")
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
