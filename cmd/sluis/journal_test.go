package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluis/internal/control"
	"sluis/internal/testenv"
)

// TestTheCommandLineSinglesNobodyOut: tail and export name no group of fewer people than the minimum, no
// id that stands in a message, and no exact time or size, which the log of a mail server has as well; and
// each leaves a trace with who did it (C3.2b, C3.2e).
func TestTheCommandLineSinglesNobodyOut(t *testing.T) {
	t.Parallel()
	g := prepareGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	table := strings.Replace(roster, "people:\n", "people:\n"+
		"  - {address: bestuurder@school.example, group: directie}\n"+
		"  - {address: bas@school.example, group: duo}\n"+
		"  - {address: bea@school.example, group: duo}\n", 1)
	table = strings.Replace(table, "groups:\n", "groups:\n"+
		"  - {name: directie, kind: staff}\n  - {name: duo, kind: staff}\n", 1)
	if err := os.WriteFile(filepath.Join(g.dir, "roster.yaml"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	t.Cleanup(g.kill)
	for _, from := range []string{"bestuurder@school.example", "bas@school.example", teacher} {
		if reply := g.try(from, []string{"x@advocaten.example"}, letter(harmless)); reply[0] != '2' {
			t.Fatal(reply)
		}
	}
	g.records(3)
	exact := regexp.MustCompile(`"time":"[0-9-]+T[0-9]{2}:(00|15|30|45):00`)
	for _, args := range [][]string{{"tail", "--json"}, {"export"}, {"tail", "-n", "3"}} {
		before := strings.Count(g.exported("ledger", "export"), `"export-made"`)
		out := g.exported(append([]string{"journal"}, args...)...)
		if n := strings.Count(out, "\n"); n != 3 {
			t.Errorf("%v: %d records, want 3", args, n)
		}
		for _, never := range []string{"directie", "duo", "advocaten", `"id"`, `"pseudonym"`} {
			if strings.Contains(out, never) {
				t.Errorf("%v: %s is in\n%s", args, never, out)
			}
		}
		if len(args) == 2 || args[0] == "export" {
			if n := len(exact.FindAllString(out, -1)); n != 3 {
				t.Errorf("%v: %d times of a quarter of an hour, want 3:\n%s", args, n, out)
			}
			if n := strings.Count(out, `"group":"team"`); n != 1 {
				t.Errorf("%v: %d records of the team, want 1:\n%s", args, n, out)
			}
		}
		after := g.exported("ledger", "export")
		if n := strings.Count(after, `"export-made"`); n != before+1 {
			t.Errorf("%v: %d entries in the ledger, want one", args, n-before)
		}
		if !strings.Contains(after, `"actor":"command line","ref":"`+control.SystemUser()+`"`) {
			t.Errorf("%v: the ledger does not say who", args)
		}
	}
}
