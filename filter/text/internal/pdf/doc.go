// Package pdf reads PDF (ISO 32000-2) as a filter has to: what any reader of PDF could show or do.
//
// It promises:
//
//   - No table of references is believed. Every object of the file is found by going through its bytes, and through
//     what its tables name besides, so that damage, updates, several ends and doubled objects hide nothing.
//   - Text is laid out by the widths of its glyphs, the size of its font and the matrices that it is set in: a word
//     that is kerned stays one, and words that stand apart on a line are apart.
//   - Actions are judged by the structure of the objects, never by the characters of the file: scripts of form
//     fields that check or format are no active content (Active).
//   - A file never makes it panic. Work and memory are bounded by the file, by the caller's Inflating, and by the
//     bounds of this package; what a bound left out is Cut.
//
// The readers of PDF in Go were measured against it. PDFium (go-pdfium, in WebAssembly) takes 3 seconds of processor
// time and 290 MB for its start, of every process that reads documents; ledongthuc/pdf refuses what it does not expect,
// looks an object up by reading it again, and takes kerning for spaces. Both show one reading of a file.
package pdf
