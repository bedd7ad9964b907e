package main_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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
	out := g.exported("ledger", "export")
	if !strings.Contains(out, `"step":"journal"`) || !strings.Contains(out, `"reason":"onderzoek van de inspectie"`) {
		t.Error("the reason is not in the ledger")
	}
}

// ages makes what is in quarantine so much older.
func (g *gateway) ages(by time.Duration) {
	g.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.data(), "quarantine",
		"index.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE entries SET time = time - ?, next = 0", by.Milliseconds()); err != nil {
		g.t.Fatal(err)
	}
}

// A message that nobody reviewed is not destroyed in silence: ICT is reminded while there is time, and then it is
// released, returned to its sender without its text, or stays, as is configured; each is in the ledger.
func TestWhatNobodyReviewedHasAnEnd(t *testing.T) {
	const day = 24 * time.Hour
	for answer, left := range map[string]int{"release": 0, "return": 0, "stay": 1} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			sink := startMailbox(t)
			to := func(address string) (got []*testenv.Message) {
				for _, m := range sink.Messages() {
					if slices.ContainsFunc(m.To, func(rcpt string) bool { return strings.Contains(rcpt, address) }) {
						got = append(got, m)
					}
				}
				return got
			}
			s := settings{nextHop: sink.Addr(), rest: "quarantine: {retention: 10d, unreviewed: " + answer + "}\n" +
				"notices: {from: sluis@school.example, ict: [ict@school.example]}\n"}
			g := newGateway(t, s)
			g.try(teacher, []string{parent}, letter(secret))
			held := g.held()
			if len(held) != 1 || held[0].State != "quarantined" {
				t.Fatalf("held %+v, want one message", held)
			}
			g.stop()
			g.ages(5 * day)
			g.start()
			g.eventually("remind of what nobody reviewed", func() bool { return len(to("ict@school.example")) > 0 })
			if got := g.held(); got[0].State != "quarantined" || len(to(parent))+len(to(teacher)) > 0 {
				t.Errorf("before its time it is %s", got[0].State)
			}
			g.stop()
			g.ages(6 * day)
			g.start()
			g.eventually("end what nobody reviewed", func() bool {
				return len(g.held()) == left && (left == 1 || len(to(parent))+len(to(teacher)) > 0)
			})
			log := g.exported("ledger", "export")
			if n := strings.Count(log, `"quarantine-returned"`); n != map[string]int{"return": 1}[answer] {
				t.Errorf("the ledger has %d returns", n)
			}
			if n := strings.Count(log, `"quarantine-released"`); n != map[string]int{"release": 1}[answer] {
				t.Errorf("the ledger has %d releases", n)
			}
			if n := len(to(parent)); n != map[string]int{"release": 1}[answer] {
				t.Errorf("its recipient got %d messages", n)
			}
			notices := to(teacher)
			if len(notices) != map[string]int{"return": 1}[answer] {
				t.Fatalf("its sender got %d notices", len(notices))
			}
			for _, m := range notices {
				if !strings.HasPrefix(m.From, "MAIL FROM:<>") || strings.Contains(string(m.Data), secret) ||
					!strings.Contains(string(m.Data), "report-type=delivery-status") {
					t.Errorf("the notice is %s\n%s", m.From, m.Data)
				}
			}
		})
	}
}
