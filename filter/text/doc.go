// Package text turns mail and documents into text for a scanner: MIME, HTML, character
// sets, office documents, PDF, archives.
//
// It promises:
//
//   - Nothing hides behind bad form. Where mail programs could disagree on what a message
//     says, every reading is shown: the parts as a tolerant reader sees them, and the
//     undecoded bytes as well. The report then says Ambiguous, and why.
//   - What cannot be looked into is named (Uninspectable), never passed over in silence.
//   - Work and memory are bounded: depth, parts, bytes read, inflated and shown, inflation
//     ratio, time (the context). When a bound is reached the report says Incomplete.
//     Nothing is held whole: text comes in segments of at most MaxSegment bytes, and a
//     document that has to be read in any order waits in an unlinked temporary file.
//   - PDF, OLE, 7z and rar are read by libraries that a file can make fail, loop or take
//     memory: an Extractor reads them in another process (package apart), and its end is
//     Failed, one of the reasons why something is Uninspectable. Without an Extractor
//     they are read here, and those promises do not hold for them.
//   - A segment that does not begin its text starts with the end of the segment before
//     (Overlap), so that no phrase shorter than that is cut in two.
//   - Content is never in an error, and a Secret prints as a placeholder. An error is
//     emit's, the context's, or that of reading the input; bad input is no error.
//
// What is shown is as it was written. Fold undoes what looks the same to a reader, and
// Origin finds the place again; Loosen undoes how words are disguised.
//
// The MIME reader is our own, one tolerant walker, since a filter that refuses to read
// what a mail program shows is blind. emersion/go-message, the usual choice in Go, reads
// strictly and stops at the first fault; its tests here show where. Running it first and
// a tolerant reader only in doubt would not be safer: what it accepts and what it
// rejects are both readings, and the walker's doubts are a superset of its complaints
// (FuzzMessage holds the walker to showing whatever go-message shows). HTML is read by a
// scanner of our own as well, held to golang.org/x/net/html by FuzzHTML, and so is the
// XML of office documents: it never holds more than its buffer. Decoding of character
// sets, zip, 7z, rar, OLE and PDF is left to libraries; of a PDF the strings that no page
// uses are shown as well.
package text
