package sampling

import (
	"math"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

const (
	dice  = "31642651436251346521"
	other = "11111222223333344444"
)

func TestTheBoardsDiceCountFromTheNextDayOn(t *testing.T) { // C3.3b
	s := newSchool(t, 0.5)
	next := monday.Add(24 * time.Hour)
	s.mail(100, monday)
	day, err := s.SetSeed(t.Context(), dice, ledger.Actor{Name: "voorzitter", Role: ledger.Board}, monday)
	if err != nil || day != tomorrow {
		t.Fatalf("the seed counts from %q, %v, want tomorrow", day, err)
	}
	s.mail(100, monday.Add(time.Hour)) // the same day goes on as it was committed to
	s.prepare(next)
	s.mail(100, next)
	s.start(0.5, next) // a restart in between
	s.mail(100, next.Add(time.Hour))
	if r := s.fair(today, 200); r.Seeded {
		t.Error("the seed counts for a day that had begun")
	}
	if r := s.fair(tomorrow, 200); !r.Seeded {
		t.Error("the seed does not count")
	}
	// Another seed would have drawn others.
	for i, e := range s.book.entries {
		if e.Kind == ledger.SamplingSeed {
			s.book.entries[i].Data.Seed = other
		}
	}
	if r, err := s.audit(tomorrow); err != nil || r.Fair() {
		t.Errorf("with other dice every draw is the same: %+v, %v", r, err)
	}
}

func TestASecretIsCommittedToBeforeTheDiceAreKnown(t *testing.T) {
	s := newSchool(t, 0.5)
	late := monday.Add(23 * time.Hour)
	s.book.entries = nil
	s.dir = t.TempDir()
	var err error
	if s.Sampler, err = Open(s.dir, s.book, 0.5); err != nil { // it has prepared nothing yet
		t.Fatal(err)
	}
	s.book.now = late
	if _, err := s.SetSeed(t.Context(), dice, ledger.Actor{}, late); err != nil {
		t.Fatal(err)
	}
	if e := s.book.entries; len(e) != 2 || e[0].Kind != ledger.SamplingCommit || e[1].Kind != ledger.SamplingSeed ||
		e[1].Data.Day != e[0].Data.Day {
		t.Errorf("the ledger has %+v, want the commitment before the seed", e)
	}
}

func TestWhatIsNoSeed(t *testing.T) {
	s := newSchool(t, 0.5)
	for _, digits := range []string{
		"",
		"1234561234561234561",
		strings.Repeat("1", 201),
		dice + "7",
		dice + "0",
		dice + " ",
		"ééééééééééééééééééééé",
	} {
		if _, err := s.SetSeed(t.Context(), digits, ledger.Actor{}, monday); err == nil ||
			!strings.Contains(err.Error(), "die") {
			t.Errorf("seed %q: error %v, want that it is no throws of a die", digits, err)
		}
	}
	s.mail(1, monday)
	s.book.entries = append(
		s.book.entries,
		ledger.Entry{Index: 9, Time: monday, Kind: ledger.SamplingSeed, Data: ledger.Data{Day: today, Seed: dice}},
	)
	if _, err := s.audit(today); err == nil || !strings.Contains(err.Error(), "entry 9") {
		t.Errorf("a seed that was set for a day that had begun: %v", err)
	}
}

func TestSharesOfDirectionsAndGroups(t *testing.T) {
	s := newSchool(t, 0.2)
	s.mail(2000, monday)
	for i := range s.drawn {
		if i%4 == 0 {
			s.drawn[i].group = "directie"
		}
	}
	r := s.fair(today, 2000)
	if len(r.Shares) != 3 || r.Shares[0].Of != "direction out" || r.Shares[1].Of != "group directie" ||
		r.Shares[1].Eligible != 500 ||
		r.Shares[2].Eligible != 1500 {
		t.Fatalf("the shares are %+v, want 500 and 1500 eligible", r.Shares)
	}
	for _, x := range r.Shares {
		if x.Improbable() || x.Low >= x.High {
			t.Errorf("an honest day looks odd: %+v", x)
		}
	}
	// Somebody who is always drawn is seen in the share, and in every draw.
	for i := range s.drawn {
		s.drawn[i].drawn = s.drawn[i].drawn || s.drawn[i].group == "directie"
	}
	r, err := s.audit(today)
	if err != nil || r.Fair() || !r.Shares[1].Improbable() || r.Shares[2].Improbable() {
		t.Errorf("the shares are %+v, %v, want the first alone improbable", r.Shares, err)
	}
}

func TestTheIntervalHoldsWhatItSays(t *testing.T) {
	for _, c := range []struct {
		n         int
		p         float64
		low, high int
	}{{0, 0.5, 0, 0}, {1, 0.5, 0, 1}, {10, 0, 0, 0}, {10, 1, 10, 10}, {100, 0.05, 0, 13}, {20, 0.5, 3, 17}} {
		if low, high := interval(c.n, c.p, 0.0005); low != c.low || high != c.high {
			t.Errorf("%d at %v: %d to %d, want %d to %d", c.n, c.p, low, high, c.low, c.high)
		}
	}
	low, high := interval(100_000, 0.05, 0.0005)
	if sd := math.Sqrt(100_000 * 0.05 * 0.95); math.Abs(float64(low)-(5000-3.29*sd)) > 5 ||
		math.Abs(float64(high)-(5000+3.29*sd)) > 5 {
		t.Errorf("of 100,000: %d to %d", low, high)
	}
}
