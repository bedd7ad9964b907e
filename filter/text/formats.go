package text

import (
	"bytes"
	"io"
)

// formats are all formats, in the order in which they are tried.
var formats = formatTable{
	{
		kind:  KindZip,
		magic: begin("PK\x03\x04", "PK\x05\x06", "PK00PK\x03\x04"),
		// Bytes before an archive are no hindrance to readers of zip.
		extensions: []string{".zip", ".docx", ".docm", ".dotx", ".dotm", ".xlsx", ".xlsm", ".xlsb", ".xltx", ".xltm", ".pptx",
			".pptm", ".ppsx", ".ppsm", ".odt", ".ods", ".odp", ".odg", ".ott", ".epub", ".jar", ".apk"},
		read: (*walker).zipFile,
	},
	{kind: KindOffice, read: (*walker).zipFile}, // a zip by its magic, told apart by what is in it
	{
		kind:      KindOLE,
		magic:     begin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		sandboxed: true,
		read:      func(w *walker, c content) error { return w.ole(c.part, c.at, c.r, c.depth) },
	},
	{
		kind:  KindRTF,
		magic: begin("{\\rt"),
		read:  func(w *walker, c content) error { return w.rtf(c.part, c.at, fresh(c.r)) },
	},
	{kind: KindGzip, magic: begin("\x1f\x8b"), read: packedBy(openGzip)},
	{kind: KindBzip2, magic: beginBinary("BZh"), read: packedBy(openBzip2)},
	{kind: KindXZ, magic: begin("\xfd7zXZ\x00"), sandboxed: true, read: packedBy(openXZ)},
	{kind: KindZstd, magic: begin("\x28\xb5\x2f\xfd"), read: packedBy(openZstd)},
	{
		kind:      KindRar,
		magic:     begin("Rar!\x1a\x07"),
		sandboxed: true,
		read:      func(w *walker, c content) error { return w.rar(c.part, c.at, c.r, c.depth) },
	},
	{
		kind:      Kind7z,
		magic:     begin("7z\xbc\xaf\x27\x1c"),
		sandboxed: true,
		read:      func(w *walker, c content) error { return w.sevenZip(c.part, c.at, c.r, c.depth) },
	},
	{
		kind:  KindTNEF,
		magic: begin("\x78\x9f\x3e\x22"),
		read:  func(w *walker, c content) error { return w.tnef(c.part, c.r, c.depth) },
	},
	{
		kind:  KindCab,
		magic: begin("MSCF\x00"),
		read:  func(w *walker, c content) error { return w.cab(c.part, c.r, c.depth) },
	},
	{
		kind:      KindPDF,
		begins:    beginsPDF,
		sandboxed: true,
		read:      func(w *walker, c content) error { return w.pdf(c.part, c.at, c.r) },
	},
	{
		kind:   KindTar,
		begins: func(head []byte, _ bool) bool { return len(head) > 262 && string(head[257:262]) == "ustar" },
		read:   func(w *walker, c content) error { return w.tar(c.part, c.r, c.depth) },
	},
	{
		kind: KindProgram,
		magic: append(beginBinary("MZ"), begin("\x7fELF",
			"\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce",
			"\xca\xfe\xba\xbe",                   // Mach-O of several machines, or a Java class
			"L\x00\x00\x00\x01\x14\x02\x00")...), // a Windows shortcut
		read: (*walker).unreadable,
	},
	{
		kind: KindMedia,
		magic: append(beginBinary("GIF8", "RIFF", "BM", "ID3", "OggS", "wOF", "fLaC"), begin("\x89PNG\r\n",
			"\xff\xd8\xff", "\x00\x00\x01\x00", "II*\x00", "MM\x00*", "\xff\xfb", "\x1aE\xdf\xa3")...),
		begins: func(head []byte, textual bool) bool {
			return len(head) > 12 && string(head[4:8]) == "ftyp" && !textual
		},
		read: (*walker).unreadable,
	},
	{kind: KindScript, magic: begin("#!"), textual: true, read: (*walker).textFile},
	{
		kind:       KindHTML,
		begins:     func(head []byte, textual bool) bool { return textual && beginsHTML(head) },
		extensions: []string{".html", ".htm", ".xhtml", ".svg", ".xml", ".hta"},
		textual:    true,
		read:       (*walker).textFile,
	},
	{kind: KindMessage, extensions: []string{".eml", ".mht", ".mhtml", ".mbox"}, textual: true, read: (*walker).messageFile},
	{kind: KindText, textual: true, read: (*walker).textFile},
	{kind: KindUnknown, read: (*walker).unreadable},
}

// beginsPDF reports whether a file is one to readers of PDF, who look for the mark in the
// first KiB.
func beginsPDF(head []byte, textual bool) bool {
	i := bytes.Index(head, []byte("%PDF-"))
	return i == 0 || i > 0 && !textual
}

func (w *walker) zipFile(c content) error { return w.zip(c.part, c.at, c.r, c.depth) }

func (w *walker) textFile(c content) error {
	return w.text(c.part, Contents, typeOf(c.Kind, c.Name.Reveal(), c.head), c.charset, nil, opened(c.r), c.depth)
}

// messageFile shows a file that is a message by its name; as it is too, unless it begins as
// messages do.
func (w *walker) messageFile(c content) error {
	if looksLikeHeader(c.head) {
		return w.root(c.r, c.depth+1)
	}
	return first(w.raw(c.part, fresh(c.r)), w.root(c.r, c.depth+1))
}

// packedBy returns the reader of files that are one file made smaller.
func packedBy(open func(io.Reader) (r io.Reader, name string, err error)) func(*walker, content) error {
	return func(w *walker, c content) error { return w.packed(c.Name.Reveal(), c.r, c.depth, open) }
}

// unreadable shows what reads as text in a file of a format that no reader is for.
func (w *walker) unreadable(c content) error {
	if opaque(c.Attachment) {
		return nil
	}
	w.uninspectable(UnknownFormat)
	return w.strings(c.part, fresh(c.r))
}

// KindHead is how many bytes of a file KindOf reads.
const KindHead = headSize

// KindOf returns what a file is by its first bytes, and by its name where those do not decide.
func KindOf(head []byte, name string) FileKind {
	return formats.kindOf(head[:min(len(head), KindHead)], name)
}
