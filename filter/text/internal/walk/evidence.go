package walk

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"sluis/filter/text"
)

// A file may stand in a text, whatever the text is: in a script, a calendar, an address card, the address of a picture.
// Base64 and hexadecimal digits are taken for one where what they stand for begins as files do, or where the text says
// what they are. The file is read after the rest, as if it were attached.

// Sizes of the digits that are taken for a file, in bytes.
const (
	minDigits  = 32  // a run of them; shorter ones are words
	longDigits = 512 // a run in which a file may begin anywhere
	preceding  = 200 // of the text before a run that says what it is
)

// base64Digit says which characters are digits of base64.
var base64Digit = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		is[c] = true
	}
	return is
}()

// evidence looks for files in what is shown of a text from a place on. b begins with what was shown before.
func (o *Out) evidence(b []byte, from int) {
	if o.found != nil {
		n, ended := o.found.decode(b[from:])
		if from += n; !ended {
			return
		}
		o.found.end()
		o.found = nil
	}
	for at := max(from-minDigits, 0); at < len(b); {
		start, end := nextRun(b, at, from)
		if start < 0 {
			return
		}
		f, begin := o.begins(b, start, end)
		if f == nil {
			at = end
			continue
		}
		n, ended := f.decode(b[begin:])
		if at = begin + n; !ended {
			o.found = f
			return
		}
		f.end()
	}
}

// nextRun returns the next run of digits that does not begin before a place and ends after another.
func nextRun(b []byte, at, after int) (start, end int) {
	for i := at + minDigits - 1; i < len(b); i += minDigits {
		if !base64Digit[b[i]] {
			continue
		}
		for start = i; start > at && base64Digit[b[start-1]]; start-- {
		}
		for end = i; end < len(b) && base64Digit[b[end]]; end++ {
		}
		if end-start >= minDigits && end > after {
			return start, end
		}
		i = end
	}
	return -1, -1
}

// longRun is the size of a run of digits that a page carries for a purpose.
const longRun = 1024

// Carried returns what the first long run of digits in a script stands for that is no picture and no text; "" if there
// is none.
func (w *Walker) Carried(script []byte) text.FileKind {
	for at := 0; ; {
		start, end := nextRun(script, at, 0)
		if start < 0 {
			return ""
		}
		if at = end; end-start < longRun {
			continue
		}
		for _, digits := range []decoder{&hexDigits{}, &base64Digits{}} {
			head, _, _ := digits.append(nil, script[start:start+longRun])
			if len(head) < longRun/4 || bytes.HasPrefix(head, []byte("\x00asm")) {
				continue // other digits, or a library
			}
			switch kind := w.Formats.KindOf(head, ""); kind {
			case text.KindMedia, text.KindText, text.KindHTML:
			default:
				return kind
			}
			break
		}
	}
}

// begins returns the file that a run of digits begins, and where; nil if it begins none.
func (o *Out) begins(b []byte, start, end int) (*foundFile, int) {
	before := b[max(start-preceding, 0):start]
	said, picture := says(before)
	if picture {
		return nil, 0
	}
	if said || likely[string(b[start:start+3])] {
		if f := o.try(b, start, before, said); f != nil {
			return f, start
		}
	}
	if end-start < longDigits {
		return nil, 0
	}
	for _, at := range marksIn(b[start:end], start) {
		if f := o.try(b, at, before, false); f != nil {
			return f, at
		}
	}
	return nil, 0
}

// try returns the file that digits begin at a place, nil if they begin none.
func (o *Out) try(b []byte, at int, before []byte, said bool) *foundFile {
	for _, digits := range []decoder{&base64Digits{}, &hexDigits{}} {
		head, _, _ := digits.append(nil, b[at:min(len(b), at+maxHead)])
		if kind := o.w.Formats.KindOf(head, ""); worth(kind, head, said) {
			f := o.w.begin(o.part, nameIn(before), digits.fresh())
			f.icon = said && bytes.Contains(before, []byte("data:image/svg"))
			return f
		}
	}
	return nil
}

