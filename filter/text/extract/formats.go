package extract

import (
	"bytes"
	"io"
	"slices"

	"sluis/filter/text"
	"sluis/filter/text/internal/archive"
	"sluis/filter/text/internal/document"
	"sluis/filter/text/internal/mail"
	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

// formats are all formats, in the order in which they are tried.
var formats = walk.Formats{
	{
		Kind:  text.KindZip,
		Magic: walk.Begin("PK\x03\x04", "PK\x05\x06", "PK00PK\x03\x04"),
		// Bytes before an archive are no hindrance to readers of zip.
		Extensions: []string{".zip", ".docx", ".docm", ".dotx", ".dotm", ".xlsx", ".xlsm", ".xlsb", ".xltx", ".xltm", ".pptx",
			".pptm", ".ppsx", ".ppsm", ".odt", ".ods", ".odp", ".odg", ".ott", ".epub", ".jar", ".apk"},
		Read: zipFile,
	},
	{Kind: text.KindOffice, Read: zipFile}, // a zip by its magic, told apart by what is in it
	{
		Kind:      text.KindOLE,
		Magic:     walk.Begin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		Sandboxed: true,
		Read:      func(w *walk.Walker, c walk.Content) error { return document.OLE(w, c.Part, c.At, c.R, c.Depth) },
	},
	{
		Kind:  text.KindRTF,
		Magic: walk.Begin("{\\rt"),
		Read:  func(w *walk.Walker, c walk.Content) error { return document.RTF(w, c.Part, c.At, walk.Fresh(c.R)) },
	},
	{Kind: text.KindGzip, Magic: walk.Begin("\x1f\x8b"), Read: packedBy(archive.OpenGzip)},
	{Kind: text.KindBzip2, Magic: walk.BeginBinary("BZh"), Read: packedBy(archive.OpenBzip2)},
	{Kind: text.KindXZ, Magic: walk.Begin("\xfd7zXZ\x00"), Sandboxed: true, Read: packedBy(archive.OpenXZ)},
	{Kind: text.KindZstd, Magic: walk.Begin("\x28\xb5\x2f\xfd"), Read: packedBy(archive.OpenZstd)},
	{
		Kind:      text.KindRar,
		Magic:     walk.Begin("Rar!\x1a\x07"),
		Sandboxed: true,
		Read:      func(w *walk.Walker, c walk.Content) error { return archive.Rar(w, c.Part, c.At, c.R, c.Depth) },
	},
	{
		Kind:      text.Kind7z,
		Magic:     walk.Begin("7z\xbc\xaf\x27\x1c"),
		Sandboxed: true,
		Read: func(w *walk.Walker, c walk.Content) error {
			return archive.SevenZip(w, c.Part, c.At, c.R, c.Depth)
		},
	},
	{
		Kind:  text.KindTNEF,
		Magic: walk.Begin("\x78\x9f\x3e\x22"),
		Read:  func(w *walk.Walker, c walk.Content) error { return document.TNEF(w, c.Part, c.R, c.Depth) },
	},
	{
		Kind:  text.KindCab,
		Magic: walk.Begin("MSCF\x00"),
		Read:  func(w *walk.Walker, c walk.Content) error { return archive.Cab(w, c.Part, c.R, c.Depth) },
	},
	{
		Kind:  text.KindActiveMime,
		Magic: walk.Begin("ActiveMime"),
		Read: func(w *walk.Walker, c walk.Content) error {
			return document.ActiveMime(w, c.Part, c.R, c.Depth)
		},
	},
	{
		Kind:  text.KindOneNote,
		Magic: walk.Begin("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"),
		Read:  func(w *walk.Walker, c walk.Content) error { return document.OneNote(w, c.Part, c.R, c.Depth) },
	},
	{
		Kind:   text.KindOldArc,
		Begins: beginsOldArchive,
		Read:   func(w *walk.Walker, c walk.Content) error { return archive.Old(w, c.Part, c.R, c.Depth) },
	},
	{
		Kind:      text.KindPDF,
		Begins:    beginsPDF,
		Sandboxed: true,
		Read:      func(w *walk.Walker, c walk.Content) error { return document.PDF(w, c.Part, c.At, c.R, c.Depth) },
	},
	{
		Kind:   text.KindTar,
		Begins: beginsTar,
		Read:   func(w *walk.Walker, c walk.Content) error { return archive.Tar(w, c.Part, c.R, c.Depth) },
	},
	{
		Kind: text.KindProgram,
		Magic: append(walk.BeginBinary("MZ"), walk.Begin("\x7fELF",
			"\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce",
			"\xca\xfe\xba\xbe",                            // Mach-O of several machines, or a Java class
			"L\x00\x00\x00\x01\x14\x02\x00",               // a Windows shortcut
			"ITSF", "\xed\xab\xee\xdb", "!<arch>\ndebian", // compiled help; packages of Linux
			"MSWIM\x00\x00\x00")...), // an image of Windows
		Read: unreadable,
	},
	{
		Kind:   text.KindDisk,
		Magic:  walk.Begin("vhdxfile", "conectix"),
		Begins: beginsDisk,
		Read:   func(w *walk.Walker, c walk.Content) error { return archive.Disk(w, c.Part, c.R, c.Depth) },
	},
	{Kind: text.KindOpener, Begins: beginsOpener, Textual: true, Read: textFile},
	{
		Kind:   text.KindCMS,
		Begins: func(head []byte, _ bool) bool { return mail.BeginsCMS(head) },
		Read:   func(w *walk.Walker, c walk.Content) error { return mail.CMS(w, c.At, c.Name.Reveal(), c.R, c.Depth) },
	},
	{
		Kind:       text.KindPGP,
		Extensions: []string{".pgp", ".gpg"},
		Read: func(w *walk.Walker, c walk.Content) error {
			return archive.PGP(w, c.At, c.Name.Reveal(), c.R, c.Depth)
		},
	},
	{
		Kind: text.KindSealed,
		Magic: walk.Begin("\x76\xe8\x04\x60\xc4\x11\xe3\x86", // mail with rights of Microsoft (MS-OXORMMS)
			"age-encryption.org/v", "Salted__"),
		Read: func(w *walk.Walker, c walk.Content) error { w.Encrypted(c.At); return w.Stop },
	},
	{
		Kind:  text.KindApple,
		Magic: walk.Begin("\x00\x05\x16\x00", "\x00\x05\x16\x07"),
		Read: func(w *walk.Walker, c walk.Content) error {
			return archive.Apple(w, c.Part, c.Name.Reveal(), c.R, c.Depth)
		},
	},
	media,
	plain,
	{Kind: text.KindScript, Magic: walk.Begin("#!"), Textual: true, Read: textFile},
	{
		Kind:       text.KindHTML,
		Begins:     func(head []byte, textual bool) bool { return textual && walk.BeginsHTML(head) },
		Extensions: pageExtensions,
		Textual:    true,
		Read:       textFile,
	},
	{Kind: text.KindMessage, Extensions: []string{".eml", ".mht", ".mhtml", ".mbox"}, Textual: true, Read: messageFile},
	{Kind: text.KindText, Textual: true, Read: textFile},
	{Kind: text.KindUnknown, Read: unreadable},
}

var pageExtensions = []string{".html", ".htm", ".xhtml", ".svg", ".xml", ".hta", ".shtml", ".xht"}

// beginsPDF reports whether a file is one to readers of PDF, who look for the mark in the
// first KiB; in a text that only speaks of one no object follows.
func beginsPDF(head []byte, textual bool) bool {
	i := bytes.Index(head, []byte("%PDF-"))
	return i == 0 || i > 0 && (!textual || bytes.Contains(head[i:], []byte(" obj")))
}

func zipFile(w *walk.Walker, c walk.Content) error { return archive.Zip(w, c.Part, c.At, c.R, c.Depth) }

func textFile(w *walk.Walker, c walk.Content) error {
	if err := document.Table(w, c.At, c.Name.Reveal(), walk.Fresh(c.R)); err != nil {
		return err
	}
	return mail.Text(w, c.Part, text.Contents, mail.TypeOf(c.Kind, c.Name.Reveal(), c.Head), c.Charset, nil,
		mail.Opened(c.R), c.Depth)
}

// messageFile shows a file that is a message by its name; as it is too, unless it begins as
// messages do.
func messageFile(w *walk.Walker, c walk.Content) error {
	if mail.LooksLikeHeader(c.Head) {
		return mail.Message(w, c.R, c.Depth+1)
	}
	return walk.First(w.Raw(c.Part, walk.Fresh(c.R)), mail.Message(w, c.R, c.Depth+1))
}

// packedBy returns the reader of files that are one file made smaller.
func packedBy(open func(io.Reader) (r io.Reader, name string, err error)) func(*walk.Walker, walk.Content) error {
	return func(w *walk.Walker, c walk.Content) error {
		return archive.Packed(w, c.Name.Reveal(), c.R, c.Depth, open)
	}
}

// unreadable shows what reads as text in a file of a format that no reader is for.
func unreadable(w *walk.Walker, c walk.Content) error {
	if walk.Opaque(c.Attachment) {
		return nil
	}
	if c.Kind == text.KindMedia && slices.Contains(pageExtensions, text.Extension(c.Name.Reveal())) {
		// A browser goes by the name.
		return walk.First(w.Strings(c.Part, walk.Fresh(c.R)), markup.HTML(w, c.Part, walk.Fresh(c.R)))
	}
	w.Doubt(text.UnknownFormat)
	return w.Strings(c.Part, walk.Fresh(c.R))
}

// KindHead is how many bytes of a file KindOf reads.
const KindHead = walk.HeadSize

// KindOf returns what a file is by its first bytes, and by its name where those do not decide.
func KindOf(head []byte, name string) text.FileKind {
	return formats.KindOf(head[:min(len(head), KindHead)], name)
}
