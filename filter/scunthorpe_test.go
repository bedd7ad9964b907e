package filter

import (
	"os"
	"strings"
	"testing"

	"sluis/rules"
)

// Words that are bad elsewhere, and sentences that look like a threat, in ordinary school
// mail: nothing is done. The same words used against somebody are hit (C2.2a, C3.3f).
func TestScunthorpe(t *testing.T) {
	content, err := os.ReadFile("testdata/scunthorpe.txt")
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t)
	harmless, aimed := 0, 0
	for n, line := range strings.Split(string(content), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		said, wanted := strings.CutPrefix(line, "! ")
		x := inspect(t, e, Document, []byte(said))
		var by []string
		for _, f := range x.Findings {
			if f.Purpose == rules.Conduct && x.Decisive(f, rules.Out) {
				by = append(by, f.Rule.String())
			}
		}
		switch {
		case wanted:
			aimed++
			if len(by) == 0 {
				t.Errorf("line %d is used against somebody and is left alone: %s", n+1, said)
			}
		default:
			harmless++
			if len(by) > 0 {
				t.Errorf("line %d is harmless and is hit by %v: %s", n+1, by, said)
			}
		}
	}
	if harmless < 200 || aimed < 40 {
		t.Errorf("only %d harmless lines and %d others", harmless, aimed)
	}
}
