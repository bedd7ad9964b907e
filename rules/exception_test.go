package rules

import (
	"strings"
	"testing"
	"time"
)

func exception(t *testing.T, change func(*Exception)) Exception {
	t.Helper()
	id, err := ParseID("conduct.insult.severe")
	if err != nil {
		t.Fatal(err)
	}
	x := Exception{Rule: id, Within: []Phrase{"hoerensteeg"}, Reason: "street name", Author: "ICT-dienst"}
	if err := x.Until.UnmarshalText([]byte("2027-06-30")); err != nil {
		t.Fatal(err)
	}
	change(&x)
	return x
}

func TestAnExceptionNeedsAnEndAReasonAndAnAuthor(t *testing.T) {
	set, err := Load(Builtin())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
	for want, change := range map[string]func(*Exception){
		"there is no rule":       func(x *Exception) { x.Rule, _ = ParseID("conduct.no.rule") },
		"structure":              func(x *Exception) { x.Rule, _ = ParseID("security.attachment.executable") },
		"needs within":           func(x *Exception) { x.Within = nil },
		"2 to 200 characters":    func(x *Exception) { x.Within = []Phrase{"*"} },
		"a reason and an":        func(x *Exception) { x.Reason = "" },
		"a reason and an author": func(x *Exception) { x.Author = "" },
		"needs until":            func(x *Exception) { x.Until = Day{} },
		"a year at most":         func(x *Exception) { x.Until.UnmarshalText([]byte("2028-01-01")) },
	} {
		if _, err := set.WithExceptions(now, exception(t, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestAnExceptionEnds(t *testing.T) {
	set, err := Load(Builtin())
	if err != nil {
		t.Fatal(err)
	}
	x := exception(t, func(*Exception) {})
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
