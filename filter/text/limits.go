package text

import (
	"context"
	"io"

	"sluis/internal/store/disk"
)

// Extractor shows the text of a file as Document does, somewhere else: in a process that
// may fail, so that this one does not. An error that is neither emit's nor the context's
// says that it failed. The file is inspected as if it stood by itself.
type Extractor interface {
	Document(ctx context.Context, name string, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report,
		error)
}

// Limits bound the work on one item. A zero field has the default.
type Limits struct {
	Depth    int    // parts in parts, archives in archives; default 16
	Parts    int    // parts and files together; default 10,000
	Work     int64  // bytes read, repeated reading counted; default 32 times the size and 64 MiB
	Inflated int64  // bytes out of archives and documents; default 200 MiB
	Text     int64  // bytes of text shown; default 256 MiB
	Spool    int64  // bytes of a document kept in memory; more goes to an unlinked file; default 256 KiB
	Dir      string // where that file is made; default os.TempDir
	InMemory bool   // that file is made in memory, since this process may open none
	Evident  bool   // of bytes of an unknown form only words in a row are shown, not all that reads as text

	// Room is that of this file on disk; nil: without bounds. It stays in this process.
	Room disk.Room

	// Apart reads the formats whose readers a file can make fail, loop or take memory
	// without end: PDF, OLE, 7z and rar. Without one they are read here.
	Apart Extractor
}
