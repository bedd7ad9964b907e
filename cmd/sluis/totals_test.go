package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	rost "sluis/internal/roster"
	"sluis/rules"
)

// lastMonth fills a journal with a month of traffic of 30 colleagues.
func (g *gateway) lastMonth() (month string) {
	g.t.Helper()
	text := "groups: [{name: team, kind: staff}, {name: directie, kind: staff}]\npeople:\n"
	for i := range 30 {
		text += fmt.Sprintf("  - {address: p%d@school.example, group: %s}\n", i,
			map[bool]string{true: "directie", false: "team"}[i < 3])
	}
	file := filepath.Join(g.dir, "roster.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	people, err := rost.Load(file, []string{"school.example"})
	if err != nil {
		g.t.Fatal(err)
	}
	keys, err := journal.OpenKeys(filepath.Join(g.data(), "keys"))
	if err != nil {
		g.t.Fatal(err)
	}
	db, err := journal.OpenDB(filepath.Join(g.data(), "journal"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	w, err := journal.NewWriter(filepath.Join(g.data(), "journal", "segments"), keys, db, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month()-1, 1, 8, 0, 0, 0, time.UTC)
	for n := range 3000 {
		who := people.Subject(fmt.Sprintf("p%d@school.example", n%30))
		w.Put(journal.Record{Time: first.Add(time.Duration(n%27) * 24 * time.Hour), ID: filter.NewID(),
			Direction: rules.Out, Group: who.Group(), Bytes: 20_000, Recipients: 1, Eligible: true}, who)
	}
	if err := w.Close(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
	return first.Format("2006-01")
}

// The board's totals and the account, from the commands (C3.2b, K1, K2).
func TestTotalsAndTheAccount(t *testing.T) {
	t.Parallel()
	g := prepareGateway(t, settings{nextHop: "127.0.0.1:25"})
	if err := os.MkdirAll(g.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	month := g.lastMonth()
	do := func(want int, args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append(args, "--config", g.config())...)
		if code != want {
			t.Fatalf("%v: exit code %d\n%s", args, code, errs)
		}
		return out
	}
	if time.Now().UTC().Day() < 3 {
		do(1, "totals", month) // its last records may not be in yet
		return
	}
	first := do(0, "totals", month, "--json")
	var p struct {
		Tables []struct {
			Name string
			Rows []struct {
				Name    string
				Figures map[string]struct {
					Value  int64
					Hidden string
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(first), &p); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, table := range p.Tables {
		for _, r := range table.Rows {
			f := r.Figures["records"]
			switch table.Name + " " + r.Name {
			case "groups total", "volume mail-out":
				if found++; f.Hidden != "" || f.Value < 2000 || f.Value > 4000 {
					t.Errorf("%s: %+v", r.Name, f)
				}
			case "groups directie", "groups team":
				if found++; f.Hidden == "" || f.Value != 0 {
					t.Errorf("%s: %+v", r.Name, f)
				}
			}
		}
	}
	if found != 4 {
		t.Errorf("%s", first)
	}
	if again := do(0, "totals", month, "--json"); again != first {
		t.Error("asked again it is another")
	}
	if out := do(0, "totals", month); !strings.Contains(out, "too few people") {
		t.Errorf("%s", out)
	}
	if out := do(0, "totals", month, "--form", "csv"); !strings.Contains(out,
		month+",groups,directie,records,,few-people,") {
		t.Errorf("%s", out)
	}
	do(1, "totals", time.Now().UTC().Format("2006-01"))
	do(1, "totals", "vorige maand")
	if out := do(0, "report", "--totals", month); !strings.Contains(out, "Verantwoording") ||
		!strings.Contains(out, "niet getoond") || !strings.Contains(out, "go.sum database tree") {
		t.Errorf("%s", out)
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	do(0, "report", "--lang", "en", "--form", "pdf", "-o", file)
	if b, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(b), "%PDF-") {
		t.Errorf("no PDF: %v", err)
	}
	if out := g.exported("ledger", "export"); strings.Count(out, `"report-frozen"`) != 1 {
		t.Error("the report is not in the ledger")
	}
}
