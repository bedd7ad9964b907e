package document

import (
	"encoding/hex"
	"strings"
	"testing"

	"sluis/filter/text/internal/sample"
)

// The example of [MS-OXRTFCP] section 3.1.1, and what is cut off.
func TestRichTextOfOutlookIsDecompressed(t *testing.T) {
	b, err := hex.DecodeString("2d0000002b000000" +
		"4c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
	if err != nil {
		t.Fatal(err)
	}
	const want = "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
	if got, ok := inflateRTF(b); string(got) != want || !ok {
		t.Errorf("%q, whole %v", got, ok)
	}
	if got, ok := inflateRTF(b[:len(b)-12]); !strings.HasPrefix(want, string(got)) || len(got) < 20 || ok {
		t.Errorf("cut off: %q, whole %v", got, ok)
	}
	if got, ok := inflateRTF([]byte(sample.CompressedRTF(want))); string(got) != want || !ok {
		t.Errorf("literals: %q, whole %v", got, ok)
	}
	for _, bad := range []string{"", "LZFu", strings.Repeat("x", 20)} {
		if got, ok := inflateRTF([]byte(bad)); len(got) > 0 || ok {
			t.Errorf("%q gives %q", bad, got)
		}
	}
}
