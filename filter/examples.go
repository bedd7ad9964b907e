package filter

import (
	"context"
	"fmt"
	"strings"

	"sluis/rules"
)

// Failure is an example of a rule that is judged otherwise than the rule says.
type Failure struct {
	Rule    rules.Rule
	Example int  // counted from 1
	Match   bool // whether it was to be caught
	By      rules.ID
}

// String says which example of which rule is wrong, and how.
func (f Failure) String() string {
	if f.Match {
		return fmt.Sprintf("%s:%d: rule %s does not catch example %d under match", f.Rule.File, f.Rule.Line, f.Rule.ID,
			f.Example)
	}
	return fmt.Sprintf("%s:%d: rule %s: example %d under no-match is caught by %s", f.Rule.File, f.Rule.Line, f.Rule.ID,
		f.Example, f.By)
}

// TestRules tries every rule's examples: those to be caught against the rule itself,
// those to be left alone against all rules.
func (e *Engine) TestRules(ctx context.Context) ([]Failure, error) {
	var failures []Failure
	all := rules.SetOf(rules.Security, rules.Conduct, rules.Leak)
	for _, r := range e.set.Rules() {
		for i, x := range r.Match {
			exam, err := e.Inspect(ctx, exampleItem(x, r), all)
			if err != nil {
				return nil, fmt.Errorf("rule %s, match example %d: %w", r.ID, i+1, err)
			}
			if !has(exam, r.ID) {
				failures = append(failures, Failure{Rule: r, Example: i + 1, Match: true})
			}
		}
		for i, x := range r.NoMatch {
			item := exampleItem(x, r)
			exam, err := e.Inspect(ctx, item, all)
			if err != nil {
				return nil, fmt.Errorf("rule %s, no-match example %d: %w", r.ID, i+1, err)
			}
			if by, caught := caught(exam, item.Directions, r); caught {
				failures = append(failures, Failure{Rule: r, Example: i + 1, By: by})
			}
		}
	}
	return failures, nil
}

func has(x *Inspection, id rules.ID) bool {
	for _, f := range x.Findings {
		if f.Rule == id {
			return true
		}
	}
	return false
}

// caught reports whether the rule itself, or anything that leads to action, found
// something.
func caught(x *Inspection, ds rules.Directions, r rules.Rule) (rules.ID, bool) {
	for _, f := range x.Findings {
		if f.Rule == r.ID {
			return f.Rule, true
		}
		for _, d := range []rules.Direction{rules.In, rules.Out, rules.Internal} {
			if ds.Has(d) && x.Decisive(f, d) {
				return f.Rule, true
			}
		}
	}
	return rules.ID{}, false
}

// exampleItem makes an item of an example, in a direction of its rule.
func exampleItem(x rules.Example, r rules.Rule) Item {
	d := x.Direction
	if !r.Directions.Has(d) {
		d = rules.Out
	}
	item := Item{Kind: Document, Name: "example.txt", Directions: rules.DirectionsOf(d)}
	body := x.Text
	if x.Message != "" {
		item.Kind, item.Name = Message, ""
		body = strings.ReplaceAll(x.Message, "\n", "\r\n")
	}
	item.Content, item.Size = strings.NewReader(body), int64(len(body))
	return item
}
