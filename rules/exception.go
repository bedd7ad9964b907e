package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// Exception is what a reviewer found to be a false positive: a rule's hits within one of
// its phrases do not count until the end of a day (C3.3f). It has a reason and a person
// who answers for it.
type Exception struct {
	Rule   ID       `yaml:"rule"`
	Within []Phrase `yaml:"within"` // such as a street name that holds a bad word
	Reason string   `yaml:"reason"`
	Author string   `yaml:"author"` // a role, such as ICT-dienst
	Until  Day      `yaml:"until"`  // the last day on which it holds
}

// Day is a date, written as 2026-11-23.
type Day struct{ begin time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(b []byte) error {
	t, err := time.ParseInLocation("2006-01-02", string(b), time.Local)
	if err != nil {
		return fmt.Errorf("%q is no date: write for instance 2026-11-23", b)
	}
	d.begin = t
	return nil
}

// End returns when the day is over.
func (d Day) End() time.Time { return d.begin.AddDate(0, 0, 1) }

// maxException is how long an exception may hold: a rule that is wrong for longer has to
// be changed.
const maxException = 366 * 24 * time.Hour

// check says what is wrong with an exception.
func (x Exception) check(s *Set, now time.Time) error {
	r, ok := s.Rule(x.Rule)
	switch {
	case !ok:
		return fmt.Errorf("there is no rule %s to make an exception to", x.Rule)
	case r.Structure != "":
		return fmt.Errorf("rule %s is about the structure of a message: there is no text that an exception could be "+
			"about", x.Rule)
	case len(x.Within) == 0:
		return errors.New("an exception needs within: the words in which a hit does not count")
	case x.Reason == "" || x.Author == "":
		return errors.New("an exception needs a reason and an author (C3.3f)")
	case x.Until.begin.IsZero():
		return errors.New("an exception needs until: its last day")
	case x.Until.End().Sub(now) > maxException:
		return errors.New("an exception holds for a year at most: change the rule if it is wrong for longer")
	}
	var w wrongs
	w.phrases(".within", x.Within)
	for _, p := range w {
		return fmt.Errorf("%s: %s", p.key, p.what)
	}
	return nil
}

// WithExceptions returns the set with the exceptions that hold at a time. Those whose end
// has come have no effect.
func (s *Set) WithExceptions(now time.Time, xs ...Exception) (*Set, error) {
	with := &Set{byID: s.byID, rules: append([]Rule(nil), s.rules...), fingerprint: s.fingerprint}
	sum := sha256.New()
	io.WriteString(sum, s.fingerprint)
	some := false
	for i, x := range xs {
		if err := x.check(s, now); err != nil {
			return nil, fmt.Errorf("exception %d: %w", i+1, err)
		}
		if !now.Before(x.Until.End()) {
			continue
		}
		some = true
		fmt.Fprintf(sum, " except %s within %q", x.Rule, x.Within)
		r := &with.rules[s.byID[x.Rule]]
		r.Except = append(append([]Phrase(nil), r.Except...), x.Within...)
	}
	if some {
		with.fingerprint = hex.EncodeToString(sum.Sum(nil))
	}
	return with, nil
}
