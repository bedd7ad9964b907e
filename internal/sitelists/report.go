package sitelists

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"sluis/internal/sitelists/listfile"
)

// Bounds of a report.
const (
	maxExamples  = 3  // of a reason
	maxExample   = 80 // bytes
	maxWellKnown = 1000
)

// Report says what was read of a list.
type Report struct {
	Names     int       `json:"-"`                   // all that is taken: names, networks, pages and exceptions
	Networks  int       `json:"networks,omitempty"`  // of Names
	Pages     int       `json:"pages,omitempty"`     // of Names
	Skipped   []Skipped `json:"skipped,omitempty"`   // by reason, the most frequent first
	WellKnown []string  `json:"wellknown,omitempty"` // sites on it that schools cannot do without
	Withheld  int       `json:"withheld,omitempty"`  // of WellKnown: those that are not blocked
}

// Skipped says how much of a list is not taken for a reason.
type Skipped struct {
	Why      listfile.Reason `json:"why"`
	Count    int             `json:"count"`
	Examples []string        `json:"examples,omitempty"` // a few, of the list
}

// String returns it as one line.
func (s Skipped) String() string {
	line := fmt.Sprintf("%d %s", s.Count, s.Why)
	if len(s.Examples) > 0 {
		line += ", such as " + strings.Join(s.Examples, ", ")
	}
	return line
}

func (r *Report) skip(why listfile.Reason, example string) {
	i := slices.IndexFunc(r.Skipped, func(s Skipped) bool { return s.Why == why })
	if i < 0 {
		i = len(r.Skipped)
		r.Skipped = append(r.Skipped, Skipped{Why: why})
	}
	s := &r.Skipped[i]
	s.Count++
	if example != "" && len(s.Examples) < maxExamples {
		s.Examples = append(s.Examples, shown(example))
	}
}

// shown returns a line of a list in a form that can be shown anywhere.
func shown(line string) string {
	line = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line)
	if len(line) > maxExample {
		line = strings.ToValidUTF8(line[:maxExample], "") + "…"
	}
	return line
}

// count returns how much is not taken for any of some reasons.
func (r *Report) count(why ...listfile.Reason) int {
	n := 0
	for _, s := range r.Skipped {
		if slices.Contains(why, s.Why) {
			n += s.Count
		}
	}
	return n
}

// tally reads lists through a guard, and counts what is in them.
type tally struct {
	Report
	guard *guard
	take  sink
}

// of returns the sink of a list of a category.
func (t *tally) of(category string) listfile.Sink {
	return listfile.Sink{
		Skip: t.skip,
		Take: func(entry string) {
			why, refused := t.guard.refuses(category, entry)
			if why == listfile.WellKnown && len(t.WellKnown) < maxWellKnown && !slices.Contains(t.WellKnown, entry) {
				t.WellKnown = append(t.WellKnown, entry)
				if refused {
					t.Withheld++
				}
			}
			if refused {
				t.skip(why, entry)
				return
			}
			t.Names++
			switch {
			case entry[0] == '=':
				t.Networks++
			case strings.Contains(entry, "/"):
				t.Pages++
			}
			t.take(category, entry)
		},
	}
}

// judge says whether what was read is a list. Lists have some lines that are odd; one that has more of these than of
// others is none.
func (t *tally) judge(err error) error {
	slices.SortStableFunc(t.Skipped, func(a, b Skipped) int { return cmp.Compare(b.Count, a.Count) })
	strange := t.count(listfile.Unreadable, listfile.TooLong)
	switch {
	case err != nil:
		return err
	case strange > t.Names:
		return fmt.Errorf("%d lines are names and %d are not: this is no list of sites", t.Names, strange)
	case t.Names == 0 && len(t.Skipped) > 0 && t.Withheld == 0:
		var why []string
		for _, s := range t.Skipped {
			why = append(why, fmt.Sprint(s.Count, " ", s.Why))
		}
		return fmt.Errorf("there is no name in it that can be taken: %s", strings.Join(why, "; "))
	}
	return nil
}
