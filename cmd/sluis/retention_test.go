package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// C3.3g: what is held and until when can be seen, longer needs a reason, and that is in
// the ledger; the key of a month goes when its records do.
func TestRetentionIsShownAndKept(t *testing.T) {
	t.Parallel()
	s := settings{nextHop: testenv.StartSink(t).Addr(), rest: "journal: {retention: 200d, retention-reason: onderzoek van de inspectie}\n"}
	g := prepareGateway(t, s)
	old := time.Now().UTC().AddDate(0, -9, 0).Format("2006-01")
	if err := os.MkdirAll(filepath.Join(g.data(), "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.data(), "keys", old+".key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	t.Cleanup(g.kill)
	g.try(teacher, []string{parent}, letter(secret))
	g.records(1)
	var shown struct {
		Kept []struct {
			What   string
			Number int
			Since  time.Time
			Next   time.Time `json:"next_destroyed"`
			Days   int       `json:"retention_days"`
			Reason string
		}
		Keys []string `json:"months_with_a_key"`
	}
	g.eventually("destroy the old key", func() bool {
		out, errs, code := run(t, "", "journal", "retention", "--json", "--config", g.config())
		if code != 0 {
			t.Fatal(errs)
		}
		if err := json.Unmarshal([]byte(out), &shown); err != nil {
			t.Fatal(err)
		}
		return len(shown.Keys) == 1 && shown.Keys[0] == time.Now().UTC().Format("2006-01")
	})
	if k := shown.Kept; len(k) != 2 || k[0].Number != 1 || k[0].Days != 200 || k[0].Reason == "" ||
		!k[0].Next.Equal(k[0].Since.AddDate(0, 0, 200)) || k[1].Number != 1 || k[1].Days != 30 {
		t.Errorf("%+v", k)
	}
	if out, _, _ := run(t, "", "journal", "retention", "--config", g.config()); !strings.Contains(out,
		"200 days onderzoek") {
		t.Errorf("%s", out)
	}
	changes := func() int { return strings.Count(g.exported("ledger", "export"), `"retention-changed"`) }
	if n := changes(); n != 2 {
		t.Errorf("%d entries of retention", n)
	}
	s.rest = "journal: {retention: 100d}\n"
	g.stop()
	g.configure(s)
	g.start()
	if n := changes(); n != 3 {
		t.Errorf("%d entries of retention after it became shorter", n)
	}
	if out := g.exported("ledger", "export"); !strings.Contains(out,
		`"step":"journal","reason":"onderzoek van de inspectie"`) {
		t.Error("the reason is not in the ledger")
	}
}
