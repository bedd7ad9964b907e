package identify

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"

	"sluis/internal/roster"
)

// Identity is what is known of the sender of a request.
type Identity struct {
	Group   roster.Group   // of the person if there is one, else of the network; zero: unknown
	Subject roster.Subject // zero: not known
}

// ErrCredentials is returned where credentials are asked for, and are missing or wrong:
// the reply is 407 with the Challenges (RFC 9110, section 11.7).
var ErrCredentials = errors.New("credentials are needed")

// ErrThrottled is returned to a client that guessed too often. The reply is 429.
var ErrThrottled = errors.New("too many wrong passwords: wait a few minutes")

// Roster knows networks and people.
type Roster interface {
	GroupOf(netip.Addr) roster.Group
	Subject(address string) roster.Subject
}

// Options say how people can prove who they are. Without passwords and Kerberos only
// networks count.
type Options struct {
	Roster    Roster
	Passwords *Passwords // for the Basic scheme; nil: not offered
	Kerberos  *Kerberos  // for the Negotiate scheme; nil: not offered
	Required  bool       // credentials are asked of every client
}

// Identifier identifies the senders of requests. It is safe for concurrent use.
type Identifier struct{ o Options }

// New returns an identifier.
func New(o Options) (*Identifier, error) {
	if o.Required && o.Passwords == nil && o.Kerberos == nil {
		return nil, errors.New(
			"identify: credentials are required, but there are neither passwords nor Kerberos to check them with")
	}
	return &Identifier{o: o}, nil
}

// Identify identifies the sender by the address of the connection and the value of the
// Proxy-Authorization field, which may be empty.
func (i *Identifier) Identify(ctx context.Context, client netip.Addr, authorization string) (Identity, error) {
	who := Identity{Group: i.o.Roster.GroupOf(client)}
	if i.o.Passwords == nil && i.o.Kerberos == nil {
		return who, nil // what a client sends unasked proves nothing
	}
	proven := provenBy(ctx)
	if authorization == "" {
		switch {
		case proven.address != "":
			return i.person(proven.address)
		case i.o.Required:
			return Identity{}, ErrCredentials
		}
		return who, nil
	}
	scheme, credentials, _ := strings.Cut(authorization, " ")
	switch {
	case i.o.Passwords != nil && strings.EqualFold(scheme, "Basic"):
		user, password, ok := basic(credentials)
		if !ok {
			return Identity{}, ErrCredentials
		}
		if err := i.o.Passwords.check(ctx, client, user, password); err != nil {
			return Identity{}, err
		}
		return i.person(user)
	case i.o.Kerberos != nil && strings.EqualFold(scheme, "Negotiate"):
		address, err := i.o.Kerberos.check(client, credentials)
		if err != nil {
			return Identity{}, err
		}
		who, err := i.person(address)
		if err == nil {
			proven.address = address
		}
		return who, err
	}
	return Identity{}, ErrCredentials
}

func (i *Identifier) person(address string) (Identity, error) {
	s := i.o.Roster.Subject(address)
	if s.Group() == (roster.Group{}) {
		return Identity{}, ErrCredentials
	}
	return Identity{Group: s.Group(), Subject: s}, nil
}

// Challenges returns the values of the Proxy-Authenticate field, the strongest first.
func (i *Identifier) Challenges() []string {
	var cs []string
	if i.o.Kerberos != nil {
		cs = append(cs, "Negotiate")
	}
	if i.o.Passwords != nil {
		cs = append(cs, `Basic realm="Sluis", charset="UTF-8"`)
	}
	return cs
}

func basic(credentials string) (user, password string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil || len(b) > maxCredentials {
		return "", "", false
	}
	return strings.Cut(string(b), ":")
}

// maxCredentials bounds a user name with its password, in bytes.
const maxCredentials = 1024

// proof is the identity that a connection has proven. One goroutine at a time serves a connection.
type proof struct{ address string }

type proofKey struct{}

// Connection returns a context for all requests of one connection. Clients send a ticket
// with the first request only (RFC 4559); the ones after it on the connection count as
// sent by the same person.
func Connection(ctx context.Context) context.Context {
	return context.WithValue(ctx, proofKey{}, new(proof))
}

func provenBy(ctx context.Context) *proof {
	if p, ok := ctx.Value(proofKey{}).(*proof); ok {
		return p
	}
	return new(proof)
}
