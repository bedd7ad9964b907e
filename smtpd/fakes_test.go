package smtpd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/rules"
)

// newSink is a next hop that records every byte.
func newSink(t testing.TB) *testenv.Sink {
	s := testenv.NewSink(t)
	s.Detail = testenv.Whole
	return s
}

// fakePolicy passes everything unless it is set to do else.
type fakePolicy struct {
	grounds func(id filter.ID, ds rules.Directions, parties []string) (filter.Grounds, error)
	inspect func(ctx context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error)
	decide  func(x *filter.Inspection, d rules.Direction) filter.Verdict

	recordUse func(used []filter.OrderID, id filter.ID) error
}

func (f *fakePolicy) Grounds(
	id filter.ID, _ time.Time, ds rules.Directions, between filter.Parties,
) (filter.Grounds, error) {
	if f.grounds != nil {
		return f.grounds(id, ds, between.Addresses)
	}
	return filter.Grounds{Purposes: rules.SetOf(rules.Security, rules.Conduct)}, nil
}

func (f *fakePolicy) RecordUse(_ context.Context, used []filter.OrderID, id filter.ID) error {
	if f.recordUse != nil {
		return f.recordUse(used, id)
	}
	return nil
}

func (f *fakePolicy) Inspect(ctx context.Context, it filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	if f.inspect != nil {
		return f.inspect(ctx, it, ps)
	}
	return &filter.Inspection{Purposes: ps, Bytes: it.Size, Parts: 1}, nil
}

func (f *fakePolicy) Decide(x *filter.Inspection, d rules.Direction) filter.Verdict {
	if f.decide != nil {
		return f.decide(x, d)
	}
	return filter.Verdict{}
}

type sealedEntry struct {
	Entry
	content []byte
}

type fakeQuarantine struct {
	mu        sync.Mutex
	entries   map[filter.ID]sealedEntry
	withdrawn int
	err       error
}

func (q *fakeQuarantine) Seal(_ context.Context, e Entry, _ *filter.Inspection, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	q.entries[e.ID] = sealedEntry{e, b}
	return nil
}

func (q *fakeQuarantine) Withdraw(_ context.Context, id filter.ID) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.entries[id]; !ok {
		return errors.New("no such entry")
	}
	delete(q.entries, id)
	q.withdrawn++
	return nil
}

func (q *fakeQuarantine) all() []sealedEntry {
	q.mu.Lock()
	defer q.mu.Unlock()
	var es []sealedEntry
	for _, e := range q.entries {
		es = append(es, e)
	}
	return es
}

type fakeJournal struct {
	mu      sync.Mutex
	records []journal.Record
}

func (j *fakeJournal) Put(r journal.Record, _ roster.Subject) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records = append(j.records, r)
}

func (j *fakeJournal) all() []journal.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]journal.Record(nil), j.records...)
}

// fakeRoster owns school.example and below.
type fakeRoster struct{}

func (fakeRoster) OwnDomain(d string) bool {
	return d == "school.example" || d == "own.example"
}
func (fakeRoster) Subject(string) roster.Subject { return roster.Subject{} }
func (fakeRoster) Confidants(string) []string    { return nil }
func (r fakeRoster) Within(d string) bool        { return r.OwnDomain(d) }

// stage is a relay with all that it needs.
type stage struct {
	t       testing.TB
	relay   *Relay
	addr    string
	sink    *testenv.Sink
	policy  *fakePolicy
	store   *fakeQuarantine
	journal *fakeJournal
	cfg     Config
	served  []chan error
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// play starts a relay before the sink; set changes its configuration.
func play(t testing.TB, s *testenv.Sink, set ...func(*Config, *stage)) *stage {
	t.Helper()
	st := &stage{
		t:       t,
		sink:    s,
		policy:  &fakePolicy{},
		store:   &fakeQuarantine{entries: map[filter.ID]sealedEntry{}},
		journal: &fakeJournal{},
	}
	cfg := Config{
		Hostname: "gate.school.example",
		Trusted:  []netip.Prefix{loopback},
		Routes:   []Route{{Name: "all", Hosts: []string{s.Addr()}, Command: testenv.Patience, Body: testenv.Patience}},
		Limits:   Limits{Idle: testenv.Patience, PerAddress: 10000},
		Spool:    t.TempDir(),
		Policy:   st.policy, Quarantine: st.store, Journal: st.journal, Roster: fakeRoster{},
	}
	for _, f := range set {
		f(&cfg, st)
	}
	st.cfg = cfg
	r, err := New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	st.relay = r
	st.addr = st.listen(Listener{})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testenv.Patience)
		defer cancel()
		r.Shutdown(ctx)
		for _, done := range st.served {
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("Serve: %v", err)
				}
			case <-ctx.Done():
				t.Error("Serve did not return after Shutdown")
			}
		}
	})
	return st
}

func (st *stage) listen(l Listener) string {
	st.t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		st.t.Fatal(err)
	}
	l.Listener = nl
	done := make(chan error, 1)
	go func() { done <- st.relay.Serve(l) }()
	st.served = append(st.served, done)
	return nl.Addr().String()
}

func untrusted(c *Config, _ *stage) { c.Trusted = nil }

// talk is a client that says exactly what a test says.
type talk struct {
	t    testing.TB
	conn net.Conn
	br   *bufio.Reader
}

func dial(t testing.TB, addr string) *talk {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &talk{t, c, bufio.NewReader(c)}
}

// client says EHLO.
func (st *stage) client() *talk {
	st.t.Helper()
	c := dial(st.t, st.addr)
	c.want("220")
	c.cmd("EHLO client.example", "250")
	return c
}

func (c *talk) write(s string) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(testenv.Patience))
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// want reads one reply, which has to start with prefix, and returns it whole.
func (c *talk) want(prefix string) string {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(testenv.Patience))
	var b strings.Builder
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			c.t.Fatalf("reading reply (want %q, have %q): %v", prefix, b.String(), err)
		}
		b.WriteString(line)
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	if !strings.HasPrefix(b.String(), prefix) {
		c.t.Fatalf("reply %q, want %q", b.String(), prefix)
	}
	return b.String()
}

func (c *talk) cmd(line, prefix string) string {
	c.t.Helper()
	c.write(line + "\r\n")
	return c.want(prefix)
}

// closed waits until the server closes.
func (c *talk) closed() {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(testenv.Patience))
	if rest, err := io.ReadAll(c.br); err != nil && errors.Is(err, context.DeadlineExceeded) {
		c.t.Fatalf("still open after %q", rest)
	}
}

func (c *talk) envelope(from string, to ...string) {
	c.t.Helper()
	c.cmd("MAIL FROM:<"+from+">", "250")
	for _, r := range to {
		c.cmd("RCPT TO:<"+r+">", "250")
	}
}

// send sends one message by DATA and returns the final reply.
func (c *talk) send(from, to, body, prefix string) string {
	c.t.Helper()
	c.envelope(from, to)
	c.cmd("DATA", "354")
	c.write(body + ".\r\n")
	return c.want(prefix)
}

// content returns what follows our Received field.
func content(t testing.TB, m *testenv.Message) string {
	t.Helper()
	s := string(m.Data)
	if !strings.HasPrefix(s, "Received: from ") {
		t.Fatalf("no Received on top: %.80q", s)
	}
	// The field ends with the date, also if the message starts with a blank.
	i := strings.Index(s, ";\r\n\t")
	if i < 0 {
		t.Fatal("no date in Received")
	}
	_, rest, _ := strings.Cut(s[i+3:], "\r\n")
	return rest
}

func newQuiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
