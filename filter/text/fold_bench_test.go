package text

import (
	"strings"
	"testing"
)

func BenchmarkFold(b *testing.B) {
	for name, line := range map[string]string{
		"ascii": "een gewone zin zonder iets bijzonders, ",
		"dutch": "één gewone zin over ideeën, coëfficiënt, ",
		"mixed": "wасhtwооrd e\u0301\u0301n ｗａｃｈｔ \u200b漢字, ",
	} {
		in := []byte(strings.Repeat(line, 1600))
		dst := make([]byte, 0, 2*len(in))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				Fold(dst, in)
			}
		})
	}
}

func BenchmarkLoosen(b *testing.B) {
	for name, line := range map[string]string{
		"ordinary": "een gewone zin van groep 5 zonder iets bijzonders, om 10 uur. ",
		"evasive":  "een g3w0ne z i n n e n zonder iets bijzoooonders, ",
	} {
		in := []byte(strings.Repeat(line, 1000))
		dst := make([]byte, 0, len(in))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				Loosen(dst, in)
			}
		})
	}
}
