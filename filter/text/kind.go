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
