package mail

import (
	"io"
	"strings"
	"testing"

	"sluis/filter/text/internal/sample"
	"sluis/filter/text/internal/walk"
)

// Every byte comes out as it went in, wherever lines and buffers end.
func TestYEncIsDecodedToTheByte(t *testing.T) {
	const escaped = "\x13"
	for _, want := range []string{strings.Repeat(sample.EveryByte(), 60), strings.Repeat(escaped, 40_000), "x" +
		strings.Repeat(escaped, 40_000)} {
		for _, width := range []int{1, 2, 64, 128, 254, 997, 5000, 100_000} {
			for _, dots := range []bool{true, false} {
				br, done := walk.Buffered(strings.NewReader(sample.YEnc("a", want, 37_001, width, dots)))
				line, err := br.ReadSlice('\n')
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(beginFile(br, line))
				done()
				if string(got) != want || err != nil {
					t.Errorf("lines of %d: %d bytes of %d, %v", width, len(got), len(want), err)
				}
			}
		}
	}
}
