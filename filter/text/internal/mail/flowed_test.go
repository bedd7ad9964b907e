package mail

import (
	"bytes"
	"strings"
	"testing"
)

// Lines that flow are joined as mail programs join them (RFC 3676); others are not.
func TestFlowedLinesAreJoined(t *testing.T) {
	for name, c := range map[string]struct {
		delsp    bool
		in, want string
	}{
		"a blank that is left out":    {true, "leerling 2647 \r\n80139, geboren\r\n", "leerling 264780139, geboren"},
		"a blank that stays":          {false, "Beste \r\nouders\r\n", "Beste ouders"},
		"three lines":                 {true, "a \nb \nc\nd\n", "abc\n"},
		"a quotation":                 {true, "> 2647 \n> 80139\n", "264780139"},
		"quotations of other depths":  {true, "> 2647 \n>> 80139\n", ""},
		"after a quotation":           {true, "> 2647 \n80139\n", ""},
		"a signature":                 {false, "Groet \n-- \nJan\n", ""},
		"lines that begin with blank": {true, "2647 \n  80139\n", "2647 80139"},
		"no line that flows":          {true, "Beste\nouders\n", ""},
		"the last line":               {true, "2647 \n80139", "264780139"},
	} {
		var got bytes.Buffer
		p := paragraphs{to: &got, delsp: c.delsp}
		for line := range strings.SplitAfterSeq(c.in, "\n") {
			p.line([]byte(line))
		}
		if strings.TrimRight(got.String(), "\n") != strings.TrimRight(c.want, "\n") {
			t.Errorf("%s: got %q, want %q", name, got.String(), c.want)
		}
	}
}
