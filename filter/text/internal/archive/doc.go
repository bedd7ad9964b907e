// Package archive reads archives (zip, tar, 7z, rar; of cab the names) and files that are one file made smaller (gzip,
// bzip2, xz, zstd). It hands each file in them to the walker, held to its bounds of inflation.
//
// A zip is read by its directory, and by the headers before its files where the two could differ.
package archive
