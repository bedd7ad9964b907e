package gateway

import (
	"testing"
	"time"

	"sluis/internal/ledger"
)

// TestAJumpOfTheClockIsInTheLedger: the one there and the one back, and none where time passed.
func TestAJumpOfTheClockIsInTheLedger(t *testing.T) {
	l, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), ledger.GatewayStarted, ledger.Data{}); err != nil {
		t.Fatal(err)
	}
	wall := func(d time.Duration) time.Time { return time.Now().Round(0).Add(d) } // without the other clock
	w := &clockWatch{}
	now := time.Now()
	for _, at := range []time.Time{now, now.Add(time.Minute), now.Add(50 * time.Hour)} { // both clocks agree
		if err := w.run(t.Context(), at, l); err != nil || w.jumped() != 0 {
			t.Errorf("time that passed: %v, %v, want no jump", err, w.jumped())
		}
	}
	if n, err := l.Count(ledger.Query{Kinds: []ledger.Kind{ledger.ClockJumped}}); err != nil || n != 0 {
		t.Errorf("%d entries, %v, want none", n, err)
	}
	behind := &clockWatch{}
	if err := behind.run(t.Context(), wall(-5*time.Hour), l); err == nil || behind.jumped() > -4*time.Hour {
		t.Errorf("behind the ledger: %v, %v, want an error", err, behind.jumped())
	}
	if n, err := l.Count(ledger.Query{Kinds: []ledger.Kind{ledger.ClockJumped}}); err != nil || n != 1 {
		t.Errorf("%d entries, %v, want one", n, err)
	}
	if _, err := l.Append(t.Context(), ledger.ClockAccepted, ledger.Data{Reason: "goed"}); err != nil {
		t.Fatal(err)
	}
	if err := behind.run(t.Context(), wall(-5*time.Hour), l); err != nil || behind.jumped() != 0 {
		t.Errorf("after it was accepted: %v, %v, want no jump", err, behind.jumped())
	}
}

// TestASmallJumpIsNoticed: from five minutes on, at once or in steps; what time synchronisation does, and nights in
// which a machine stands still for a moment, are not.
func TestASmallJumpIsNoticed(t *testing.T) {
	const min, hour = time.Minute, time.Hour
	type measured struct{ passed, clock time.Duration } // since the start
	for name, tt := range map[string]struct {
		at   []measured
		want int // entries
		off  bool
	}{
		"ahead by seven minutes": {[]measured{{min, 8 * min}}, 1, true},
		"behind":                 {[]measured{{10 * min, 3 * min}}, 1, true},
		"there and back":         {[]measured{{min, 31 * min}, {2 * min, 2 * min}}, 2, false},
		"in steps of three": {[]measured{{min, 4 * min}, {2 * min, 8 * min},
			{3 * min, 12 * min}}, 1, true},
		"slewed":       {[]measured{{hour, hour + time.Second}, {2 * hour, 2*hour - time.Second}}, 0, false},
		"set at first": {[]measured{{min, 3 * min}, {2 * min, 4 * min}}, 0, false},
		"paused each night": {[]measured{{25 * hour, 25*hour + 2*min},
			{50 * hour, 50*hour + 4*min},
			{75 * hour, 75*hour + 6*min}, {100 * hour, 100*hour + 8*min}}, 0, false},
	} {
		l, err := ledger.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now().Round(0)
		ran := map[time.Time]time.Duration{start: 0}
		w := &clockWatch{passed: func(since, now time.Time) time.Duration { return ran[now] - ran[since] }}
		if err := w.run(t.Context(), start, l); err != nil {
			t.Fatal(err)
		}
		for _, m := range tt.at {
			now := start.Add(m.clock)
			ran[now] = m.passed
			if err := w.run(t.Context(), now, l); err != nil && !tt.off && tt.want == 0 {
				t.Errorf("%s: got %v, want no error", name, err)
			}
		}
		n, err := l.Count(ledger.Query{Kinds: []ledger.Kind{ledger.ClockJumped}})
		if off := w.jumped().Abs() >= mostOff; err != nil || n != tt.want || off != tt.off {
			t.Errorf("%s: got %d entries, off %v, %v, want %d and %v", name, n, w.jumped(), err, tt.want, tt.off)
		}
	}
}
