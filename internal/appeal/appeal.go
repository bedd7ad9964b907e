// Package appeal keeps what people ask the ICT service to look at again: a site or page
// that was blocked (K3, C3.3f).
//
// It promises that nobody is in it: a request has a host, the rule that blocked it, a
// group, and why it is asked for, out of a closed list. Requests for the same are counted,
// and how many are kept is bounded.
package appeal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sluis/internal/durable"
	"sluis/internal/roster"
	"sluis/rules"
)

// Why is what somebody needs a site for.
type Why string

// The reasons.
const (
	Lesson Why = "lesson" // it is for a lesson
	Work   Why = "work"   // it is for work
	Wrong  Why = "wrong"  // it is not what it is taken for
	Other  Why = "other"
)

// Reasons are all reasons.
var Reasons = []Why{Lesson, Work, Wrong, Other}

// Appeal is a request to look at something again.
type Appeal struct {
	ID       int            `json:"id"`
	Host     string         `json:"host"`
	Category rules.Category `json:"category"`
	Rule     rules.ID       `json:"rule"`
	Group    string         `json:"group,omitempty"`
	Why      Why            `json:"why"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
	Count    int            `json:"count"`
	Outcome  string         `json:"outcome,omitempty"` // what the ICT service decided; empty: open
}

const (
	maxOpen = 1000
	maxKept = 2000 // with those that are closed
)

// ErrTooMany is returned when more is open than can be kept.
var ErrTooMany = errors.New("too many requests for review are open")

// Store keeps appeals in a file. It is safe for concurrent use.
type Store struct {
	path string
	mu   sync.Mutex
	all  []Appeal
	next int
}

// Open opens the appeals in a directory, which is made if it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("appeals: %w", err)
	}
	s := &Store{path: filepath.Join(dir, "appeals.json"), next: 1}
	b, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("appeals: %w", err)
	}
	if err := json.Unmarshal(b, &s.all); err != nil {
		return nil, fmt.Errorf("appeals: %s is damaged: restore it from a backup, or remove it", s.path)
	}
	for _, a := range s.all {
		s.next = max(s.next, a.ID+1)
	}
	return s, nil
}

// Ask adds a request, or counts it with the same one that is open. It returns once it is on
// disk.
func (s *Store) Ask(host string, c rules.Category, rule rules.ID, g roster.Group, why Why, now time.Time) error {
	if !slices.Contains(Reasons, why) || host == "" || len(host) > 253 {
		return errors.New("appeals: not a request for review")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	open := 0
	for i := range all {
		a := &all[i]
		if a.Outcome != "" {
			continue
		}
		if open++; a.Host == host && a.Rule == rule && a.Group == g.String() && a.Why == why {
			a.Count, a.Last = a.Count+1, now
			return s.save(all)
		}
	}
	if open >= maxOpen {
		return ErrTooMany
	}
	all = append(all, Appeal{ID: s.next, Host: host, Category: c, Rule: rule, Group: g.String(), Why: why, First: now, Last: now, Count: 1})
	if len(all) > maxKept {
		oldest := slices.IndexFunc(all, func(a Appeal) bool { return a.Outcome != "" })
		all = slices.Delete(all, oldest, oldest+1)
	}
	if err := s.save(all); err != nil {
		return err
	}
	s.next++
	return nil
}

// Close writes down what was decided.
func (s *Store) Close(id int, outcome string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	i := slices.IndexFunc(all, func(a Appeal) bool { return a.ID == id && a.Outcome == "" })
	if i < 0 {
		return fmt.Errorf("appeals: %d is not open", id)
	}
	if outcome == "" {
		return errors.New("appeals: say what was decided")
	}
	all[i].Outcome = outcome
	return s.save(all)
}

// List returns the appeals, those asked for most first.
func (s *Store) List(closed bool) []Appeal {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Appeal
	for _, a := range s.all {
		if closed || a.Outcome == "" {
			list = append(list, a)
		}
	}
	slices.SortStableFunc(list, func(a, b Appeal) int { return b.Count - a.Count })
	return list
}

func (s *Store) save(all []Appeal) error {
	b, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("appeals: %w", err)
	}
	if err := durable.Replace(s.path, b); err != nil {
		return fmt.Errorf("appeals: %w", err)
	}
	s.all = all
	return nil
}
