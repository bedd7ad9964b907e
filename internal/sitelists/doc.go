// Package sitelists keeps the lists of sites up to date and makes the index of them.
//
// It promises:
//
//   - A list is taken over only if it is one: of the right size, of names, not much smaller
//     than it was, and as its checksum says where there is one. Until then the last good
//     one holds, and Status says what is wrong.
//   - The index is written beside the old one and takes its place at once.
//   - A list that did not change is neither fetched whole nor counted as new.
package sitelists
