// Package appeals keeps what people ask the ICT service to look at again: a site or page
// that was blocked (K3, C3.3f).
//
// It promises that nobody is in it: a request has a host, the rule that blocked it, a
// group, and why it is asked for, out of a closed list. Requests for the same are counted,
// and how many are kept is bounded, as is how many come in a minute.
package appeals

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluis/internal/roster"
	"sluis/internal/store"
	"sluis/rules"
)

// Why is what somebody needs a site for.
type Need string

// The reasons.
const (
	Lesson Need = "lesson" // it is for a lesson
	Work   Need = "work"   // it is for work
	Wrong  Need = "wrong"  // it is not what it is taken for
	Other  Need = "other"
)

// Needs are all reasons.
var Needs = []Need{Lesson, Work, Wrong, Other}

// Appeal is a request to look at something again.
type Appeal struct {
	ID       int            `json:"id"`
	Host     string         `json:"host"`
	Category rules.Category `json:"category,omitzero"` // none: a list of the organisation
	Rule     rules.ID       `json:"rule,omitzero"`
	Group    string         `json:"group,omitempty"`
	Need     Need           `json:"need"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
	Count    int            `json:"count"`
	Outcome  string         `json:"outcome,omitempty"` // what the ICT service decided; empty: open
}

const (
	maxOpen = 1000
	maxKept = 2000 // with those that are closed
	maxRate = 300  // in a minute, of everybody: each is written to disk
)

// ErrTooMany is returned when more is open than can be kept, or comes than can be written.
var ErrTooMany = errors.New("too many appeals are open")

// Store keeps appeals. Several goroutines and processes may use it.
type Store struct {
	appeals *store.Value[[]Appeal]

	mu     sync.Mutex
	minute time.Time // in which
	asked  int       // so many have come
}

// Open returns the appeals of a store.
func Open(s store.Store) *Store { return &Store{appeals: store.NewValue[[]Appeal](s, "appeals")} }

// Check returns store.ErrDamaged if the appeals of a store cannot be read.
func Check(s store.Store) error {
	_, err := Open(s).appeals.Get()
	return err
}

// Ask adds a request, or counts it with the same one that is open. It returns once it is on
// disk.
func (s *Store) Add(host string, c rules.Category, rule rules.ID, g roster.Group, need Need, now time.Time) error {
	if !slices.Contains(Needs, need) || host == "" || len(host) > 253 {
		return errors.New("appeals: not an appeal")
	}
	if !s.allowed(now) {
		return ErrTooMany
	}
	return s.appeals.Update(func(kept *[]Appeal) error {
		all := *kept
		open, next := 0, 1
		for i := range all {
			a := &all[i]
			next = max(next, a.ID+1)
			if a.Outcome != "" {
				continue
			}
			if open++; a.Host == host && a.Rule == rule && a.Group == g.String() && a.Need == need {
				a.Count, a.Last = a.Count+1, now
				return nil
			}
		}
		if open >= maxOpen {
			return ErrTooMany
		}
		if len(all) >= maxKept {
			oldest := slices.IndexFunc(all, func(a Appeal) bool { return a.Outcome != "" })
			all = slices.Delete(all, oldest, oldest+1)
		}
		*kept = append(
			all,
			Appeal{
				ID:       next,
				Host:     host,
				Category: c,
				Rule:     rule,
				Group:    g.String(),
				Need:     need,
				First:    now,
				Last:     now,
				Count:    1,
			},
		)
		return nil
	})
}

// allowed counts a request of this minute, and reports whether it may be written.
func (s *Store) allowed(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := now.Truncate(time.Minute); !m.Equal(s.minute) {
		s.minute, s.asked = m, 0
	}
	s.asked++
	return s.asked <= maxRate
}

// Close writes down what was decided.
func (s *Store) Close(id int, outcome string) error {
	if outcome == "" {
		return errors.New("appeals: say what was decided")
	}
	return s.appeals.Update(func(kept *[]Appeal) error {
		all := *kept
		i := slices.IndexFunc(all, func(a Appeal) bool { return a.ID == id && a.Outcome == "" })
		if i < 0 {
			return fmt.Errorf("appeals: %d is not open", id)
		}
		all[i].Outcome = outcome
		return nil
	})
}

// List returns the appeals, those asked for most first.
func (s *Store) List(closed bool) ([]Appeal, error) {
	all, err := s.appeals.Get()
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(a Appeal) bool { return a.Outcome != "" && !closed })
	slices.SortStableFunc(list, func(a, b Appeal) int { return b.Count - a.Count })
	return list, nil
}
