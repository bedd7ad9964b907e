package extract

import (
	"strings"
	"testing"

	"sluis/filter/text"
)

// A text whose lines flow is read as it stands and as mail programs join it (RFC 3676).
func TestFlowedTextIsReadBothWays(t *testing.T) {
	for _, kind := range []string{"format=flowed; delsp=yes", "FORMAT=Flowed; DelSp=Yes",
		"delsp=yes; format=\"flowed\""} {
		s := showMessage(t, "Content-Type: text/plain; charset=utf-8; "+kind+"\n\nleerling 2647 \n80139\neinde\n")
		if got := s.by[text.Plain]; !strings.Contains(got, "264780139") || !strings.Contains(got, "2647 \n80139") {
			t.Errorf("%s: got %q, want both readings", kind, got)
		}
	}
	s := showMessage(t, "Content-Type: text/plain; delsp=yes\n\nleerling 2647 \n80139\n")
	if got := s.by[text.Plain]; strings.Contains(got, "264780139") {
		t.Errorf("not flowed: got %q, want one reading", got)
	}
}
