package admit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// asked returns how many of n requests at once a pace lets through.
func asked(t *testing.T, p *Pace, n int, client func(i int) string) (through int) {
	t.Helper()
	for i := range n {
		err := p.Wait(t.Context(), netip.MustParseAddr(client(i)))
		if err == nil {
			through++
		} else if !errors.Is(err, ErrTooFast) {
			t.Fatal(err)
		}
	}
	return through
}

func TestAFloodOfOneClientLeavesOthersTheirTurn(t *testing.T) {
	for name, client := range map[string]func(i int) string{
		"one address":    func(int) string { return "192.0.2.1" },
		"an IPv4 /24":    func(i int) string { return fmt.Sprintf("192.0.2.%d", i%250+1) },
		"an IPv6 /64":    func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
		"one, as mapped": func(int) string { return "::ffff:192.0.2.1" },
	} {
		p := NewPace(time.Hour, 5, 0)
		if n := asked(t, p, 300, client); n < 5 || n > 3*5 {
			t.Errorf("%s: %d of 300 went through, want 5 to 15", name, n)
		}
		for _, other := range []string{"198.51.100.7", "2001:db8:1::1"} {
			if err := p.Wait(t.Context(), netip.MustParseAddr(other)); err != nil {
				t.Errorf("%s: %s got %v, want its turn", name, other, err)
			}
		}
	}
}

// Who asks one after another waits a moment, and is not refused.
func TestAClientWaitsForItsTurn(t *testing.T) {
	p := NewPace(time.Millisecond, 1, time.Hour)
	if n := asked(t, p, 50, func(int) string { return "192.0.2.1" }); n != 50 {
		t.Errorf("%d of 50 went through, want all", n)
	}
	slow := NewPace(time.Hour, 1, 2*time.Hour)
	asked(t, slow, 1, func(int) string { return "192.0.2.1" })
	ended, end := context.WithCancel(t.Context())
	end()
	if err := slow.Wait(ended, netip.MustParseAddr("192.0.2.1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the client is gone", err)
	}
}
