package text

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// yencOf encodes a file as draft 1.3 of yEnc says, in parts of a size, with what a careful
// encoder escapes beside what it has to: blanks at the ends of lines, and a dot at the
// beginning of one if dots is set.
func yencOf(name, content string, part, width int, dots bool) string {
	var b strings.Builder
	total := max(1, (len(content)+part-1)/part)
	for n := range total {
		piece := content[n*part : min(len(content), (n+1)*part)]
		if total > 1 {
			fmt.Fprintf(&b, "=ybegin part=%d total=%d line=%d size=%d name=%s\r\n=ypart begin=%d end=%d\r\n", n+1, total, width, len(content), name, n*part+1, n*part+len(piece))
		} else {
			fmt.Fprintf(&b, "=ybegin line=%d size=%d name=%s\r\n", width, len(content), name)
		}
		column := 0
		for i := range len(piece) {
			c := piece[i] + 42
			last := column >= width-1 || i == len(piece)-1
			if c == 0 || c == '\r' || c == '\n' || c == '=' || (c == ' ' || c == '\t') && (column == 0 || last) || c == '.' && column == 0 && dots {
				b.WriteByte('=')
				c += 64
				column++
			}
			b.WriteByte(c)
			if column++; column >= width {
				b.WriteString("\r\n")
				column = 0
			}
		}
		if column > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "=yend size=%d part=%d pcrc32=%08x\r\n", len(piece), n+1, crc32.ChecksumIEEE([]byte(piece)))
	}
	return b.String()
}

// everyByte is a text file of words between all bytes there are.
func everyByte() string {
	var b strings.Builder
	b.WriteString("begin van het bestand ")
	for c := range 256 {
		b.WriteByte(byte(c))
	}
	return b.String() + " einde van het bestand"
}

func TestFilesInYEncAreRead(t *testing.T) {
	packed := string(zipOf("geheim.txt", strings.Repeat("het wachtwoord is appeltaart ", 40), "foto.png", "\x89PNG\r\n"+everyByte()))
	const head = "Subject: x\r\nContent-Transfer-Encoding: binary\r\n\r\nkijk eens\r\n"
	for _, c := range []struct {
		name, body string
		role       Role
		want       string
		whole      bool // nothing is wrong with the file
	}{
		{"a zip", yencOf("a.zip", packed, 1<<20, 128, true), Contents, "wachtwoord is appeltaart", true},
		{"its name", yencOf("mijn lijst.zip", packed, 1<<20, 128, true), FileName, "mijn lijst.zip", true},
		{"dots that the encoder left", yencOf("a.zip", packed, 1<<20, 61, false), Contents, "wachtwoord is appeltaart", true},
		{"lines of another length", yencOf("a.zip", packed, 1<<20, 997, true), Contents, "wachtwoord is appeltaart", true},
		{"one line, longer than a buffer", yencOf("a.txt", strings.Repeat("=}woord ", 40_000)+"en het laatste", 1<<20, 1<<20, true), Contents, "en het laatste", true},
		{"three parts after one another", yencOf("a.zip", packed, 150, 128, true), Contents, "wachtwoord is appeltaart", true},
		{"parts with lines between them", strings.ReplaceAll(yencOf("a.zip", packed, 150, 128, true), "=ybegin part=2", "\r\n\r\n=ybegin part=2"), Contents, "wachtwoord is appeltaart", true},
		{"a second file of the same name", yencOf("a.txt", "het ene bestand", 1000, 128, true) + yencOf("a.txt", "het andere bestand", 1000, 128, true), Contents, "het andere bestand", true},
		{"a file without its end", strings.Split(yencOf("a.txt", "het wachtwoord is appeltaart", 1000, 128, true), "=yend")[0], Contents, "wachtwoord is appeltaart", true},
		{"text after the file", yencOf("a.txt", "bestand", 1000, 128, true) + "en nu de rest\r\n", Plain, "en nu de rest", true},
	} {
		s := message(t, head+c.body)
		if !strings.Contains(s.by[c.role], c.want) {
			t.Errorf("%s: %q is not in %.200q", c.name, c.want, s.by[c.role])
		}
		if c.whole && (len(s.report.Uninspectable) > 0 || s.report.Incomplete) {
			t.Errorf("%s: uninspectable %v", c.name, s.report.Uninspectable)
		}
	}
}

// Every byte comes out as it went in, wherever lines and buffers end.
func TestYEncIsDecodedToTheByte(t *testing.T) {
	const escaped = "\x13"
	for _, want := range []string{strings.Repeat(everyByte(), 60), strings.Repeat(escaped, 40_000), "x" + strings.Repeat(escaped, 40_000)} {
		for _, width := range []int{1, 2, 64, 128, 254, 997, 5000, 100_000} {
			for _, dots := range []bool{true, false} {
				br, done := buffered(strings.NewReader(yencOf("a", want, 37_001, width, dots)))
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

// Half of a file in another message is still what it is: not looked into as a whole.
func TestAPartOfAFileInYEncIsNotTakenForAll(t *testing.T) {
	packed := string(zipOf("een.txt", everyByte(), "twee.txt", everyByte()))
	parts := strings.SplitAfter(yencOf("a.zip", packed, len(packed)/2, 128, true), "\r\n=yend")
	m := "Subject: x\r\n\r\n" + parts[0] + "\r\n"
	r, err := Message(context.Background(), strings.NewReader(m), int64(len(m)), Limits{}, func(Segment) error { return nil })
	if err != nil || !contains(r.Uninspectable, Damaged) {
		t.Errorf("%v, %v", r.Uninspectable, err)
	}
}
