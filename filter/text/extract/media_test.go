package extract

import (
	"strings"
	"testing"

	"sluis/filter/text"
)

// noise is what no text begins with.
var noise = strings.Repeat("\x25\x4a\x6f\x94\xb9\xde\x08\x2d\x52\x77\x9c\x00\x13\x80", 100)

// Pictures, sound, video and fonts are no reason for a flag.
func TestMediaIsNotFlagged(t *testing.T) {
	for name, begin := range map[string]string{
		"a.wmv":       "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
		"a.wma":       "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
		"a.mid":       "MThd\x00\x00\x00\x06\x00\x01\x00\x02\x01\xe0MTrk\x00",
		"a.mp3":       "\xff\xf3\x40\xc4\x00\x12",
		"tag.mp3":     "ID3\x03\x00\x00\x00\x00\x0f\x76",
		"crc.mp3":     "\xff\xfa\x92\x64",
		"a.aac":       "\xff\xf1\x50\x80",
		"a.aiff":      "FORM\x00\x00\x01\x00AIFFCOMM",
		"a.aif":       "FORM\x00\x00\x01\x00AIFCCOMM",
		"a.ttf":       "\x00\x01\x00\x00\x00\x11\x01\x00",
		"a.otf":       "OTTO\x00\x0b\x00\x80",
		"a.ttc":       "ttcf\x00\x01\x00\x00",
		"a.woff2":     "wOF2\x00\x01\x00\x00",
		"a.flv":       "FLV\x01\x05\x00\x00\x00\x09",
		"a.amr":       "#!AMR\n\x3c\x00\x01",
		"a.m4a":       "\x00\x00\x00\x20ftypM4A \x00\x00",
		"a.mov":       "\x00\x00\x00\x08wide\x00\x00\x00\x00mdat",
		"a.mpg":       "\x00\x00\x01\xba\x44\x00",
		"a.vob":       "\x00\x00\x01\xba\x44\x00",
		"a.mts":       "G" + noise[:187] + "G" + noise[:187] + "G",
		"a.psd":       "8BPS\x00\x01\x00\x00",
		"a.jp2":       "\x00\x00\x00\x0cjP  \x0d\x0a",
		"a.dng":       "II*\x00\x08\x00",
		"a.wmf":       "\xd7\xcd\xc6\x9a\x00\x00",
		"a.emf":       "\x01\x00\x00\x00\x6c\x00\x00\x00" + strings.Repeat("\x00", 32) + " EMF\x00\x00",
		"a.icns":      "icns\x00\x01\x02\x03",
		"a.cur":       "\x00\x00\x02\x00\x01\x00",
		"a.caf":       "caff\x00\x01\x00\x00",
		"zonder naam": "\xff\xd8\xff\xe0\x00\x10JFIF",
	} {
		if name == "zonder naam" {
			name = ""
		}
		r := showDocument(t, name, []byte(begin+noise)).report
		if len(r.Uninspectable()) > 0 || r.Ambiguous() || r.Attachments[0].Kind != text.KindMedia {
			t.Errorf("%q: %s, doubts %v; want media and no flag", name, r.Attachments[0].Kind, r.Doubts)
		}
	}
}

// A name of media says nothing of what is something else.
func TestWhatIsNoMediaIsStillNamed(t *testing.T) {
	for name, content := range map[string]string{
		"a.mp3":  noise,
		"a.ttf":  "\x00\x01\x00\x00\xff\xff" + noise,
		"a.docx": "\xff\xf3\x40\xc4" + noise,
		"a.bin":  "MThd\x00\x00" + noise,
	} {
		if r := showDocument(t, name, []byte(content)).report; !r.Has(text.UnknownFormat) {
			t.Errorf("%s: doubts %v, want an unknown format", name, r.Doubts)
		}
	}
}

// What a Mac keeps beside a file is no file.
func TestAppleDoubleIsNotFlagged(t *testing.T) {
	fork := "\x00\x05\x16\x07\x00\x02\x00\x00" + strings.Repeat("\x00", 16) + "\x00\x01" +
		"\x00\x00\x00\x09\x00\x00\x00\x26\x00\x00\x00\x20JPEGGKON" + strings.Repeat("\x00", 24)
	for name, m := range map[string]string{
		"a part":            carrying("Content-Type: application/applefile; name=foto.jpg", []byte(fork)),
		"a file":            carrying("Content-Type: application/octet-stream; name=._foto.jpg", []byte(fork)),
		"a part of nothing": carrying("Content-Type: application/applefile", []byte(fork)),
		"in a zip of a Mac": carrying("Content-Type: application/zip",
			zipOf("foto.jpg", "\xff\xd8\xff\xe0", "__MACOSX/._foto.jpg", fork)),
		"with many entries": carrying("Content-Type: application/applefile", []byte(fork[:25]+"\x01"+fork[26:])),
		"in a multipart": multipartOf("multipart/appledouble; boundary=a",
			"--a\nContent-Type: application/applefile\nContent-Transfer-Encoding: base64\n\n"+b64(fork)+"\n--a--\n"),
	} {
		if r := showMessage(t, m).report; len(r.Uninspectable()) > 0 || r.Ambiguous() {
			t.Errorf("%s: flagged: %v", name, r.Doubts)
		}
	}
}
