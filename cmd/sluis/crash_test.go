package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/testenv"
)

// consignment is one message that a sender keeps trying to send until it is accepted.
type consignment struct {
	token     string
	to        []string
	data      []byte
	passed    bool // a recipient has to get it
	sealed    bool // it has to be quarantined for a recipient
	uncertain int  // tries whose reply never came, after the whole message had been sent
}

// What a password in a message to outside leads to: quarantined there, passed on inside.
const secretLine = "Je kunt inloggen met wachtwoord: Zomer!Regen84kast\r\n"

func newConsignment(n int) *consignment {
	c := &consignment{token: fmt.Sprintf("t%06d", n), to: []string{"ouder@gezin.example"}}
	text := "Een gewone mededeling over het rooster.\r\n"
	switch n % 5 {
	case 0:
		text = strings.Repeat(text, 5000) // larger than what is kept in memory
		c.passed = true
	case 1:
		text = secretLine
		c.sealed = true
	case 2:
		text = secretLine
		c.to = append(c.to, "directie@school.example")
		c.passed, c.sealed = true, true
	default:
		c.passed = true
	}
	c.data = fmt.Appendf(nil, "X-Token: %s\r\nSubject: bericht\r\n\r\n%s", c.token, text)
	return c
}

// send tries once. The error is nil only if the gateway accepted the message.
func (c *consignment) send(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(testenv.Patience))
	r := bufio.NewReader(conn)
	say := func(line, want string) error {
		if _, err := io.WriteString(conn, line); err != nil {
			return err
		}
		for {
			reply, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if !strings.HasPrefix(reply, want) {
				return fmt.Errorf("said %s", strings.TrimSpace(reply))
			}
			if len(reply) > 3 && reply[3] == ' ' {
				return nil
			}
		}
	}
	steps := []string{"", "EHLO sender.example\r\n", "MAIL FROM:<juf@school.example>\r\n"}
	for _, to := range c.to {
		steps = append(steps, "RCPT TO:<"+to+">\r\n")
	}
	for _, s := range steps {
		if err := say(s, "2"); err != nil {
			return err
		}
	}
	if err := say("DATA\r\n", "354"); err != nil {
		return err
	}
	if err := say(string(c.data)+".\r\n", "250"); err != nil {
		c.uncertain++
		return err
	}
	return nil
}

// senders keep sending until they are to end, and then until all is accepted.
type senders struct {
	addr     string
	accepted atomic.Int64
	ending   atomic.Bool
	wg       sync.WaitGroup

	mu  sync.Mutex
	all []*consignment
}

func startSenders(addr string, n int) *senders {
	s := &senders{addr: addr}
	for range n {
		s.wg.Go(func() {
			for !s.ending.Load() {
				s.mu.Lock()
				c := newConsignment(len(s.all))
				s.all = append(s.all, c)
				s.mu.Unlock()
				for c.send(addr) != nil {
					time.Sleep(5 * time.Millisecond) // a real sender waits for minutes
				}
				s.accepted.Add(1)
			}
		})
	}
	return s
}

func (s *senders) end() []*consignment {
	s.ending.Store(true)
	s.wg.Wait()
	return s.all
}

