package main_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to let time pass in the quarantine's index

	"sluis/internal/testenv"
)

// release starts the release of a message by a reviewer.
func (g *gateway) release(id string) *exec.Cmd {
	g.t.Helper()
	g.reviews()
	cmd := exec.Command(program, "quarantine", "release", id, "--reason", "test", "--config", g.config())
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	return cmd
}

// passTime ends the claims of processes that died, and the waits between two tries.
func (g *gateway) passTime() {
	g.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.data(), "quarantine",
		"index.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE entries SET lease = 0, next = 0"); err != nil {
		g.t.Fatal(err)
	}
}

// What is being released is lost as little as what comes in: the reviewer's command and
// the gateway are killed while they deliver, and the next hop takes nothing at first.
func TestNothingReleasedIsLostWhenKilled(t *testing.T) {
	kills := 40
	if testing.Short() {
		kills = 8
	}
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	content := map[string][]byte{}
	for i := range 6 {
		token := fmt.Sprintf("r%d", i)
		c := &consignment{token: token, to: []string{"ouder@gezin.example", "opa@gezin.example"},
			data: fmt.Appendf(nil, "X-Token: %s\r\nSubject: bericht\r\n\r\n%s%s", token, secretLine, bytes.Repeat([]byte("regel\r\n"), 20_000))}
		if err := c.send(g.addr); err != nil {
			t.Fatal(err)
		}
		content[token] = c.data
	}
	held := g.held()
	if len(held) != len(content) {
		t.Fatalf("%d messages quarantined, want %d", len(held), len(content))
	}
	sink.Misbehave(func(s testenv.Step) testenv.Fault {
		switch {
		case s.At != testenv.OnBody:
			return testenv.Fault{}
		case rand.IntN(2) == 0:
			return testenv.Fault{Reply: "451 4.3.0 Straks"}
		}
		return testenv.Fault{Delay: time.Duration(rand.IntN(40)) * time.Millisecond, Drop: rand.IntN(2) == 0}
	})
	for range kills {
		cmd := g.release(held[rand.IntN(len(held))].ID)
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		g.kill()
		cmd.Process.Kill()
		cmd.Wait()
		g.passTime() // no claim of a killed process is in force
		g.start()    // which tries at once what is to be released
	}
	sink.Misbehave(nil)
	for _, e := range g.held() {
		if e.State != "released" {
			if err := g.release(e.ID).Wait(); err != nil {
				t.Logf("release: %v", err) // the gateway may be at it
			}
		}
	}
	g.kill()
	g.passTime()
	g.start()
	g.eventually("have all released", func() bool {
		for _, e := range g.held() {
			if e.State != "released" {
				return false
			}
		}
		return true
	})
	g.stop()
	more := 0
	for token, a := range sink.Arrivals() {
		if a.Sum != testenv.TokenSum(content[token]) || a.Differs {
			t.Errorf("%s: altered", token)
		}
		if a.Times < 2 { // one for each recipient
			t.Errorf("%s: arrived %d times", token, a.Times)
		}
		more += a.Times - 2
	}
	if n := len(sink.Arrivals()); n != len(content) {
		t.Errorf("%d messages arrived, want %d", n, len(content))
	}
	if more > kills {
		t.Errorf("%d arrived once more, with %d kills", more, kills)
	}
	for _, dir := range []string{"sealed", "release"} {
		if left, _ := filepath.Glob(filepath.Join(g.data(), "quarantine", dir, "*.age*")); len(left) > 0 {
			t.Errorf("%d files are left in %s", len(left), dir)
		}
	}
	if b := sink.Breaches(); len(b) > 0 {
		t.Errorf("the next hop got what the protocol forbids: %q", b)
	}
	verifyLedger(t, g)
	t.Logf("%d kills, %d messages released; %d arrived once more: killed between the next hop's reply and its note",
		kills, len(content), more)
}
