package smtpd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/testenv"
	"sluis/rules"
)

func TestShutdownFinishesWhatIsUnderWay(t *testing.T) { // S12
	s := newSink(t).Start()
	st := play(t, s)
	idle := st.client()
	busy := st.client()
	busy.envelope("a@school.example", "b@school.example")
	busy.cmd("DATA", "354")
	busy.write("first half\r\n")

	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), testenv.Patience)
		defer cancel()
		done <- st.relay.Shutdown(ctx)
	}()
	idle.want("421 4.3.2")
	idle.closed()
	busy.write("second half\r\n.\r\n")
	busy.want("250")
	busy.want("421 4.3.2")
	busy.closed()
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if got := content(t, s.Messages()[0]); got != "first half\r\nsecond half\r\n" {
		t.Errorf("%q", got)
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s)
	c := st.client()
	c.envelope("a@school.example", "b@school.example")
	c.cmd("DATA", "354")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := st.relay.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	c.closed()
	if len(s.Messages()) != 0 {
		t.Error("half a message was delivered")
	}
}

func TestConnectionLimitsAreToldPolitely(t *testing.T) {
	st := play(t, newSink(t).Start(), func(c *Config, _ *stage) { c.Limits.Connections = 3 })
	var cs []*talk
	for range 3 {
		cs = append(cs, st.client())
	}
	c := dial(t, st.addr)
	c.want("421 4.3.2")
	c.closed()
	cs[0].cmd("QUIT", "221")
	cs[0].closed()
	testenv.Eventually(t, "room", func() bool {
		clients, _ := st.relay.door.Counts()
		return clients == 2
	})
	st.client()

	st = play(t, newSink(t).Start(), untrusted, func(c *Config, _ *stage) { c.Limits.PerAddress = 2 })
	st.client()
	st.client()
	dial(t, st.addr).want("421 4.7.0")
}

func TestRecipientLimit(t *testing.T) {
	st := play(t, newSink(t).Start(), func(c *Config, _ *stage) { c.Limits.Recipients = 2 })
	c := st.client()
	c.envelope("a@school.example", "b@school.example", "c@school.example")
	c.cmd("RCPT TO:<d@school.example>", "452 4.5.3")
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
}

func TestReloadAppliesFromTheNextMessageOn(t *testing.T) {
	first, second := newSink(t).Start(), newSink(t).Start()
	st := play(t, first)
	c := st.client()
	c.envelope("a@school.example", "b@school.example")

	cfg := st.cfg
	cfg.Routes = []Route{{Name: "second", Hosts: []string{second.Addr()}}}
	cfg.Policy = &fakePolicy{decide: func(*filter.Inspection, rules.Direction) filter.Verdict { return advised }}
	if err := st.relay.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	c.cmd("DATA", "354")
	c.write("x\r\n.\r\n")
	c.want("250")
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
	if a, b := len(first.Messages()), len(second.Messages()); a != 1 || b != 1 {
		t.Fatalf("%d messages to the first next hop and %d to the second, want one each", a, b)
	}
	if got := content(t, first.Messages()[0]); got != "x\r\n" {
		t.Errorf("the message begun before the reload is %q, want it without a tag", got)
	}
	if got := content(t, second.Messages()[0]); !strings.HasPrefix(got, "X-Sluis") {
		t.Errorf("the message after the reload is %q, want it with a tag", got)
	}

	e := Envelope{To: []Recipient{{Path: "b@school.example"}}}
	if rep, err := st.relay.Sender().Send(t.Context(), e, 3, strings.NewReader("x\r\n")); err != nil || !rep.OK() {
		t.Errorf("Send: reply %d, %v; want 250", rep.Code, err)
	}
	if n := len(second.Messages()); n != 2 {
		t.Errorf("%d messages to the second next hop, want two: the sender has the new routes too", n)
	}

	cfg.Routes = nil
	if st.relay.Reload(cfg) == nil {
		t.Error("a broken configuration was taken")
	}
	c.send("a@school.example", "b@school.example", "x\r\n", "250")
}

// What must never happen, 1: neither an address nor content in a log, an error or a
// metric, whatever goes wrong.
func TestLogsHoldNeitherAddressesNorContent(t *testing.T) {
	var log testenv.Log
	s := newSink(t)
	s.Misbehave(testenv.Fault{Drop: true}.At(testenv.OnBody))
	s.Start()
	st := play(t, s, func(c *Config, st *stage) {
		c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		st.policy.inspect = func(_ context.Context, it filter.Item, _ rules.Purposes) (*filter.Inspection, error) {
			b := make([]byte, it.Size)
			it.Content.ReadAt(b, 0)
			switch {
			case bytes.Contains(b, []byte("panic")):
				panic(string(b))
			case bytes.Contains(b, []byte("error")):
				return nil, errors.New("broken")
			}
			return &filter.Inspection{}, nil
		}
		st.policy.decide = func(*filter.Inspection, rules.Direction) filter.Verdict { panic("canary in a panic") }
	})
	for _, text := range []string{"panic", "error", "fine"} {
		c := st.client()
		c.envelope("canary.sender@school.example", "canary.recipient@school.example")
		c.cmd("DATA", "354")
		c.write("Subject: canary\r\n\r\n" + text + "\r\n.\r\n")
		c.want("4")
		c.conn.Close()
	}
	c := st.client()
	c.cmd("canary@canary", "50")
	c.conn.Close()
	if got := log.String(); strings.Contains(got, "canary") || strings.Contains(got, "127.0.0.1") {
		t.Errorf("%s", got)
	}
	if !strings.Contains(log.String(), "panic while judging") {
		t.Errorf("the panic is not logged: %s", log.String())
	}
}
