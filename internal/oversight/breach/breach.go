// Package breach keeps breach files (C2.12a, GDPR article 33): the facts of a possible data
// breach, with the 72 hours of GDPR article 33 running from its discovery.
//
// It promises that each step is in the ledger before it counts, without what a person
// wrote; that what they wrote is in files of the gateway's user alone; and that a closed
// file says why it was reported or not (article 33(5)).
package breach

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// Clock is how long there is to report (GDPR, article 33(1)).
const Clock = 72 * time.Hour

// Kind is a step in a file.
type Kind string

// The kinds.
const (
	Opened    Kind = "opened"
	Noted     Kind = "noted"    // something was found out or done
	Informed  Kind = "informed" // the people concerned were informed (article 34)
	Reported  Kind = "reported" // to the supervisory authority
	NotNeeded Kind = "not-needed"
	Closed    Kind = "closed"
)

// Step is something that was done.
type Step struct {
	At   time.Time    `json:"at"`
	By   ledger.Actor `json:"by"`
	Kind Kind         `json:"kind"`
	Text string       `json:"text"`
}

// Facts are what the supervisory authority asks, in the order of its form.
type Facts struct {
	Happened    string   `json:"happened"`    // what happened, in short
	From        string   `json:"from"`        // when it began, as far as known
	Until       string   `json:"until"`       // when it ended
	Nature      []string `json:"nature"`      // confidentiality, integrity, availability
	People      string   `json:"people"`      // whom it concerns: pupils, staff, parents
	Number      int      `json:"number"`      // how many people, about
	Data        string   `json:"data"`        // which personal data
	Special     bool     `json:"special"`     // special categories (article 9), or a BSN
	Effects     string   `json:"effects"`     // what it can mean for them
	Measures    string   `json:"measures"`    // taken against it, and against a next time
	Informing   string   `json:"informing"`   // whether and how they are informed
	CrossBorder bool     `json:"crossborder"` // people in other countries
}

// File is a breach file.
type File struct {
	ID         string    `json:"id"`
	Message    string    `json:"message,omitempty"` // in quarantine, from which it was opened
	Discovered time.Time `json:"discovered"`
	Facts      Facts     `json:"facts"`
	Steps      []Step    `json:"steps"`
}

// Deadline returns until when it has to be reported.
func (f File) Deadline() time.Time { return f.Discovered.Add(Clock) }

// Left returns how long there is; negative once it is too late. done is true if it was
// reported, or decided that it need not be.
func (f File) Left(now time.Time) (left time.Duration, done bool) {
	return f.Deadline().Sub(now), f.has(Reported) || f.has(NotNeeded)
}

// Open reports whether the file is not closed.
func (f File) Open() bool { return !f.has(Closed) }

func (f File) has(k Kind) bool {
	return slices.ContainsFunc(f.Steps, func(s Step) bool { return s.Kind == k })
}

// Key implements store.Keyed.
func (f File) Key() string { return f.ID }

// Whole implements store.Checked: a file begins with a step.
func (f File) Whole() bool { return len(f.Steps) > 0 }

// Store keeps the files. It is safe for concurrent use, by several processes too.
type Store struct {
	files  *store.Collection[File]
	ledger ledger.Appender
	now    func() time.Time
}

// Errors of steps.
var (
	ErrNotFound    = errors.New("there is no such breach file")
	ErrClosed      = errors.New("the breach file is closed")
	ErrUndecided   = errors.New("say first whether it was reported, or why that is not needed (GDPR, article 33(5))")
	ErrInvalidText = errors.New("write something, in at most 20,000 characters")
)

const maxText = 20_000

// Open returns the breach files of a store.
func Open(s store.Store, l ledger.Appender) *Store {
	return &Store{files: store.NewCollection[File](s, "breaches", ErrNotFound), ledger: l, now: time.Now}
}

// Check returns store.ErrDamaged for each breach file of a store that cannot be read.
func Check(s store.Store) error {
	_, err := Open(s, nil).List()
	return err
}

// Begin opens a file. message is the one in quarantine that was confirmed as a leak; empty
// if it began otherwise. The clock runs from discovered on.
func (s *Store) Begin(ctx context.Context, by ledger.Actor, message, text string, discovered time.Time) (File, error) {
	text = strings.TrimSpace(text)
	now := s.now().UTC()
	switch {
	case text == "" || len(text) > maxText:
		return File{}, ErrInvalidText
	case discovered.After(now):
		return File{}, errors.New("open a breach file: it was not discovered in the future")
	}
	f := File{
		ID:         store.NewID(),
		Message:    message,
		Discovered: discovered.UTC(),
		Steps:      []Step{{now, by, Opened, text}},
	}
	act := ledger.Data{Actor: by, ID: message, Ref: f.ID, Since: f.Discovered.UnixMilli()}
	if _, err := s.ledger.Append(ctx, ledger.BreachOpened, act); err != nil {
		return File{}, fmt.Errorf("write it in the ledger: %w", err)
	}
	return f, s.files.Put(f)
}

// Add adds a step.
func (s *Store) Add(ctx context.Context, by ledger.Actor, id string, kind Kind, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case !slices.Contains([]Kind{Noted, Informed, Reported, NotNeeded, Closed}, kind):
		return errors.New("add to breach file: a step is noted, informed, reported, not-needed or closed")
	case text == "" || len(text) > maxText:
		return ErrInvalidText
	}
	return s.change(id, func(f *File) error {
		entry := ledger.BreachStep
		if kind == Closed {
			if entry = ledger.BreachClosed; !f.has(Reported) && !f.has(NotNeeded) {
				return ErrUndecided
			}
		}
		if _, err := s.ledger.Append(ctx, entry, ledger.Data{Actor: by, Ref: id, Step: string(kind)}); err != nil {
			return fmt.Errorf("write it in the ledger: %w", err)
		}
		f.Steps = append(f.Steps, Step{s.now().UTC(), by, kind, text})
		return nil
	})
}

// Fill sets the facts for the form.
func (s *Store) Fill(ctx context.Context, by ledger.Actor, id string, facts Facts) error {
	for _, t := range []string{
		facts.Happened, facts.From, facts.Until, facts.People,
		facts.Data, facts.Effects, facts.Measures, facts.Informing,
	} {
		if len(t) > maxText {
			return ErrInvalidText
		}
	}
	return s.change(id, func(f *File) error {
		act := ledger.Data{Actor: by, Ref: id, Step: "facts"}
		if _, err := s.ledger.Append(ctx, ledger.BreachStep, act); err != nil {
			return fmt.Errorf("write it in the ledger: %w", err)
		}
		f.Facts = facts
		return nil
	})
}

// change lets do change an open file, while no other process does.
func (s *Store) change(id string, do func(f *File) error) error {
	return s.files.Update(id, func(f *File) error {
		if !f.Open() {
			return ErrClosed
		}
		return do(f)
	})
}

// Get returns a file.
func (s *Store) Get(id string) (File, error) { return s.files.Get(id) }

// List returns all files, the latest discovery first.
func (s *Store) List() ([]File, error) {
	list, err := s.files.List()
	slices.SortFunc(list, func(a, b File) int { return b.Discovered.Compare(a.Discovered) })
	return list, err
}
