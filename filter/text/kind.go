package text

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// FileKind is what a file is by its content.
type FileKind string

// The kinds.
const (
	KindText    FileKind = "text"
	KindHTML    FileKind = "html"
	KindMessage FileKind = "message"
	KindZip     FileKind = "zip"
	KindOffice  FileKind = "office" // docx, xlsx, pptx, odt …
	KindOLE     FileKind = "ole"    // doc, xls, ppt, msg
	KindPDF     FileKind = "pdf"
	KindRTF     FileKind = "rtf"
	KindGzip    FileKind = "gzip"
	KindTar     FileKind = "tar"
	KindBzip2   FileKind = "bzip2"
	Kind7z      FileKind = "7z"
	KindRar     FileKind = "rar"
	KindXZ      FileKind = "xz"
	KindZstd    FileKind = "zstd"
	KindTNEF    FileKind = "tnef" // winmail.dat of Outlook
	KindCab     FileKind = "cab"  // of which only the names are read
	KindProgram FileKind = "program"
	KindScript  FileKind = "script"
	KindMedia   FileKind = "media" // pictures, sound, video, fonts
	KindUnknown FileKind = "unknown"
)

// headSize is how much of a file tells what it is.
const headSize = 1024

// magics are the first bytes of kinds. Those that a text could begin with count only if
// what follows is no text.
var magics = []struct {
	kind   FileKind
	bytes  string
	binary bool
}{
	{KindZip, "PK\x03\x04", false}, {KindZip, "PK\x05\x06", false}, {KindZip, "PK00PK\x03\x04", false},
	{KindOLE, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false},
	{KindRTF, "{\\rt", false}, {KindGzip, "\x1f\x8b", false},
	{KindRar, "Rar!\x1a\x07", false}, {Kind7z, "7z\xbc\xaf\x27\x1c", false}, {KindTNEF, "\x78\x9f\x3e\x22", false},
	{KindBzip2, "BZh", true}, {KindCab, "MSCF\x00", false}, {KindXZ, "\xfd7zXZ\x00", false}, {KindZstd, "\x28\xb5\x2f\xfd", false},
	{KindProgram, "MZ", true}, {KindProgram, "\x7fELF", false},
	{KindProgram, "\xcf\xfa\xed\xfe", false}, {KindProgram, "\xce\xfa\xed\xfe", false}, {KindProgram, "\xfe\xed\xfa\xcf", false},
	{KindProgram, "\xfe\xed\xfa\xce", false}, {KindProgram, "\xca\xfe\xba\xbe", false}, // Mach-O of several machines, or a Java class
	{KindProgram, "L\x00\x00\x00\x01\x14\x02\x00", false}, // a Windows shortcut
	{KindScript, "#!", false},
	{KindMedia, "\x89PNG\r\n", false}, {KindMedia, "\xff\xd8\xff", false}, {KindMedia, "GIF8", true}, {KindMedia, "RIFF", true},
	{KindMedia, "BM", true}, {KindMedia, "ID3", true}, {KindMedia, "OggS", true}, {KindMedia, "\x00\x00\x01\x00", false},
	{KindMedia, "II*\x00", false}, {KindMedia, "MM\x00*", false}, {KindMedia, "wOF", true}, {KindMedia, "fLaC", true},
	{KindMedia, "\xff\xfb", false}, {KindMedia, "\x1aE\xdf\xa3", false},
}

// kindOf tells what a file is by its first bytes, and by its name where content does
// not tell.
func kindOf(head []byte, name string) FileKind {
	text := looksLikeText(head)
	for _, m := range magics {
		if len(head) >= len(m.bytes) && string(head[:len(m.bytes)]) == m.bytes && !(m.binary && text) {
			return m.kind
		}
	}
	// Readers of PDF look for it in the first KiB.
	if i := bytes.Index(head, []byte("%PDF-")); i == 0 || i > 0 && !text {
		return KindPDF
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return KindTar
	}
	if len(head) > 12 && string(head[4:8]) == "ftyp" && !text {
		return KindMedia
	}
	ext := extension(name)
	switch {
	case !text:
		if zipExtensions[ext] {
			return KindZip // bytes before an archive are no hindrance to readers of zip
		}
		return KindUnknown
	case ext == ".html" || ext == ".htm" || ext == ".xhtml" || ext == ".svg" || ext == ".xml" || ext == ".hta" || beginsHTML(head):
		return KindHTML
	case ext == ".eml" || ext == ".mht" || ext == ".mhtml" || ext == ".mbox":
		return KindMessage
	}
	return KindText
}

