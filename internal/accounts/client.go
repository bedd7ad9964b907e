package accounts

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sluis/internal/password"
)

// Client is who guesses: an address, and what its browser showed of an earlier sign-in.
type Client struct {
	Addr    netip.Addr
	Browser string // as Known returned it; empty: none
}

// knownTime is how long a browser is known.
const knownTime = 180 * 24 * time.Hour

// knownGuesses are those of a browser that is known. Others' guesses do not count for it, so that
// nobody is kept out by them; it is no proof of anything else.
var knownGuesses = password.Guesses{Pair: 5, Within: 15 * time.Minute}

// Known returns what a browser shows from now on, after an account signed in with it.
func (s *Store) Known(a Account) string {
	text := a.Name + " " + strconv.FormatInt(s.now().Unix(), 10)
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nil, nil, []byte(text), []byte("known browser")))
}

// knows reports whether a browser signed in an account with a name before.
func (s *Store) knows(browser, name string) bool {
	if browser == "" || len(browser) > 400 {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(browser)
	if err != nil {
		return false
	}
	if b, err = s.seal.Open(nil, nil, b, []byte("known browser")); err != nil {
		return false
	}
	of, at, _ := strings.Cut(string(b), " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	return err == nil && of == name && s.now().Sub(time.Unix(seconds, 0)) < knownTime
}

// turn is a guess of a client about something of an account.
type turn struct {
	throttle *password.Throttle
	addr     netip.Addr
	about    string
}

// turn returns the turn of a client to guess about an account with a name; what is added to the name
// for what else is guessed.
func (s *Store) turn(c Client, what, name string) turn {
	if s.knows(c.Browser, name) {
		return turn{s.known, netip.Addr{}, what + name + " " + c.Browser}
	}
	return turn{s.throttle, c.Addr, what + name}
}

func (t turn) try() (allowed, last bool) { return t.throttle.Try(t.addr, t.about) }

func (t turn) right() { t.throttle.Right(t.addr, t.about) }
