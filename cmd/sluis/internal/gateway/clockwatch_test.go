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
