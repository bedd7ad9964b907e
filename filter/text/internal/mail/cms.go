package mail

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"sluis/filter/text/internal/walk"
)

// BeginsCMS reports whether a file is in the cryptographic message syntax of S/MIME (RFC 5652), by its first bytes: a
// sequence in BER that begins with one of its types.
func BeginsCMS(head []byte) bool {
	if len(head) == 0 || head[0] != tagSequence {
		return false
	}
	e, err := readElement(bytes.NewReader(head), make([]byte, maxElementHead), 0, 1<<62)
	return err == nil && (bytes.HasPrefix(head[e.begin:], oidPKCS7) || bytes.HasPrefix(head[e.begin:], oidSMIME))
}

// The object identifiers of types, up to their last octet.
var (
	oidPKCS7 = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07}             // 1.2.840.113549.1.7
	oidSMIME = []byte{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01} // …1.9.16.1
)

// CMS shows what everybody can read in a file of S/MIME: the content of one that is signed or compressed only. One
// that is encrypted is named as such; a signature alone has no content.
func CMS(w *walk.Walker, at int, name string, r *io.SectionReader, depth int) error {
	kind, content, err := openCMS(r)
	if w.Stop != nil {
		return w.Stop
	}
	switch {
	case err != nil:
		return w.Damage(err)
	case kind == cmsEncrypted:
		w.Encrypted(at)
	case content == nil: // a signature beside what it is of, or a list of certificates
	case kind == cmsCompressed:
		z, err := zlib.NewReader(content)
		if err != nil {
			return w.Damage(err)
		}
		return w.Damage(w.Random(w.Inflating(z), func(s *io.SectionReader) error {
			return showSigned(w, name, s, depth)
		}))
	default:
		return w.Damage(w.Random(content, func(s *io.SectionReader) error { return showSigned(w, name, s, depth) }))
	}
	return nil
}

// showSigned shows the content of a file of S/MIME: a part of a message, or in a file that was signed by itself another
// file, whose name is that of the signed one without its last extension.
func showSigned(w *walk.Walker, name string, r *io.SectionReader, depth int) error {
	if beginsMessage(r) {
		w.EnterFile()
		defer w.Leave()
		return showMessage(w, r, depth+1, nil)
	}
	if ext := path.Ext(name); slices.Contains([]string{".p7m", ".p7s", ".p7", ".p7z"}, strings.ToLower(ext)) {
		name = strings.TrimSuffix(name, ext)
	}
	return w.Member(name, r, depth)
}

// cmsKind is what a type of CMS is to a reader without keys.
type cmsKind int

const (
	cmsData   cmsKind = iota // nothing but the content
	cmsSigned                // or with a digest, or a code for who knows a secret
	cmsCompressed
	cmsEncrypted
)

// kindOfCMS returns what an object identifier of a type stands for.
func kindOfCMS(oid []byte) (cmsKind, error) {
	if last, ok := bytes.CutPrefix(oid, oidPKCS7[2:]); ok && len(last) == 1 {
		switch last[0] {
		case 1:
			return cmsData, nil
		case 2, 5:
			return cmsSigned, nil
		case 3, 4, 6: // enveloped, signed and enveloped, encrypted
			return cmsEncrypted, nil
		}
	}
	if last, ok := bytes.CutPrefix(oid, oidSMIME[2:]); ok && len(last) == 1 {
		switch last[0] {
		case 2:
			return cmsSigned, nil
		case 9:
			return cmsCompressed, nil
		case 23: // authenticated and enveloped
			return cmsEncrypted, nil
		}
	}
	return 0, errBER
}

var errBER = errors.New("no structure of CMS that is known")

// openCMS finds the content of a ContentInfo (RFC 5652 section 3). The content is nil if there is none.
func openCMS(r *io.SectionReader) (kind cmsKind, content io.Reader, err error) {
	d := berReader{r: &window{r: r}, end: r.Size()}
	d.enter(tagSequence)
	oid := d.octets(tagOID)
	if d.err != nil {
		return 0, nil, d.err
	}
	if kind, err = kindOfCMS(oid); err != nil || kind == cmsEncrypted {
		return kind, nil, err
	}
	d.enter(tagContext0)
	if kind == cmsData {
		return kind, &berString{d: d, ends: []int64{d.end}}, d.err
	}
	d.enter(tagSequence)
	for d.more() { // the version, algorithms, recipients: whatever stands before the content
		if c, ok := encapsulated(d); ok {
			return kind, c, nil
		}
		d.skip(0)
	}
	return kind, nil, d.err
}

// encapsulated returns the content of an EncapsulatedContentInfo (RFC 5652 section 5.2), if that is what comes next.
func encapsulated(d berReader) (io.Reader, bool) {
	if d.peek().tag != tagSequence {
		return nil, false
	}
	d.enter(tagSequence)
	d.skip(tagOID)
	if !d.more() || d.peek().tag != tagContext0 {
		return nil, false
	}
	d.enter(tagContext0)
	return &berString{d: d, ends: []int64{d.end}}, d.err == nil
}
