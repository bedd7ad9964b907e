// Package roster knows who is who: people and their addresses, groups, confidential
// roles (C3.2g), and the organisation's own domains.
//
// It promises:
//
//   - A confidential role is recognised by every address that leads to its holder:
//     aliases, sub-addresses, whatever case, quotes or spelling of the domain, and lists
//     that the holder is a member of, through other lists too.
//   - A pupil is known by group only (K4).
//   - An error of a roster file has line and column, and what to write
//     instead, all together; no address, name or other value of the file is in it.
//   - A change that could point at a person or takes confidentiality away is held back until the
//     privacy officer agrees (Bindings): an address that becomes another person's, a confidential
//     role that is lost, an address outside, a group or network of few people.
//
// It does not know what the mail server does with an address. An alias that stands in
// the mail server's configuration only has to be in the roster as well.
//
// A Roster does not change: a new version is loaded beside the old one and swapped.
package roster
