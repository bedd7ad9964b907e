package sampling

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const today, tomorrow = "2026-11-23", "2026-11-24"

// book is a ledger with a clock of its own.
type book struct {
	mu      sync.Mutex
	now     time.Time
	entries []ledger.Entry
	fails   error
}

func (b *book) Append(_ context.Context, k ledger.Kind, d ledger.Data) (ledger.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		return ledger.Receipt{}, b.fails
	}
	i := int64(len(b.entries))
	b.entries = append(b.entries, ledger.Entry{Index: i, Time: b.now, Kind: k, Data: d})
	return ledger.Receipt{}, nil
}

func (b *book) Find(q ledger.Query) iter.Seq2[ledger.Entry, error] {
	return ledger.Entries(b.entries).Find(q)
}

// of returns the entries of a kind about a day.
func (b *book) of(k ledger.Kind, day string) (es []ledger.Entry) {
	for _, e := range b.entries {
		if e.Kind == k && e.Data.Day == day {
			es = append(es, e)
		}
	}
	return es
}

// school is a gateway's sampler with what it writes, and the journal of its draws.
type school struct {
	t *testing.T
	*Sampler
	dir   string
	book  *book
	ids   *rand.ChaCha8
	drawn []drawn
}

type drawn struct {
	id    filter.ID
	at    time.Time
	group string
	drawn bool
}

func newSchool(t *testing.T, rate float64) *school {
	t.Helper()
	s := &school{
		t:    t,
		dir:  t.TempDir(),
		book: &book{now: monday},
		ids:  rand.NewChaCha8([32]byte{'s', 'l', 'u', 'i', 's'}),
	}
	s.start(rate, monday)
	return s
}

// start starts the gateway, again perhaps.
func (s *school) start(rate float64, now time.Time) {
	s.t.Helper()
	var err error
	if s.Sampler, err = Open(s.dir, s.book, rate); err != nil {
		s.t.Fatal(err)
	}
	s.steady = func() time.Time { return s.book.now }
	s.prepare(now)
}

func (s *school) prepare(now time.Time) {
	s.t.Helper()
	s.book.now = now
	if err := s.Prepare(s.t.Context(), now); err != nil {
		s.t.Fatal(err)
	}
}

// put writes today's secret over the one that is there.
func (s *school) put(c committed) {
	s.t.Helper()
	if err := s.keep(today, c); err != nil {
		s.t.Fatal(err)
	}
}

// mail draws for n messages that come at a time.
func (s *school) mail(n int, at time.Time) {
	s.t.Helper()
	for range n {
		var id filter.ID
		s.ids.Read(id[:])
		is, err := s.Draw(id, at)
		if err != nil {
			s.t.Fatal(err)
		}
		s.drawn = append(s.drawn, drawn{id, at, "team", is})
	}
}