// textual reports whether a part of this kind that is shown as text has been shown.
func (k FileKind) textual() bool {
	switch k {
	case KindText, KindHTML, KindMessage, KindScript, KindUnknown:
		return true
	}
	return false
}

// treacherous reports whether readers of a format are known to fail on crafted files.
func (k FileKind) treacherous() bool {
	return k == KindPDF || k == KindOLE || k == Kind7z || k == KindRar || k == KindXZ
}

// opaque reports whether a file holds no text that a person wrote. A picture with a name
// that says something else does not: it may be something else as well.
func (a Attachment) opaque() bool {
	ext := extension(a.Name.Reveal())
	return a.Kind == KindProgram || a.Kind == KindMedia && (ext == "" || mediaExtensions[ext])
}

func beginsHTML(head []byte) bool {
	head = bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<?xml", "<script", "<table", "<div"} {
		if len(head) >= len(tag) && strings.EqualFold(string(head[:len(tag)]), tag) {
			return true
		}
	}
	return false
}

// looksLikeText reports whether there are next to no control characters, or UTF-16, and
// the rest is UTF-8 or mostly ASCII.
func looksLikeText(head []byte) bool {
	if utf16Of(head) != nil {
		return true
	}
	odd, high := 0, 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b:
			odd++
		case c >= utf8.RuneSelf:
			high++
		}
	}
	if odd*50 > len(head) {
		return false
	}
	return high*3 <= len(head) || utf8.Valid(head[:max(0, len(head)-utf8.UTFMax)])
}

// extension returns the last extension of a name in lower case. What Windows drops at
// the end of a name is dropped.
func extension(name string) string {
	return strings.ToLower(path.Ext(strings.TrimRight(name, ". \t\x00")))
}

// programExtensions are run by a double click on a computer of a school.
var programExtensions = set(".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".msi", ".msp", ".cpl", ".dll", ".jar",
	".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".ps1", ".psm1", ".lnk", ".reg", ".scf", ".url", ".iso", ".img",
	".vhd", ".vhdx", ".appx", ".msix", ".chm", ".application", ".gadget", ".inf", ".one", ".xll", ".settingcontent-ms",
	".apk", ".dmg", ".pkg", ".command", ".desktop", ".sh")

var zipExtensions = set(".zip", ".docx", ".docm", ".dotx", ".dotm", ".xlsx", ".xlsm", ".xlsb", ".xltx", ".xltm", ".pptx",
	".pptm", ".ppsx", ".ppsm", ".odt", ".ods", ".odp", ".odg", ".ott", ".epub", ".jar", ".apk")

var mediaExtensions = set(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".ico", ".tif", ".tiff", ".webp", ".heic",
	".heif", ".avif", ".mp3", ".m4a", ".wav", ".ogg", ".oga", ".opus", ".flac", ".mp4", ".m4v", ".mov", ".avi", ".mkv",
	".webm", ".mpg", ".mpeg", ".3gp", ".woff", ".woff2", ".emf", ".wmf", ".wdp", ".fntdata")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// typeOf returns the media type that decides how a text file is read.
func typeOf(kind FileKind, name string, head []byte) mediaType {
	switch ext := extension(name); {
	case kind == KindHTML:
		return mediaType{name: "text/html"}
	case slices.Contains([]string{".ics", ".ical", ".vcs"}, ext), bytes.HasPrefix(head, []byte("BEGIN:VCALENDAR")):
		return mediaType{name: "text/calendar"}
	case ext == ".vcf", bytes.HasPrefix(head, []byte("BEGIN:VCARD")):
		return mediaType{name: "text/vcard"}
	}
	return mediaType{name: "text/plain"}
}