// likely are the first three digits of the files that are read wherever they stand.
var likely = func() map[string]bool {
	m := map[string]bool{}
	for _, digits := range strings.Fields("UEs UmF TVo TVp TVq TVr TAA TVN 0M8 JVB e1x H4s N3q f0V /Td KLU z/r zvr " +
		"yv6 /u3 PCF PGh PHN PD9 QWN SVR W0l 4d5 4D5 504 d0c D0C 255 526 377 1f8 1F8 7f4 7F4 4c0 4C0 efb 3c6 3C6") {
		m[digits] = true
	}
	return m
}()

// maxHead is the size of the digits that decide what they stand for.
const maxHead = 1400

// words say that digits follow which stand for a file.
var words = [][]byte{[]byte("base64"), []byte("encoding=b"), []byte("atob(")}

// says reports whether a text says that the digits after it stand for a file, and whether this is a picture.
func says(before []byte) (said, picture bool) {
	if len(before) == 0 || !bytes.ContainsAny(before[len(before)-1:], ",:;\"'( \n") {
		return false, false
	}
	before = bytes.ToLower(before[max(len(before)-64, 0):])
	for _, word := range words {
		if i := bytes.LastIndex(before, word); i >= 0 && !bytes.ContainsAny(before[i+len(word):], ".<>") {
			said = true
		}
	}
	i := bytes.LastIndex(before, []byte("data:"))
	if i < 0 {
		return said, false
	}
	kind := before[i+len("data:"):]
	for _, k := range []string{"image/", "audio/", "video/", "font/"} {
		picture = picture || bytes.HasPrefix(kind, []byte(k)) && !bytes.HasPrefix(kind, []byte("image/svg"))
	}
	return said, picture
}

var nameParameter = regexp.MustCompile(`(?i)name\*?=["']?([^"';:\r\n]{1,200})`)

// nameIn returns the name that a text gives to the file after it.
func nameIn(before []byte) string {
	all := nameParameter.FindAllSubmatch(before, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

// marks are how files begin in base64, each so long that chance does not write it.
var marks = [][]byte{[]byte("TVqQAAMA"), []byte("TVpQAAIA"), []byte("TVoAAAAA"), []byte("TVqAAAEA"),
	[]byte("UEsDBBQA"), []byte("UEsDBAoA"), []byte("JVBERi0x"), []byte("0M8R4KGx"), []byte("UmFyIRoH"), []byte("N3q8ryc"), []byte("H4sIAAAA"),
	[]byte("f0VMRgI"), []byte("f0VMRgE"), []byte("TAAAAAEUAg"), []byte("TVNDRgAA"), []byte("4d5a9000"), []byte("4D5A9000"),
	[]byte("504b0304"), []byte("504B0304")}

// marksIn returns the places of marks in a run that begins at a place.
func marksIn(run []byte, start int) (places []int) {
	for _, m := range marks {
		if i := bytes.Index(run, m); i > 0 {
			places = append(places, start+i)
		}
	}
	slices.Sort(places)
	return places
}

// worth reports whether what digits stand for is read as a file: it holds others, or runs. If the text says that it is
// a file it is read whatever it is, but for pictures.
func worth(kind text.FileKind, head []byte, said bool) bool {
	const least = 16
	switch {
	case len(head) < least:
		return false
	case kind == text.KindProgram && head[0] == 'M':
		// Two letters are chance; programs have zeros in their first bytes.
		return bytes.Count(head[:min(len(head), 64)], []byte{0}) >= 16
	case said:
		return kind != text.KindMedia
	}
	switch kind {
	case text.KindZip, text.KindOffice, text.KindOLE, text.KindPDF, text.KindRTF, text.KindGzip, text.Kind7z,
		text.KindRar, text.KindXZ, text.KindZstd, text.KindCab, text.KindProgram, text.KindOpener, text.KindDisk,
		text.KindHTML, text.KindActiveMime:
		return true
	}
	return false
}
