// Package exceptions keeps the exceptions that the ICT service makes while the gateway runs:
// to a rule that was wrong about some words (C3.3f), and to the block of a site.
//
// It promises that each has a reason, an author who answers for it and an end within a year,
// that each is in the ledger before it counts, and that an exception that is over stays listed.
package exceptions

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store"
	"sluis/rules"
)

// Exception is one to a rule, or to the block of a site.
type Exception struct {
	ID     string    `json:"id"`
	Rule   string    `json:"rule,omitempty"`
	Within []string  `json:"within,omitempty"` // words in which a hit of the rule does not count
	Host   string    `json:"host,omitempty"`
	Group  string    `json:"group,omitempty"` // for which the site is allowed; empty: for all
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	Made   time.Time `json:"made"`
	Until  string    `json:"until"`              // the last day on which it holds, as 2026-11-23
	Ended  time.Time `json:"ended,omitzero"`     // before that; zero: it was not
	By     string    `json:"ended_by,omitempty"` // who ended it
}

// End returns when it is over, in local time.
func (x Exception) End() time.Time {
	if !x.Ended.IsZero() {
		return x.Ended
	}
	return x.day().End()
}

func (x Exception) day() (d rules.Day) {
	if d.UnmarshalText([]byte(x.Until)) != nil {
		return rules.Day{} // never holds: Add checked the day
	}
	return d
}

// Holds reports whether it counts at a time.
func (x Exception) Holds(now time.Time) bool { return now.Before(x.End()) }

// What is wrong with an exception.
var (
	ErrUnclear     = errors.New("an exception is to a rule, with words, or to a site")
	ErrInvalidHost = errors.New("an exception needs the name of a site")
	ErrNoReason    = errors.New("an exception needs a reason and an author")
	ErrInvalidEnd  = errors.New("an exception ends within a year, and not in the past")
	ErrTooMany     = errors.New("too many exceptions hold")
	ErrNotFound    = errors.New("there is no such exception that holds")
)

const (
	maxHolding = 1000
	maxKept    = 5000 // with those that are over
	maxDays    = 366
	maxText    = 1000 // bytes of a reason
	maxWithin  = 50
)

var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// Check says what is wrong with an exception that is to be kept now.
func (x Exception) Check(now time.Time) error {
	end := x.day().End()
	switch {
	case (x.Rule == "") == (x.Host == "") || x.Rule != "" && (len(x.Within) == 0 || len(x.Within) > maxWithin):
		return ErrUnclear
	case x.Host != "" && (len(x.Host) > 253 || !hostName.MatchString(x.Host)):
		return ErrInvalidHost
	case strings.TrimSpace(x.Reason) == "" || len(x.Reason) > maxText || x.Author == "":
		return ErrNoReason
	case !now.Before(end) || end.After(now.AddDate(0, 0, maxDays)):
		return ErrInvalidEnd
	}
	return nil
}

// Store keeps exceptions. Several goroutines and processes may use it.
type Store struct {
	exceptions *store.Value[[]Exception] // the latest last
	ledger     ledger.Appender
}

// Open returns the exceptions of a store.
func Open(s store.Store, l ledger.Appender) *Store { return &Store{collection(s), l} }

func collection(s store.Store) *store.Value[[]Exception] {
	return store.NewValue[[]Exception](s, "exceptions")
}

// Read returns the exceptions of a store, the latest last.
func Read(s store.Store) ([]Exception, error) { return collection(s).Get() }

// List returns all exceptions, the latest first.
func (s *Store) List() ([]Exception, error) {
	all, err := s.exceptions.Get()
	slices.Reverse(all)
	return all, err
}

// Add keeps an exception of by, its author, once it is in the ledger, and returns its id. It counts when the
// configuration is loaded again. The error says what is wrong with it.
func (s *Store) Add(ctx context.Context, by ledger.Actor, x Exception, now time.Time) (string, error) {
	x.ID, x.Author, x.Made, x.Ended, x.By = store.NewID(), by.Name, now, time.Time{}, ""
	if err := x.Check(now); err != nil {
		return "", err
	}
	err := s.exceptions.Update(func(kept *[]Exception) error {
		all := *kept
		holding := 0
		for _, o := range all {
			if o.Holds(now) {
				holding++
			}
		}
		if holding >= maxHolding {
			return ErrTooMany
		}
		if len(all) >= maxKept {
			oldest := slices.IndexFunc(all, func(o Exception) bool { return !o.Holds(now) })
			all = slices.Delete(all, oldest, oldest+1)
		}
		act := ledger.Data{Actor: by, Ref: x.ID, Step: "made", Day: x.Until, Reason: x.Reason}
		if _, err := s.ledger.Append(ctx, ledger.ExceptionChanged, act); err != nil {
			return err
		}
		*kept = append(all, x)
		return nil
	})
	return x.ID, err
}

// Finish ends one before its day.
func (s *Store) Finish(ctx context.Context, by ledger.Actor, id string, now time.Time) error {
	return s.exceptions.Update(func(kept *[]Exception) error {
		all := *kept
		i := slices.IndexFunc(all, func(x Exception) bool { return x.ID == id && x.Holds(now) })
		if i < 0 {
			return ErrNotFound
		}
		act := ledger.Data{Actor: by, Ref: id, Step: "ended"}
		if _, err := s.ledger.Append(ctx, ledger.ExceptionChanged, act); err != nil {
			return err
		}
		all[i].Ended, all[i].By = now, by.Name
		return nil
	})
}

// ToRules returns the exceptions of a list that hold at a time and that the rules of a set
// can have. One to a rule that is gone, or that looks for no words any more, is passed over:
// an exception that was good when it was made must not keep the gateway from starting.
func ToRules(all []Exception, set *rules.Set, now time.Time) (xs []rules.Exception) {
	for _, x := range all {
		if x.Rule == "" || !x.Holds(now) || x.Try(set, now) != nil {
			continue
		}
		id, err := rules.ParseID(x.Rule)
		if err == nil {
			xs = append(xs, x.ruled(id))
		}
	}
	return xs
}

func (x Exception) ruled(id rules.ID) rules.Exception {
	r := rules.Exception{Rule: id, Reason: x.Reason, Author: x.Author, Until: x.day()}
	for _, w := range x.Within {
		r.Within = append(r.Within, rules.Phrase(w))
	}
	return r
}

// Try says what is wrong with an exception to a rule, before it is kept.
func (x Exception) Try(set *rules.Set, now time.Time) error {
	_, err := x.In(set, now)
	return err
}

// In returns rules with an exception to one of them.
func (x Exception) In(set *rules.Set, now time.Time) (*rules.Set, error) {
	id, err := rules.ParseID(x.Rule)
	if err != nil {
		return nil, err
	}
	return set.WithExceptions(now, x.ruled(id))
}
