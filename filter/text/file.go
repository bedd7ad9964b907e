package text

import (
	"bytes"
	"io"
	"path"
	"strings"
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
	KindOLE     FileKind = "ole"    // doc, xls, msg
	KindPDF     FileKind = "pdf"
	KindRTF     FileKind = "rtf"
	KindGzip    FileKind = "gzip"
	KindTar     FileKind = "tar"
	KindArchive FileKind = "archive" // rar, 7z and others that are not looked into
	KindProgram FileKind = "program"
	KindScript  FileKind = "script"
	KindMedia   FileKind = "media" // pictures, sound, video, fonts
	KindUnknown FileKind = "unknown"
)

// magics are the first bytes of kinds. Longer ones come first where one begins another.
var magics = []struct {
	kind  FileKind
	bytes string
}{
	{KindZip, "PK\x03\x04"}, {KindZip, "PK\x05\x06"},
	{KindOLE, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{KindPDF, "%PDF-"}, {KindRTF, "{\\rt"}, {KindGzip, "\x1f\x8b"},
	{KindArchive, "Rar!\x1a\x07"}, {KindArchive, "7z\xbc\xaf\x27\x1c"}, {KindArchive, "MSCF"},
	{KindArchive, "BZh"}, {KindArchive, "\xfd7zXZ\x00"}, {KindArchive, "\x28\xb5\x2f\xfd"},
	{KindProgram, "MZ"}, {KindProgram, "\x7fELF"}, {KindProgram, "\xcf\xfa\xed\xfe"}, {KindProgram, "\xfe\xed\xfa\xcf"},
	{KindProgram, "\xca\xfe\xba\xbe"}, {KindProgram, "L\x00\x00\x00\x01\x14\x02\x00"}, // Java class, Windows shortcut
	{KindScript, "#!"},
	{KindMedia, "\x89PNG"}, {KindMedia, "\xff\xd8\xff"}, {KindMedia, "GIF8"}, {KindMedia, "RIFF"}, {KindMedia, "BM"},
	{KindMedia, "ID3"}, {KindMedia, "OggS"}, {KindMedia, "\x00\x00\x01\x00"}, {KindMedia, "II*\x00"}, {KindMedia, "MM\x00*"},
}

// kindOf tells what a file is by its first bytes, and by its name where content does
// not tell.
func kindOf(head []byte, name string) FileKind {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return KindTar
	}
	if len(head) > 12 && string(head[4:8]) == "ftyp" {
		return KindMedia
	}
	trimmed := bytes.ToLower(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n"))
	ext := extension(name)
	switch {
	case bytes.HasPrefix(trimmed, []byte("<!doctype html")) || bytes.HasPrefix(trimmed, []byte("<html")) ||
		ext == ".html" || ext == ".htm" || ext == ".xhtml" || ext == ".svg":
		return KindHTML
	case ext == ".eml":
		return KindMessage
	case looksLikeText(head):
		return KindText
	}
	return KindUnknown
}

// looksLikeText reports whether there are no control characters, or UTF-16.
func looksLikeText(head []byte) bool {
	if utf16Of(head) != nil {
		return true
	}
	odd := 0
	for _, c := range head {
		if c == 0 {
			return false
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			odd++
		}
	}
	return odd*50 <= len(head)
}

func extension(name string) string { return strings.ToLower(path.Ext(strings.TrimRight(name, ". "))) }

// programExtensions are run by a double click on a computer of a school.
var programExtensions = set(".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".msi", ".msp", ".cpl", ".dll", ".jar",
	".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".ps1", ".psm1", ".lnk", ".reg", ".scf", ".url", ".iso", ".img",
	".vhd", ".vhdx", ".appx", ".msix", ".chm", ".application", ".gadget", ".inf", ".one", ".xll", ".settingcontent-ms")

// file shows a file by what it is, and lists it.
func (w *walker) file(a Attachment, charset string, r *io.SectionReader, size int64, depth int) error {
	part, err := w.part()
	if err != nil {
		return err
	}
	head := make([]byte, min(size, 512))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	name := a.Name.Reveal()
	a.Kind = kindOf(head, name)
	a.Executable = a.Kind == KindProgram || programExtensions[extension(name)]
	at := w.list(a)
	if depth > w.limits.Depth {
		w.report.uninspectable(TooDeep)
		return nil
	}
	switch a.Kind {
	case KindText, KindScript:
		return w.text(part, "text/plain", charset, r)
	case KindHTML:
		decoded, _ := decodeCharset(charset, r)
		return w.html(part, decoded)
	case KindMessage:
		return w.message(r, depth+1)
	case KindZip:
		return w.zip(part, at, r, depth)
	case KindOLE:
		return w.ole(part, at, r)
	case KindRTF:
		return w.rtf(part, r)
	case KindGzip:
		return w.gzip(name, r, depth)
	case KindTar:
		return w.tar(part, r, depth)
	case KindPDF:
		return w.pdf(part, at, r)
	case KindMedia, KindProgram:
		return nil // holds no text that a person wrote
	}
	w.report.uninspectable(UnknownFormat)
	return w.strings(part, r)
}

// list adds an attachment to the report and returns it there, to be filled in.
func (w *walker) list(a Attachment) *Attachment {
	if len(w.report.Attachments) >= maxListed {
		w.report.Incomplete = true
		return &Attachment{}
	}
	if w.report.Attachments == nil {
		w.report.Attachments = make([]Attachment, 0, 8)
	}
	w.report.Attachments = append(w.report.Attachments, a)
	return &w.report.Attachments[len(w.report.Attachments)-1]
}
