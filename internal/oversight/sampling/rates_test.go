package sampling

import (
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// set reloads the configuration with another rate.
func (s *school) set(rate float64, at time.Time) {
	s.t.Helper()
	s.book.now = at
	if err := s.SetRate(s.t.Context(), rate, at); err != nil {
		s.t.Fatal(err)
	}
}

const night = 16 * time.Hour // from monday at nine until after midnight

// Who runs the gateway sets the rate while one person mails, and back: nobody is drawn for it (C3.3b).
func TestARateForAMomentCountsForNobody(t *testing.T) {
	for name, attack := range map[string]func(s *school){
		"a reload": func(s *school) {
			s.set(1, monday.Add(time.Minute))
			s.mail(50, monday.Add(2*time.Minute))
			s.set(0, monday.Add(3*time.Minute))
		},
		"a restart": func(s *school) {
			s.start(1, monday.Add(time.Minute))
			s.mail(50, monday.Add(2*time.Minute))
			s.start(0, monday.Add(3*time.Minute))
		},
		"a reload, undone by a restart": func(s *school) {
			s.set(1, monday.Add(time.Minute))
			s.mail(50, monday.Add(2*time.Minute))
			s.start(0, monday.Add(3*time.Minute))
		},
		"a reload just before midnight": func(s *school) {
			s.set(1, monday.Add(15*time.Hour-time.Millisecond))
			s.mail(50, monday.Add(15*time.Hour-time.Millisecond))
			s.set(0, monday.Add(15*time.Hour-time.Millisecond))
		},
		"a restart after two days without the gateway": func(s *school) {
			s.start(1, monday.Add(72*time.Hour))
			s.mail(50, monday.Add(72*time.Hour))
		},
		"a rate that is low for the moment": func(s *school) {
			s.set(1, monday.Add(time.Minute))
			s.set(0, monday.Add(2*time.Minute))
			s.mail(50, monday.Add(3*time.Minute))
		},
	} {
		s := newSchool(t, 0)
		attack(s)
		for _, d := range s.drawn {
			if d.drawn {
				t.Errorf("%s: a message was drawn at a rate of nobody's day", name)
				break
			}
		}
		if r, err := s.audit(s.drawn[0].at.Format(dayForm)); err != nil || len(r.Deviations) > 0 {
			t.Errorf("%s: %d draws deviate, %v", name, len(r.Deviations), err)
		}
		if r, err := RatesOf(s.book, s.book.now); err != nil || len(r.Changes) == 0 || r.Now != 0 {
			t.Errorf("%s: the rates are %+v, %v, want the change told, and 0 today", name, r, err)
		}
	}
}

// The first day has the rate that the gateway was begun with; a change counts from the next.
func TestARateCountsFromTheNextDay(t *testing.T) {
	s := newSchool(t, 0.5)
	s.mail(200, monday)
	if r := s.fair(today, 200); r.Drawn < 60 || r.Drawn > 140 || len(r.Rates) != 1 {
		t.Errorf("the first day: %+v, want half of 200 drawn", r)
	}
	s.set(1, monday.Add(time.Minute))
	s.mail(100, monday.Add(2*time.Minute))
	if r := s.fair(today, 300); r.Drawn > 200 {
		t.Errorf("the day of the change: %+v, want half of 300 drawn", r)
	}
	s.mail(100, monday.Add(night))
	if r := s.fair(tomorrow, 100); r.Drawn != 100 {
		t.Errorf("the next day: %+v, want all drawn", r)
	}
	for day := range 4 { // and so it stays, without another entry
		s.prepare(monday.Add(time.Duration(day) * 24 * time.Hour))
	}
	s.mail(10, monday.Add(72*time.Hour))
	r, err := RatesOf(s.book, monday.Add(72*time.Hour))
	if err != nil || r.Now != 1 || len(r.Changes) != 1 {
		t.Fatalf("the rates are %+v, %v, want 1, after one change", r, err)
	}
	want := RateChange{monday.Add(time.Minute), 1, monday.Add(15 * time.Hour), "reload", ledger.Actor{}}
	if r.Changes[0] != want {
		t.Errorf("the change is %+v, want %+v", r.Changes[0], want)
	}
	if err := s.SetRate(t.Context(), 2, monday); err == nil {
		t.Error("a rate of 2 was taken")
	}
}

// Every change is told, also one that is taken back before it counts.
func TestEveryChangeOfTheRateIsTold(t *testing.T) {
	s := newSchool(t, 0.05)
	for i, rate := range []float64{1, 0.05, 0.25} {
		s.set(rate, monday.Add(time.Duration(i+1)*time.Minute))
	}
	s.start(0.1, monday.Add(5*time.Minute))
	r, err := RatesOf(s.book, monday.Add(6*time.Minute))
	if err != nil || r.Now != 0.05 || len(r.Changes) != 4 || r.Changes[0].With != "start" || r.Changes[0].Rate != 0.1 {
		t.Errorf("the rates are %+v, %v, want 0.05 today, and four changes, the last by a start", r, err)
	}
	s.mail(500, monday.Add(night))
	if r := s.fair(tomorrow, 500); r.Drawn > 100 {
		t.Errorf("the next day: %+v, want a tenth of 500 drawn: the last change", r)
	}
}

// Messages around midnight are drawn at a rate that the audit knows too.
func TestARateThatChangesUnderLoad(t *testing.T) {
	s := newSchool(t, 0)
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	midnight := monday.Add(15 * time.Hour)
	clock := func() time.Time { return midnight.Add(10 * (time.Since(start) - 10*time.Millisecond)) }
	s.book.now = midnight.Add(-time.Minute)
	for c := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				id, at := filter.ID{byte(c), byte(i >> 8), byte(i), 9}, clock()
				is, err := s.Draw(id, at)
				mu.Lock()
				s.drawn = append(s.drawn, drawn{id, at.Truncate(time.Millisecond), "", is})
				if err != nil {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	for i := range 20 {
		if err := s.SetRate(t.Context(), float64(i%3)/2, clock()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	for _, day := range []string{today, tomorrow} {
		if r, err := s.audit(day); err != nil || !r.Fair() {
			t.Errorf("%s: %d of %d draws deviate, rates %v, %v; want a fair day", day, len(r.Deviations), r.Eligible,
				r.Rates, err)
		}
	}
}
