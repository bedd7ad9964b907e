// Package text turns mail and documents into text for a scanner: MIME, HTML, character
// sets, office documents, archives.
//
// It promises:
//
//   - Nothing hides behind bad form. Where mail programs could disagree on what a message
//     says, every reading is shown: the parts as a tolerant reader sees them, and the
//     undecoded bytes as well. The report then says Ambiguous, and why.
//   - What cannot be looked into is named (Uninspectable), never passed over in silence.
//   - Work and memory are bounded: depth, parts, inflated bytes, inflation ratio, time.
//     When a bound is reached the report says Incomplete.
//   - Text comes in segments of bounded size. A later segment of a part starts with the
//     end of the one before, so that nothing is cut in two.
//
// The MIME reader is our own and tolerant by construction, since a filter that refuses
// to read what a mail program shows is blind: emersion/go-message, the usual choice in
// Go, stops at the first malformed line (its tests here show where). Decoding of
// character sets, HTML, zip and OLE is left to libraries.
package text
