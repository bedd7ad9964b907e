package store_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"sluis/internal/store"
)

// Suggestion is what a member of the council suggests, and what came of it.
type Suggestion struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Answer string `json:"answer,omitempty"`
}

// Key implements store.Keyed.
func (s Suggestion) Key() string { return s.ID }

// Suggestions are those that were made.
type Suggestions struct {
	kept *store.Collection[Suggestion]
}

// Errors of suggestions.
var (
	ErrNotFound = errors.New("there is no such suggestion")
	ErrAnswered = errors.New("the suggestion is answered")
)

// OpenSuggestions returns the suggestions of a store.
func OpenSuggestions(s store.Store) Suggestions {
	return Suggestions{store.NewCollection[Suggestion](s, "suggestions", ErrNotFound)}
}

// Make keeps a suggestion and returns its id.
func (s Suggestions) Make(text string) (string, error) {
	made := Suggestion{ID: store.NewID(), Text: strings.TrimSpace(text)}
	return made.ID, s.kept.Put(made)
}

// Answer answers a suggestion, once.
func (s Suggestions) Answer(id, text string) error {
	return s.kept.Update(id, func(kept *Suggestion) error {
		if kept.Answer != "" {
			return ErrAnswered
		}
		kept.Answer = text
		return nil
	})
}

// Open returns the suggestions that wait for an answer.
func (s Suggestions) Open() ([]Suggestion, error) {
	list, err := s.kept.List()
	return slices.DeleteFunc(list, func(s Suggestion) bool { return s.Answer != "" }), err
}

// A store of a new kind is a type with its id, a collection, and the rules of the kind:
// files, locks and faults are the store's.
func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	suggestions := OpenSuggestions(store.Open(dir))
	id, err := suggestions.Make("Show the totals of each school.")
	fmt.Println(err)
	fmt.Println(suggestions.Answer(id, "From January on."))
	fmt.Println(suggestions.Answer(id, "No."))
	open, err := suggestions.Open()
	fmt.Println(len(open), err)
	// Output:
	// <nil>
	// <nil>
	// the suggestion is answered
	// 0 <nil>
}
