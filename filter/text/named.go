package text

// KindHead is how many bytes of a file KindOf reads.
const KindHead = 1024

// KindOf returns what a file is by its first bytes, and by its name where those do not decide.
func KindOf(head []byte, name string) FileKind {
	return formats.kindOf(head[:min(len(head), KindHead)], name)
}

// Extension returns the last extension of a name, with its dot and in lower case, as
// Windows takes it.
func Extension(name string) string { return extension(name) }

// NamesProgram reports whether a computer of a school runs a file of this name.
func NamesProgram(name string) bool { return programExtensions[extension(name)] }

// NamesMedia reports whether a file of this name is a picture, sound, video or font.
func NamesMedia(name string) bool { return mediaExtensions[extension(name)] }
