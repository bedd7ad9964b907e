package password

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluis/internal/testenv"
)

var (
	home   = netip.MustParseAddr("192.0.2.1")
	office = netip.MustParseAddr("192.0.2.2")
)

func TestOnlyThePasswordIsThePassword(t *testing.T) {
	c, err := NewComparer()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := Hash("drie beuken bij de sluis")
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "drie beuken bij de sluis", true},
		{hash, "drie beuken bij de brug", false},
		{hash, "", false},
		{"", "", false},
		{"", "drie beuken bij de sluis", false},
		{"no hash", "no hash", false},
	} {
		if same, err := c.Same(t.Context(), try.hash, try.password); same != try.want || err != nil {
			t.Errorf("%q: got %v, %v; want %v", try.password, same, err, try.want)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(Comparer).Same(done, hash, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("without room: %v, want the end of the context", err)
	}
}

func TestHashesOfOthersAreBounded(t *testing.T) {
	good, err := Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]error{
		good:    nil,
		"plain": ErrNoHash,
		strings.Replace(good, "m=19456", "m=1048576", 1): ErrCostly,
		strings.Replace(good, "t=2", "t=2000", 1):        ErrCostly,
	} {
		if err := Check(hash); !errors.Is(err, want) {
			t.Errorf("%.30s: %v, want %v", hash, err, want)
		}
	}
}

func TestWhoGuessesIsHeldOff(t *testing.T) {
	guess := func(th *Throttle, client netip.Addr, name string, n int) (allowed int) {
		for range n {
			if ok, _ := th.Try(client, name); ok {
				allowed++
			}
		}
		return allowed
	}
	of := Guesses{Pair: 3, Client: 5, Name: 7, Within: time.Hour}
	th := NewThrottle(of)
	if n := guess(th, home, "els", 10); n != 3 {
		t.Errorf("one client about one name: %d", n)
	}
	if ok, _ := th.Try(home, "ELS"); ok {
		t.Error("capitals are another name")
	}
	if n := guess(th, home, "noor", 10); n != 2 {
		t.Errorf("one client about another name: %d", n)
	}
	if n := guess(th, office, "els", 10); n != 3 {
		t.Errorf("another client guesses %d times, want 3", n)
	}
	if n := guess(th, netip.MustParseAddr("192.0.2.3"), "els", 10); n != 1 {
		t.Errorf("all clients about one name: %d", n)
	}
	th = NewThrottle(of)
	if n := guess(th, netip.MustParseAddr("2001:db8::1"), "els", 2) + guess(th, netip.MustParseAddr("2001:db8::2"),
		"els", 2); n != 3 {
		t.Errorf("addresses of one provider's network: %d", n)
	}
	if n := guess(th, netip.MustParseAddr("::ffff:192.0.2.9"), "jo", 2) + guess(th, netip.MustParseAddr("192.0.2.9"),
		"jo", 2); n != 3 {
		t.Errorf("one address in two forms: %d", n)
	}
}

func TestTheLastGuessIsToldOnce(t *testing.T) {
	th, lasts := NewThrottle(Guesses{Pair: 3, Within: time.Hour}), 0
	for range 10 {
		if _, last := th.Try(home, "els"); last {
			lasts++
		}
	}
	if lasts != 1 {
		t.Errorf("%d guesses are the last, want one", lasts)
	}
}

func TestWhoKnowsItIsNotHeldOff(t *testing.T) {
	th := NewThrottle(Guesses{Pair: 3, Client: 5, Name: 7, Within: time.Hour})
	for n := range 50 {
		if ok, _ := th.Try(home, "els"); !ok {
			t.Fatalf("refused at guess %d, want none refused", n)
		}
		th.Right(home, "els")
	}
}

func TestManyGuessesAtOnceAreNoWayAround(t *testing.T) {
	th := NewThrottle(Guesses{Pair: 3, Within: time.Hour})
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if ok, _ := th.Try(home, "els"); ok {
				allowed.Add(1)
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 3 {
		t.Errorf("%d guesses were allowed, want 3", allowed.Load())
	}
}

func TestItEndsByItself(t *testing.T) {
	th := NewThrottle(Guesses{Pair: 1, Within: 10 * time.Millisecond})
	th.Try(home, "els")
	testenv.Eventually(t, "a further guess is allowed", func() bool {
		ok, _ := th.Try(home, "els")
		return ok
	})
}