func (s *school) draws(day string, use func(Draw) error) error {
	for _, d := range s.drawn {
		if d.at.UTC().Format(dayForm) == day {
			if err := use(Draw{d.id, d.at, "out", d.group, d.drawn}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *school) audit(day string) (Report, error) {
	return Audit(day, s.dir, s.book, s.draws)
}

// fair fails the test if an honest day does not look like one.
func (s *school) fair(day string, eligible int) Report {
	s.t.Helper()
	r, err := s.audit(day)
	if err != nil || !r.Fair() || r.Eligible != eligible {
		s.t.Fatalf("audit of %s: %+v, %v", day, r, err)
	}
	return r
}

// C3.3b: the commitment is in the ledger before the day, and says nothing of the secret.
func TestADayIsCommittedToBeforeItBegins(t *testing.T) {
	s := newSchool(t, 0.05)
	for range 3 { // hourly, and it stays at one
		s.prepare(monday)
	}
	for _, day := range []string{today, tomorrow} {
		c := s.book.of(ledger.SamplingCommit, day)
		if len(c) != 1 || c[0].Data.Rate != 0.05 {
			t.Fatalf("commitments to %s: %+v", day, c)
		}
		secret, err := read(s.path(day))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(secret.Secret); hex.EncodeToString(sum[:]) != c[0].Data.Commit {
			t.Error("the commitment is to another secret")
		}
		if info, err := os.Stat(s.path(day)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others can read the secret: %v, %v", info.Mode(), err)
		}
	}
	if a, b := s.book.of(ledger.SamplingCommit, today), s.book.of(
		ledger.SamplingCommit, tomorrow,
	); a[0].Data.Commit == b[0].Data.Commit {
		t.Error("two days share a secret")
	}
	text, err := json.Marshal(s.book.entries)
	if secret, readErr := read(s.path(today)); err != nil || readErr != nil ||
		bytes.Contains(text, []byte(hex.EncodeToString(secret.Secret))) {
		t.Error("the secret stands in the ledger")
	}
}

// Anyone can repeat a draw with what the package comment says.
func TestADrawIsWhatTheDescriptionSays(t *testing.T) {
	s := newSchool(t, 0.3)
	s.mail(2000, monday)
	c, err := read(s.path(today))
	if err != nil {
		t.Fatal(err)
	}
	for n, d := range s.drawn {
		mac := hmac.New(sha256.New, c.Secret)
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
		if want := float64(binary.BigEndian.Uint64(mac.Sum(nil)))/(1<<64) < 0.3; d.drawn != want {
			t.Fatalf("message %s: drawn %v", d.id, d.drawn)
		}
	}
}

func TestTheShareThatIsDrawnIsTheRate(t *testing.T) {
	for _, rate := range []float64{0, 1e-3, 0.05, 0.5, 0.999, 1} {
		s := newSchool(t, rate)
		// A fixed secret: the test gives the same on every run.
		b, err := json.Marshal(committed{Secret: bytes.Repeat([]byte{42}, 32), Rates: timeline{{0, rate}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path(today), b, 0o600); err != nil {
			t.Fatal(err)
		}
		const n = 100_000
		s.mail(n, monday)
		hits := 0.0
		for _, d := range s.drawn {
			if d.drawn {
				hits++
			}
		}
		if sigma := math.Sqrt(n * rate * (1 - rate)); math.Abs(hits-n*rate) > 4*sigma {
			t.Errorf("at a rate of %v %v of %v were drawn", rate, hits, n)
		}
	}
	for _, rate := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if _, err := Open(t.TempDir(), &book{}, rate); err == nil {
			t.Errorf("a rate of %v was taken", rate)
		}
	}
}

func TestTheSecretIsRevealedADayAfterTheDay(t *testing.T) {
	s := newSchool(t, 0.5)
	s.mail(100, monday)
	end := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for at := monday; at.Before(end.Add(24 * time.Hour)); at = at.Add(time.Hour) {
		s.prepare(at)
		if len(s.book.of(ledger.SamplingReveal, today)) > 0 {
			t.Fatalf("revealed at %s", at)
		}
		if r := s.fair(today, 100); r.Revealed {
			t.Fatal("the audit says revealed")
		}
	}
	s.prepare(end.Add(25 * time.Hour))
	s.prepare(end.Add(26 * time.Hour))
	if len(s.book.of(ledger.SamplingReveal, today)) != 1 {
		t.Fatal("not revealed, or twice")
	}
	if _, err := os.Stat(s.path(today)); !errors.Is(err, os.ErrNotExist) {
		t.Error("the secret is still kept")
	}
	if r := s.fair(today, 100); !r.Revealed || r.Drawn == 0 || r.Shares[1].Of != "group team" ||
		r.Shares[1].Drawn != r.Drawn ||
		r.Rates[0] != 0.5 {
		t.Errorf("the audit is %+v, want one rate, and shares that add up", r)
	}
}

// A crash between the ledger and the file repeats the entry, and that is no second choice.
func TestACrashWhileCommittingOrRevealing(t *testing.T) {
	s := newSchool(t, 0.5)
	c, err := read(s.path(today))
	if err != nil {
		t.Fatal(err)
	}
	c.Index = -1
	s.put(c)
	s.start(0.5, monday)
	if len(s.book.of(ledger.SamplingCommit, today)) != 2 {
		t.Fatal("not the case that was meant")
	}
	s.mail(100, monday)
	s.fair(today, 100)
	s.prepare(monday.Add(72 * time.Hour))
	c.Waited = (24 * time.Hour).Milliseconds()
	s.put(c)
	s.prepare(monday.Add(73 * time.Hour))
	if len(s.book.of(ledger.SamplingReveal, today)) != 2 {
		t.Fatal("not the case that was meant")
	}
	s.fair(today, 100)
}

func TestNothingIsDrawnBeforeTheCommitmentIsWritten(t *testing.T) {
	s := newSchool(t, 0.5)
	s.book.fails = errors.New("disk full")
	if err := s.Prepare(t.Context(), monday.Add(48*time.Hour)); err == nil {
		t.Error("Prepare tells of no trouble")
	}
	if _, err := s.Draw(filter.ID{1}, monday.Add(48*time.Hour)); err == nil {
		t.Error("a draw without a commitment")
	}
	if err := s.SetRate(t.Context(), 0.9, monday); err == nil {
		t.Error("a new rate that is not in the ledger")
	}
	s.book.fails = nil
	s.prepare(monday)
	if len(s.book.of(ledger.SamplingRate, today)) != 0 {
		t.Error("a rate that was refused counts later")
	}
}

func TestClocksThatGoBack(t *testing.T) {
	s := newSchool(t, 0.5)
	late := time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
	s.mail(50, late)
	s.mail(50, late.Add(2*time.Minute)) // tomorrow
	s.mail(50, late.Add(-time.Minute))  // and back
	s.prepare(late)
	s.fair(today, 100)
	s.fair(tomorrow, 50)

	// Back to a day whose secret is known to all: that is seen.
	s.prepare(late.Add(96 * time.Hour))
	s.start(0.5, late)
	s.mail(50, late)
	if _, err := s.audit(today); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("drawn with a second secret: %v", err)
	}
}

func BenchmarkDraw(b *testing.B) {
	s, err := Open(b.TempDir(), &book{}, 0.05)
	if err != nil {
		b.Fatal(err)
	}
	id := filter.NewID()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Draw(id, monday); err != nil {
			b.Fatal(err)
		}
	}
}
