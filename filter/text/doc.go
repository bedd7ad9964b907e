// Package text is the vocabulary of text extraction: the segments in which the text of mail and documents comes, the
// report on what was seen beside the text, the kinds of files, and the limits of the work. Package extract shows the
// text of a message (RFC 5322, MIME) or a file in these words; package sandbox has files read in another process.
//
// It promises:
//
//   - A segment has at most MaxSegment bytes of UTF-8. One that does not begin its text starts with the end of the
//     segment before (Overlap), so that no phrase shorter than that is cut in two.
//   - A Secret, such as a name or a link, prints, logs and marshals as a placeholder.
//
// Text is shown as it was written. Fold undoes what looks the same to a reader; Loosen undoes how words are disguised.
package text
