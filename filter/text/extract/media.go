package extract

import (
	"bytes"
	"encoding/binary"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// media are pictures, sound, video and fonts. The first bytes are those that the makers of the formats give; a text may
// begin with some of them.
var media = walk.Format{
	Kind: text.KindMedia,
	Magic: append(walk.BeginBinary("GIF8", "RIFF", "RIFX", "BM", "ID3", "OggS", "wOF", "fLaC", "MThd", "FORM", "OTTO",
		"ttcf", "true\x00", "FLV\x01", "8BPS", "caff", ".RMF", ".snd", "MAC ", "wvpk", "DSD ", "DDS ", "icns",
		"gimp xcf", "#!AMR"), walk.Begin("\x89PNG\r\n", "\xff\xd8\xff", "\x00\x00\x01\x00", "\x00\x00\x02\x00", "II*\x00",
		"MM\x00*", "IIRO", "IIU\x00", "\x1aE\xdf\xa3", "\xd7\xcd\xc6\x9a", "\x8aMNG", "\x8bJNG",
		"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa", // ASF: WMV, WMA
		"\x00\x00\x01\xba", "\x00\x00\x01\xb3", // MPEG
		"\x00\x00\x00\x0cjP  ", "\xff\x4f\xff\x51", "\x00\x00\x00\x0cJXL ", "\xff\x0a")...), // JPEG 2000, JPEG XL
	Begins: beginsMedia,
	Read:   unreadable,
}

// beginsMedia reports whether a file is one of the formats whose mark is not at its beginning, or is more than bytes.
func beginsMedia(head []byte, textual bool) bool {
	if textual || len(head) < 12 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip", "pnot": // ISO media and QuickTime
		return true
	}
	return beginsSound(head) || beginsFont(head) ||
		len(head) > 44 && binary.LittleEndian.Uint32(head) == 1 && string(head[40:44]) == " EMF" ||
		len(head) > 188*2 && head[0] == 'G' && head[188] == 'G' && head[188*2] == 'G' // MPEG transport
}

// beginsSound reports whether a file begins with a frame of MPEG audio (MP3, MP2) or ADTS (AAC).
func beginsSound(head []byte) bool {
	if head[0] != 0xff || head[1]&0xe0 != 0xe0 || head[1] == 0xfe || head[1] == 0xff {
		return false
	}
	if head[1]&0xf6 == 0xf0 {
		return head[2]>>2&0xf < 13 // a sampling frequency
	}
	version, layer, rate, frequency := head[1]>>3&3, head[1]>>1&3, head[2]>>4, head[2]>>2&3
	return version != 1 && layer != 0 && rate != 15 && frequency != 3
}

// beginsFont reports whether a file is a TrueType font, with a table that every one has, or an embedded one (EOT).
func beginsFont(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\x00\x01\x00\x00\x00")) {
		return head[5] < 64
	}
	return len(head) > 36 && head[34] == 'L' && head[35] == 'P' && binary.LittleEndian.Uint32(head[4:]) > 0 &&
		head[10] < 3 && head[8] < 3
}
