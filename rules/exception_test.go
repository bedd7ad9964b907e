package rules_test

import (
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/rules"
)

func exception(t *testing.T, change func(*rules.Exception)) rules.Exception {
	t.Helper()
	id, err := rules.ParseID("conduct.insult.severe")
	if err != nil {
		t.Fatal(err)
	}
	x := rules.Exception{Rule: id, Within: []rules.Phrase{"hoerensteeg"}, Reason: "street name", Author: "ICT-dienst"}
	if err := x.Until.UnmarshalText([]byte("2027-06-30")); err != nil {
		t.Fatal(err)
	}
	change(&x)
	return x
}

func TestAnExceptionNeedsAnEndAReasonAndAnAuthor(t *testing.T) {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
	for want, change := range map[string]func(*rules.Exception){
		"there is no rule":       func(x *rules.Exception) { x.Rule, _ = rules.ParseID("conduct.no.rule") },
		"structure":              func(x *rules.Exception) { x.Rule, _ = rules.ParseID("security.attachment.executable") },
		"needs within":           func(x *rules.Exception) { x.Within = nil },
		"2 to 200 characters":    func(x *rules.Exception) { x.Within = []rules.Phrase{"*"} },
		"a reason and an":        func(x *rules.Exception) { x.Reason = "" },
		"a reason and an author": func(x *rules.Exception) { x.Author = "" },
		"needs until":            func(x *rules.Exception) { x.Until = rules.Day{} },
		"a year at most":         func(x *rules.Exception) { x.Until.UnmarshalText([]byte("2028-01-01")) },
	} {
		if _, err := set.WithExceptions(now, exception(t, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestAnExceptionEnds(t *testing.T) {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	x := exception(t, func(*rules.Exception) {})
	for at, holds := range map[time.Time]bool{
		time.Date(2026, 11, 23, 0, 0, 0, 0, time.Local):  true,
		time.Date(2027, 6, 30, 23, 59, 0, 0, time.Local): true,
		time.Date(2027, 7, 1, 0, 0, 0, 0, time.Local):    false,
	} {
		with, err := set.WithExceptions(at, x)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := with.Rule(x.Rule)
		if (len(r.Except) == 1) != holds || (with.Fingerprint() != set.Fingerprint()) != holds {
			t.Errorf("at %v: except %v", at, r.Except)
		}
	}
	if r, _ := set.Rule(x.Rule); len(r.Except) > 0 {
		t.Error("the set itself has changed")
	}
}
