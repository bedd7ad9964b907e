// Package domains finds in which categories a host name is, out of millions (C2.8a, C2.9a).
//
// It promises:
//
//   - A name is in the categories that are listed for it and for every domain above it:
//     what is listed for example.nl holds for www.example.nl.
//   - An index is a file that is mapped, not read: it is there at once, is shared with the
//     page cache, holds no pointers, and takes about 12 bytes for a name.
//   - Names are kept as 64-bit keyed hashes. Building fails over to another key if two
//     listed names share one; that a name which is not listed shares one with any of five
//     million has a chance of 3 in 10^13, and without the key no one can look for
//     one.
//   - A damaged file is refused, and a lookup never fails.
package domains
