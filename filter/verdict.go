package filter

import (
	"fmt"
	"io"
	"log/slog"

	"sluis/filter/text"
	"sluis/rules"
)

// Action is what is done with an item for one recipient. A larger value is stricter.
type Action uint8

// The actions, from the mildest to the strictest.
const (
	Pass       Action = iota // forward unchanged
	Tag                      // forward with one prepended header that names the category
	Quarantine               // sealed, for review (C3.3b)
	Reject                   // refuse with a 5xx that names the clause
)

var actionNames = [...]string{"pass", "tag", "quarantine", "reject"}

// String returns the name that configuration and the journal use.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", a)
}

// ParseAction returns the action with the given name.
func ParseAction(s string) (Action, error) {
	for i, n := range actionNames {
		if n == s {
			return Action(i), nil
		}
	}
	return 0, fmt.Errorf("unknown action %q: use pass, tag, quarantine or reject", s)
}

// MarshalText implements encoding.TextMarshaler.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Action) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAction(string(b))
	return err
}

// Excerpt is a piece of content kept as evidence, with identifiers masked. It shows
// itself to nobody: printing, logging and marshalling give a placeholder. Only what
// seals it, or shows it to someone who already holds the message, calls Reveal.
type Excerpt struct{ text string }

const sealed = "[sealed]"

// Reveal returns the text. Callers: the sealed quarantine and sluis check.
func (e Excerpt) Reveal() string { return e.text }

// String hides the text.
func (e Excerpt) String() string { return sealed }

// Format hides the text from every verb of fmt.
func (e Excerpt) Format(f fmt.State, _ rune) { io.WriteString(f, sealed) }

// MarshalText hides the text from encoders.
func (e Excerpt) MarshalText() ([]byte, error) { return []byte(sealed), nil }

// LogValue hides the text from slog.
func (e Excerpt) LogValue() slog.Value { return slog.StringValue(sealed) }

// Finding is one rule that matched, with what a reviewer needs to judge it (C3.3f).
type Finding struct {
	Rule       rules.ID
	Purpose    rules.Purpose
	Clause     rules.Clause
	Category   rules.Category
	Directions rules.Directions // in which the rule applies
	Count      int              // distinct hits, capped
	Score      int              // 0 to 100
	Excerpts   []Excerpt        // at most a few
}

// Inspection is what was found in one item by the scanner of its grounds.
type Inspection struct {
	Purposes      rules.Purposes // that were inspected for
	Findings      []Finding
	Doubts        []text.Doubt // sloppy ones as well, for which an item is not flagged
	Ambiguous     bool         // readers could disagree on what the item says, in a way that hides something
	Uninspectable []string     // causes of Doubts: why parts could not be inspected
	HostileSize   bool         // more than any ordinary item, so that a bound is reached
	Incomplete    bool         // a bound was reached before everything was inspected
	Parts         int
	Bytes         int64 // of the item as received
}

// Verdict is what is to be done for the recipients of one direction.
type Verdict struct {
	Action   Action
	Purpose  rules.Purpose
	Category rules.Category
	Clause   rules.Clause
	Rule     rules.ID // the finding that decided; zero if none
}