// What must never happen: a message that was accepted is lost or altered. The gateway is
// killed under load again and again, at random moments, as a power cut would end it.
func TestNothingAcceptedIsLostWhenKilled(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	const connections = 8
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	begun := time.Now().UTC()
	s := startSenders(g.addr, connections)
	for range kills {
		before := s.accepted.Load()
		g.eventually("accept a message", func() bool { return s.accepted.Load() > before })
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		g.kill()
		g.start()
	}
	all := s.end()
	g.stop()
	auditsAreFair(t, g, begun)

	sealed := openAll(t, g.data())
	arrived := sink.Arrivals()
	twice, sealedTwice := 0, 0
	for _, c := range all {
		sum := testenv.TokenSum(c.data)
		a, copies := arrived[c.token], sealed[c.token]
		switch {
		case c.passed && a.Times == 0:
			t.Errorf("%s: accepted, and not at the next hop", c.token)
		case !c.passed && a.Times > 0:
			t.Errorf("%s: passed on, and was to be quarantined", c.token)
		case c.passed && (a.Sum != sum || a.Differs):
			t.Errorf("%s: altered", c.token)
		case c.sealed && len(copies) == 0:
			t.Errorf("%s: accepted, and not in quarantine", c.token)
		case !c.sealed && len(copies) > 0:
			t.Errorf("%s: quarantined, and had no reason to be", c.token)
		}
		for _, m := range copies {
			if testenv.TokenSum(m) != sum {
				t.Errorf("%s: altered in quarantine", c.token)
			}
		}
		// A reply that got lost is the only reason for a second copy.
		if max(a.Times, len(copies))-1 > c.uncertain {
			t.Errorf("%s: %d times at the next hop, %d in quarantine, with %d replies lost", c.token, a.Times,
				len(copies), c.uncertain)
		}
		twice += max(0, a.Times-1)
		sealedTwice += max(0, len(copies)-1)
	}
	if b := sink.Breaches(); len(b) > 0 {
		t.Errorf("the next hop got what the protocol forbids: %q", b)
	}
	records, good := uniqueRecords(t, g)
	verifyLedger(t, g)
	t.Logf("%d kills, %d messages accepted; none lost, none altered", kills, len(all))
	t.Logf("%d arrived once more and %d were quarantined once more: "+
		"the gateway was killed between the next hop's reply, or the sealing, and ours", twice, sealedTwice)
	// The reply does not wait for the journal's disk: a record is in memory until the writer gets its turn. A sender
	// waits for the reply before its next message, so that a kill takes one record of each connection.
	missing := len(all) - good
	if most := kills * connections; missing > most {
		t.Errorf("got %d records of %d accepted messages, so that %d are missing, "+
			"want at most %d: one a connection and kill",
			good, len(all), missing, most)
	}
	t.Logf("%d journal records, %d of an accepted message, so that %d are missing at least", records, good,
		max(0, missing))
}

// auditsAreFair repeats the draws of each day since a time: what a kill left without a record is told
// apart from a record that was taken away (C3.3b).
func auditsAreFair(t *testing.T, g *gateway, since time.Time) {
	t.Helper()
	for day := since; !day.After(time.Now().UTC()); day = day.Add(24 * time.Hour) {
		args := []string{"sampling", "audit", "--day", day.Format(time.DateOnly), "--config", g.config()}
		if out, errs, code := run(t, "", args...); code != 0 {
			t.Errorf("the audit after kills exits with %d: %s%s", code, out, errs)
		} else {
			t.Log(strings.TrimSpace(out))
		}
	}
}

// openAll opens every message in quarantine, by token, and makes sure that index and
// files agree.
func openAll(t *testing.T, data string) map[string][][]byte {
	t.Helper()
	key, err := quarantine.LoadIdentity(filepath.Join(data, "keys", "quarantine.key"))
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	q, err := quarantine.Open(filepath.Join(data, "quarantine"), book, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	entries, err := q.List(t.Context(), quarantine.Filter{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Join(data, "quarantine", "sealed"))
	if err != nil || len(files) != len(entries) {
		t.Errorf("%d sealed files for %d entries, %v", len(files), len(entries), err)
	}
	all := map[string][][]byte{}
	for _, e := range entries {
		m, err := q.Open(t.Context(), e.ID, quarantine.Intent{Reason: "test"}, key)
		if err != nil {
			t.Errorf("entry that cannot be opened: %v", err)
			continue
		}
		content, err := io.ReadAll(m)
		if err := errors.Join(err, m.Close()); err != nil {
			t.Errorf("entry that cannot be read: %v", err)
		}
		_, rest, _ := bytes.Cut(content, []byte("X-Token: "))
		token, _, _ := bytes.Cut(rest, []byte("\r\n"))
		all[string(token)] = append(all[string(token)], content)
	}
	return all
}

// uniqueRecords counts the journal's records, of which no two may be of one message, and
// those with a positive reply among them.
func uniqueRecords(t *testing.T, g *gateway) (all, good int) {
	t.Helper()
	seen := map[filter.ID]bool{}
	tomorrow := time.Now().AddDate(0, 0, 1)
	_, err := g.office().data.Journal().Each(t.Context(), time.Time{}, tomorrow, 0, func(r journal.Record) error {
		if r.ID == (filter.ID{}) || seen[r.ID] {
			t.Errorf("a second record of message %s", r.ID)
		}
		seen[r.ID] = true
		if r.Reply == 250 {
			good++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(seen), good
}

func verifyLedger(t *testing.T, g *gateway) {
	t.Helper()
	out, errs, code := run(t, "", "ledger", "export", "--config", g.config())
	if code != 0 {
		t.Fatalf("ledger export: %s", errs)
	}
	file := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := run(t, "", "ledger", "verify", file); code != 0 {
		t.Errorf("ledger verify: %s%s", out, errs)
	}
}
