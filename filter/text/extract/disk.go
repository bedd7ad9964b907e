package extract

import "bytes"

// beginsDisk reports whether a file begins with the first sector of a disk: a file system of Windows, or a table of
// partitions.
func beginsDisk(head []byte, textual bool) bool {
	const end = 510
	if textual || len(head) < end+2 || head[end] != 0x55 || head[end+1] != 0xaa {
		return false
	}
	if len(head) >= end+10 && string(head[end+2:end+10]) == "EFI PART" {
		return true
	}
	for at, name := range map[int]string{3: "NTFS    ", 54: "FAT", 82: "FAT32   "} {
		if bytes.HasPrefix(head[at:], []byte(name)) {
			return true
		}
	}
	return bytes.HasPrefix(head[3:], []byte("EXFAT   ")) || hasPartition(head[446:end])
}

// hasPartition reports whether a table is one of partitions: each is active or not, and one has a kind and a size.
func hasPartition(table []byte) bool {
	found := false
	for p := table; len(p) >= 16; p = p[16:] {
		if p[0]&0x7f != 0 {
			return false
		}
		found = found || p[4] != 0 && bytes.ContainsFunc(p[12:16], func(r rune) bool { return r != 0 })
	}
	return found
}
