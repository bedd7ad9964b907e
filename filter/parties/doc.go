// Package parties reads from the header of a message whom it is from and to (C3.2g). Mail systems hand a
// relay one recipient of several, rewrite senders and leave them out: then the header alone says that
// somebody with a confidential role takes part.
//
// It promises:
//
//   - An address is found however the header writes it: folded, in quotes, with comments, in a group,
//     in encoded words, beside what is no address at all. In doubt there is one address too many.
//   - The sender's side of a header counts in mail of the organisation's own clients only: a stranger
//     can write what they like. A receiving server of the organisation may vouch for it (RFC 8601).
//   - Memory is bounded and time is linear, for a header of any length.
//   - Nothing of a header is kept, logged, or part of an error.
package parties
