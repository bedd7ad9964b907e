// Package extract turns mail (RFC 5322, MIME) and documents into text for a scanner: HTML, character sets, office
// documents, PDF, archives.
//
// It promises:
//
//   - Nothing hides behind bad form. Where mail programs could disagree on what a message says, every reading is shown:
//     the parts as a tolerant reader sees them, and the undecoded bytes as well. The report then says Ambiguous, and
//
// why.
//   - A file that stands in a text (base64, hexadecimal digits, lists of numbers in scripts) is read as if it were
//     attached.
//   - Where a bound is reached, one pass over the lines of a message still lists its dangerous files by name and kind.
//   - The report names what cannot be inspected (Uninspectable).
//   - Work and memory are bounded: depth, parts, bytes read, inflated and shown, time (the context). The
//     bounds are absolute, and no ordinary message reaches one: what is made for that is a HostileSize.
//     When a bound is reached the report says Incomplete. Text comes in segments, and a document that has to be read in
//     any order waits in an unlinked temporary file.
//   - OLE, 7z, rar and xz are read by libraries that a file can make fail, loop or take memory, and a PDF is read into
//     memory as a whole: an Extractor reads them in another process (package sandbox), and its end is Failed, one of
//     the reasons why something is Uninspectable. Without an Extractor they are read here, and these promises do not
//     hold for them.
//   - Content is never in an error. An error is emit's, the context's, or that of reading the input; bad input is no
//     error.
//
// The table formats has a row for each kind of file: its first bytes, its extensions, whether its reader needs a
// sandbox,
// and the reader. The readers stand in rooms: package mail (MIME, uuencode, yEnc), package document (office documents,
// PDF, Outlook), package archive, and package markup (HTML and XML). They share the walker of package walk, which
// counts
// the work, writes the report, and finds the format of a file within a file. See rules/README.md for a new format.
//
// The MIME reader is our own, one tolerant walker, since a filter that refuses to read what a mail program shows is
// blind. emersion/go-message, the usual choice in Go, reads strictly and stops at the first fault; the tests here show
// where. Running it first and a tolerant reader only in doubt would not be safer: what it accepts and what it rejects
// are both readings, and the walker's doubts are a superset of its complaints (FuzzMessage holds the walker to showing
// whatever go-message shows). HTML is read by a scanner of our own as well, held to golang.org/x/net/html by FuzzHTML,
// and so is the XML of office documents: it never holds more than its buffer. Decoding of character sets, zip, 7z, rar
// and OLE is left to libraries; PDF is read by package pdf, which says why.
package extract
