package text

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
	KindOneNote FileKind = "onenote"
	// KindActiveMime is the macros of Office in a document that is saved as a message.
	KindActiveMime FileKind = "activemime"
	KindOldArc     FileKind = "arc" // ARJ, ACE, LHA: the same
	KindProgram    FileKind = "program"
	KindScript     FileKind = "script"
	KindOpener     FileKind = "opener" // opens or installs something elsewhere: shortcuts, remote desktops, consoles
	KindDisk       FileKind = "disk"   // disk image
	KindMedia      FileKind = "media"  // pictures, sound, video, fonts
	KindCMS        FileKind = "cms"    // S/MIME: signed, compressed or encrypted
	KindPGP        FileKind = "pgp"    // OpenPGP, the same
	KindSealed     FileKind = "sealed" // encrypted, and nothing else is known of it
	KindApple      FileKind = "apple"  // AppleSingle, AppleDouble
	KindPlain      FileKind = "plain"  // known, and without words of a person: certificates, shapes, views of folders
	KindUnknown    FileKind = "unknown"
)

var mediaExtensions = set(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".ico", ".tif", ".tiff", ".webp",
	".heic",
	".heif", ".avif", ".mp3", ".m4a", ".wav", ".ogg", ".oga", ".opus", ".flac", ".mp4", ".m4v", ".mov", ".avi", ".mkv",
	".webm", ".mpg", ".mpeg", ".3gp", ".woff", ".woff2", ".emf", ".wmf", ".wdp", ".fntdata",
	".wmv", ".wma", ".asf", ".mid", ".midi", ".kar", ".rmi", ".mp2", ".mpga", ".m4b", ".m4r", ".aac", ".amr",
	".aif", ".aiff", ".aifc",
	".au", ".snd", ".caf", ".ape", ".wv", ".dsf", ".mka", ".rm", ".ra", ".ttf", ".otf", ".ttc", ".eot",
	".flv", ".f4v", ".mts", ".m2ts", ".ts", ".vob", ".ogv", ".mj2", ".3g2", ".qt", ".psd", ".xcf", ".icns", ".cur",
	".jp2", ".jpx", ".j2k", ".jxl", ".dds", ".mng", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".heics")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// NamesMedia reports whether a file of this name is a picture, sound, video or font.
func NamesMedia(name string) bool { return mediaExtensions[Extension(name)] }
