package webcalls_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"sluis/cmd/sluis/internal/webcalls"
	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/proxy/identify"
	"sluis/rules"
)

// stand is a gateway that remembers what it is asked.
type stand struct {
	mu      sync.Mutex
	ordered bool
	asked   []webcalls.GroundsCall
	records []webcalls.RecordCall
	used    []filter.OrderID
	appeal  error
	fails   error
}

func (s *stand) Grounds(id filter.ID, at time.Time, who identify.Identity, upload bool) (filter.Grounds, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, webcalls.GroundsCall{ID: id, At: at, Subject: who.Subject, Upload: upload})
	g := filter.Grounds{Purposes: rules.SetOf(rules.Leak), Drawn: true, Eligible: true, Orders: []filter.OrderID{"o-1"}}
	return g, s.fails
}

func (s *stand) RecordUse(_ context.Context, used []filter.OrderID, _ filter.ID) error {
	s.used = append(s.used, used...)
	return s.fails
}

func (s *stand) Put(r journal.Record, who roster.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, webcalls.RecordCall{Record: r, Subject: who})
}

func (s *stand) Appeal(string, rules.Category, rules.ID, roster.Group, appeals.Need, time.Time) error {
	return s.appeal
}

func (s *stand) Ordered() bool { return s.ordered }

// connect returns a client of a gateway, and the gateway's end of the connection.
func connect(t *testing.T, g webcalls.Gateway) (*webcalls.Client, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	go webcalls.ServeGateway(ours, g)
	c := webcalls.NewClient(theirs)
	t.Cleanup(func() { c.Close() })
	return c, ours
}

func person(t *testing.T, address string) identify.Identity {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := `groups: [{name: team, kind: staff}]
people:
  - {address: juf@school.example, group: team}
  - {address: vp@school.example, group: team, role: confidential-counsellor}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	people, err := roster.Load(file, []string{"school.example"})
	if err != nil {
		t.Fatal(err)
	}
	s := people.Subject(address)
	return identify.Identity{Group: s.Group(), Subject: s}
}

// TestAnOrdinaryPageAsksNothing of the gateway; an upload, which may be drawn, does, and so does
// every request while an order may be in force (C3.2a, C3.2c, C3.3b).
func TestAnOrdinaryPageAsksNothing(t *testing.T) {
	g := &stand{}
	c, _ := connect(t, g)
	id, at := filter.NewID(), time.Now()
	got, err := c.Grounds(id, at, person(t, "juf@school.example"), false)
	if want := rules.SetOf(rules.Security, rules.Conduct); err != nil || got.Purposes != want || len(g.asked) > 0 {
		t.Errorf("a page: got %v, %v and %d questions, want %v and none", got, err, len(g.asked), want)
	}
	got, err = c.Grounds(id, at, person(t, "vp@school.example"), false)
	if err != nil || !got.Confidential || got.Purposes != rules.SetOf(rules.Security) {
		t.Errorf("a page of a counsellor: got %v, %v, want security alone", got, err)
	}
	who := person(t, "juf@school.example")
	got, err = c.Grounds(id, at, who, true)
	if err != nil || !got.Drawn || !slices.Equal(got.Orders, []filter.OrderID{"o-1"}) || len(g.asked) != 1 {
		t.Fatalf("an upload: got %v, %v and %d questions, want the gateway's answer", got, err, len(g.asked))
	}
	if q := g.asked[0]; q.ID != id || !q.At.Equal(at) || q.Subject != who.Subject || !q.Upload {
		t.Errorf("an upload: the gateway was asked %v, want what the proxy knows", q)
	}
	g.ordered = true
	c, _ = connect(t, g)
	if got, err := c.Grounds(id, at, who, false); err != nil || !got.Ordered() {
		t.Errorf("with an order: got %v, %v, want the gateway's answer", got, err)
	}
	if err := c.RecordUse(t.Context(), []filter.OrderID{"o-1"}, id); err != nil || len(g.used) != 1 {
		t.Errorf("the use of an order: got %v and %v, want it recorded", err, g.used)
	}
}

// TestWithoutAnAnswerThereAreNoGrounds: nothing is inspected or passed on when the gateway fails.
func TestWithoutAnAnswerThereAreNoGrounds(t *testing.T) {
	g := &stand{fails: errors.New("no secret is committed to")}
	c, _ := connect(t, g)
	who := person(t, "juf@school.example")
	if got, err := c.Grounds(filter.NewID(), time.Now(), who, true); err == nil {
		t.Errorf("the draw fails: got %v, want an error", got)
	}
	if err := c.RecordUse(t.Context(), []filter.OrderID{"o-1"}, filter.NewID()); err == nil {
		t.Error("the ledger fails: got no error, want one")
	}
	c, gateway := connect(t, &stand{})
	gateway.Close()
	for _, upload := range []bool{false, true} {
		if got, err := c.Grounds(filter.NewID(), time.Now(), who, upload); err == nil {
			t.Errorf("the gateway is gone, upload %v: got %v, want an error", upload, got)
		}
	}
}

// TestEveryRecordArrives, in order and whole, and Close waits for the last.
func TestEveryRecordArrives(t *testing.T) {
	g := &stand{}
	c, _ := connect(t, g)
	who := person(t, "juf@school.example").Subject
	const n = 10_000
	var want []journal.Record
	for i := range n {
		r := journal.Record{
			Time:      time.UnixMilli(int64(1_790_000_000_000 + i)).UTC(),
			ID:        filter.NewID(),
			Kind:      journal.Web,
			Group:     who.Group(),
			Action:    filter.Reject,
			Purposes:  rules.SetOf(rules.Security),
			Purpose:   rules.Conduct,
			Eligible:  true,
			Bytes:     int64(i),
			Duration:  time.Duration(i) * time.Millisecond,
			Reply:     403,
			Parts:     2,
			TLS:       i%2 == 0,
			Ambiguous: i%3 == 0,
		}
		want = append(want, r)
		c.Put(r, who)
	}
	c.Close()
	c.Put(want[0], who) // of a request that was cut: it is no fault
	if len(g.records) != n {
		t.Fatalf("got %d records, want %d", len(g.records), n)
	}
	for i, r := range g.records {
		if r.Record != want[i] || r.Subject != who {
			t.Fatalf("record %d: got %+v of %v, want %+v of %v", i, r.Record, r.Subject, want[i], who)
		}
	}
}

// TestARequestForReview arrives, and too many of them are an error that the page knows.
func TestARequestForReview(t *testing.T) {
	g := &stand{}
	c, _ := connect(t, g)
	add := func() error {
		return c.Add("spel.example", rules.NoCategory, rules.ID{}, roster.Group{}, appeals.Lesson, time.Now())
	}
	if err := add(); err != nil {
		t.Errorf("got %v, want none", err)
	}
	g.appeal = appeals.ErrTooMany
	if err := add(); !errors.Is(err, appeals.ErrTooMany) {
		t.Errorf("got %v, want %v", err, appeals.ErrTooMany)
	}
	g.appeal = errors.New("disk full")
	if err := add(); err == nil || errors.Is(err, appeals.ErrTooMany) {
		t.Errorf("got %v, want the gateway's error", err)
	}
}
