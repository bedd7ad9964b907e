package accounts

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// guessed has others guess a password, each as often as a client may.
func guessed(t *testing.T, o *office, name string, addresses int) {
	t.Helper()
	for i := range addresses {
		from := Client{Addr: netip.MustParseAddr(fmt.Sprintf("198.51.%d.7", i))}
		for range guesses.Pair {
			_, err := o.SignIn(t.Context(), from, name, "een verkeerde gok")
			if err == nil {
				t.Fatal("a wrong password was taken")
			}
		}
	}
}

// Others' guesses keep nobody out: not a browser that signed in before, however many guess, and not
// a new one, unless guesses come from very many networks.
func TestOthersGuessesKeepNobodyOut(t *testing.T) {
	o := newOffice(t)
	els := o.has("els", ledger.Board)
	known := Client{Addr: desk.Addr, Browser: o.Known(els)}
	guessed(t, o, "els", 12)
	if _, err := o.SignIn(t.Context(), Client{Addr: netip.MustParseAddr("203.0.113.9")}, "els", sentence); err != nil {
		t.Errorf("from a new browser: %v", err)
	}
	guessed(t, o, "els", 255)
	guessed(t, o, "els", 255)
	if _, err := o.SignIn(t.Context(), known, "els", sentence); err != nil {
		t.Errorf("from a known browser: %v", err)
	}
}

// A known browser guesses no more often than another one, and is known for its account alone.
func TestAKnownBrowserIsHeldOffForItsOwnGuesses(t *testing.T) {
	o := newOffice(t)
	els, jan := o.has("els", ledger.Board), o.has("jan", ledger.Board)
	known := Client{Addr: desk.Addr, Browser: o.Known(els)}
	for range 3 * guesses.Pair {
		o.SignIn(t.Context(), known, "els", "een verkeerde gok")
	}
	if _, err := o.SignIn(t.Context(), known, "els", sentence); !errors.Is(err, ErrThrottled) {
		t.Errorf("after too many guesses of its own: %v, want ErrThrottled", err)
	}
	for name, browser := range map[string]string{
		"nothing": "", "another account's": o.Known(jan), "not sealed": "ZWxzIDE3OTAwMDAwMDA", "long": strings.Repeat("A", 500),
		"changed": strings.Replace(known.Browser, known.Browser[5:8], "xyz", 1),
	} {
		if o.knows(browser, "els") {
			t.Errorf("%s is known as a browser of els", name)
		}
	}
	o.at = o.at.Add(knownTime + time.Hour)
	if o.knows(known.Browser, "els") {
		t.Error("a browser is known for ever")
	}
}
