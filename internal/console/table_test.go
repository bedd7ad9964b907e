package console

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "write testdata/routes.txt anew")

// TestTheTableAsText: who may do what is in testdata/routes.txt as well, on one page, so that a change of
// a right is seen as a change of that file (C3.3e, C3.3g).
func TestTheTableAsText(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METHOD\tPATH\tWHO\tNEEDS\tIN THE LEDGER")
	for _, rt := range allRoutes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		recorded := string(rt.kind)
		if rt.silence != "" {
			recorded = "no: " + rt.silence
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", method, path, rt.who, rt.needs, recorded)
	}
	w.Flush()
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	got, file := strings.Join(lines, "\n")+"\n", "testdata/routes.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%s is another table than the routes, %v; want the same: run this test with -update", file, err)
	}
}

func (w who) String() string {
	switch {
	case w.anybody:
		return "anybody"
	case w.weak:
		return "signed in, before the second factor too"
	case len(w.roles) == 0:
		return "signed in"
	}
	return join(w.roles)
}

func (n need) String() string {
	var all []string
	if n&secrecy != 0 {
		all = append(all, "secrecy")
	}
	if n&proof != 0 {
		all = append(all, "proof")
	}
	return join(all)
}

func join[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}
