package roll

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// Draft is a roll in the making: people are invited, each by mail, to enrol a key, and then to sign.
type Draft struct {
	ID     string    `json:"id"`
	Made   time.Time `json:"made"`
	By     string    `json:"by"`
	Lost   bool      `json:"lost"`
	Site   Site      `json:"site"`
	Salt   []byte    `json:"salt"`
	Guests []Guest   `json:"guests"`
	Hash   string    `json:"hash"` // of the proposed roll; empty: keys are missing
}

// Guest is a person who is invited.
type Guest struct {
	Office     Office `json:"office,omitempty"` // empty: on the roll in force, and not on this one
	Name       string `json:"name"`
	Address    string `json:"address"`
	Person     string `json:"person"`
	Link       string `json:"link"`                 // hash of the secret of the link
	Credential string `json:"credential,omitempty"` // empty: no key yet
	Key        string `json:"key,omitempty"`
}

// Candidate is a person who is to be on the roll.
type Candidate struct {
	Office  Office
	Name    string
	Address string
	NewKey  bool // although the person has one on the roll in force
}

// Invitation is a link to mail to a person.
type Invitation struct{ Address, Name, Secret string }

// Errors of ceremonies.
var (
	ErrForbidden = errors.New("this step is not for this role")
	ErrLink      = errors.New("this link is not, or no longer, one of the board's roll")
	ErrSite      = errors.New("keys need a console with a name as its address, not a number")
	ErrNoKey     = errors.New("the device made no key with the fingerprint, face or PIN of its owner")
	ErrAddress   = errors.New("each person on a roll has a mail address")
	ErrNoLost    = errors.New("keys can only be lost of a roll that there is")
)

// draftTime is how long the links of a draft count.
const draftTime = 30 * 24 * time.Hour

// SiteOf returns the site of a console with an address, such as https://sluis.school.nl.
func SiteOf(address string) (Site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(u.Hostname(), "0123456789.") == "" ||
		strings.Contains(u.Hostname(), ":") {
		return Site{}, ErrSite
	}
	return Site{u.Hostname(), u.Scheme + "://" + u.Host}, nil
}

// Begin invites people to a roll, in place of a draft that is not in force. It returns the links, which go by
// mail to the addresses and nowhere else. People who have a key on the roll in force keep it. Those who are on
// it and will not be are invited too: they can sign, or object.
func (s *Store) Begin(
	ctx context.Context, by ledger.Actor, people People, site Site, lost bool, all []Candidate,
) ([]Invitation, error) {
	if by.Role != ledger.Board && by.Role != ledger.Privacy && by.Role != ledger.Admin {
		return nil, ErrForbidden
	}
	var out []Invitation
	err := s.draft.Update(func(d *Draft) (err error) {
		*d, out, err = s.begun(by, people, site, lost, all)
		if err != nil {
			return err
		}
		_, err = s.book.Append(ctx, ledger.RollDrafted, ledger.Data{Actor: by, Ref: d.ID, Count: len(d.Guests)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.proposeDraft(ctx, by) // where nobody needs a new key
}

func (s *Store) begun(
	by ledger.Actor, people People, site Site, lost bool, all []Candidate,
) (d Draft, out []Invitation, err error) {
	now, err := s.Current()
	if err != nil && !errors.Is(err, ErrNone) {
		return d, nil, err
	}
	d = Draft{ID: store.NewID(), Made: s.clock().UTC(), By: by.Name, Lost: lost, Site: site}
	if now == nil && lost {
		return d, nil, ErrNoLost
	}
	if now != nil {
		d.Salt = now.salt
	} else {
		d.Salt = make([]byte, 32)
		rand.Read(d.Salt) // never fails (crypto/rand, Go 1.24)
	}
	count := map[Office]int{}
	for _, c := range all {
		address := strings.ToLower(strings.TrimSpace(c.Address))
		g := Guest{Office: c.Office, Name: strings.TrimSpace(c.Name), Address: address}
		if !strings.Contains(g.Address, "@") {
			return d, nil, ErrAddress
		}
		g.Person = person(d.Salt, people, g.Address)
		count[c.Office]++
		if now != nil && !c.NewKey && now.Site == site {
			if m, ok := now.Of(people, g.Address); ok {
				g.Credential, g.Key = m.Credential, m.Key
			}
		}
		d.Guests = append(d.Guests, g)
	}
	if err := complete(count); err != nil {
		return d, nil, err
	}
	d.addOthers(now)
	var persons []string
	for i := range d.Guests {
		secret := rand.Text()
		d.Guests[i].Link = HexSum(secret)
		out = append(out, Invitation{d.Guests[i].Address, d.Guests[i].Name, secret})
		persons = append(persons, d.Guests[i].Person)
	}
	if twice(persons) {
		return d, nil, ErrTwice
	}
	return d, out, nil
}

// addOthers adds those who are on the roll in force, and not on this one.
func (d *Draft) addOthers(now *Roll) {
	if now == nil {
		return
	}
	for i, m := range now.Members {
		if !slices.ContainsFunc(d.Guests, func(g Guest) bool { return g.Person == m.Person }) {
			d.Guests = append(d.Guests, Guest{Name: m.Name, Address: now.Addresses[i], Person: m.Person})
		}
	}
}

// Drafted returns the draft; false if there is none, or its time is over.
func (s *Store) Drafted() (Draft, bool) {
	d, err := s.draft.Get()
	return d, err == nil && d.ID != "" && s.clock().Sub(d.Made) < draftTime
}

// Invited returns whom a link is of.
func (s *Store) Invited(secret string) (Draft, Guest, error) {
	d, ok := s.Drafted()
	i := slices.IndexFunc(d.Guests, func(g Guest) bool { return g.Link == HexSum(secret) })
	if !ok || i < 0 {
		return d, Guest{}, ErrLink
	}
	return d, d.Guests[i], nil
}

// guest is a Guest as the library of WebAuthn wants it.
type guest struct{ Guest }

func (g guest) WebAuthnID() []byte                         { return []byte(g.Person[:32]) }
func (g guest) WebAuthnName() string                       { return g.Name }
func (g guest) WebAuthnDisplayName() string                { return g.Name }
func (g guest) WebAuthnCredentials() []webauthn.Credential { return nil }

func ceremonies(site Site) (*webauthn.WebAuthn, error) {
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: 5 * time.Minute, TimeoutUVD: 5 * time.Minute}
	w, err := webauthn.New(&webauthn.Config{
		RPID:                  site.ID,
		RPDisplayName:         "Sluis",
		RPOrigins:             []string{site.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:      protocol.ResidentKeyRequirementPreferred,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
	if err != nil {
		return nil, fmt.Errorf("keys of the board's roll: %w", err)
	}
	return w, nil
}

// AskKey returns what the browser of a guest is asked in order to make a key.
func (s *Store) AskKey(secret string) (options any, c *webauthn.SessionData, err error) {
	d, g, err := s.Invited(secret)
	if err != nil {
		return nil, nil, err
	}
	if g.Office == "" || d.Hash != "" || g.Key != "" {
		return nil, nil, ErrLink
	}
	w, err := ceremonies(d.Site)
	if err != nil {
		return nil, nil, err
	}
	var kinds []protocol.CredentialParameter
	for _, a := range algorithms {
		kinds = append(kinds, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return w.BeginRegistration(guest{g}, webauthn.WithCredentialParameters(kinds))
}

// AddKey keeps the key that the browser of a guest made. With the last key the roll is proposed.
func (s *Store) AddKey(ctx context.Context, secret string, c webauthn.SessionData, r *http.Request) error {
	err := s.draft.Update(func(d *Draft) error {
		_, g, err := s.Invited(secret)
		if err != nil {
			return err
		}
		w, err := ceremonies(d.Site)
		if err != nil {
			return err
		}
		k, err := w.FinishRegistration(guest{g}, c, r)
		if err != nil || !k.Flags.UserVerified || checkKey(k.PublicKey) != nil || g.Key != "" || g.Office == "" {
			return ErrNoKey
		}
		for i := range d.Guests {
			if d.Guests[i].Link == g.Link {
				d.Guests[i].Credential = encoding.EncodeToString(k.ID)
				d.Guests[i].Key = encoding.EncodeToString(k.PublicKey)
			}
		}
		_, err = s.book.Append(ctx, ledger.RollEnrolled, ledger.Data{
			Actor: ledger.Actor{Name: g.Name}, Ref: d.ID, Step: string(g.Office),
		})
		return err
	})
	if err != nil {
		return err
	}
	return s.proposeDraft(ctx, ledger.Actor{})
}

// proposeDraft proposes the draft, once all keys are there.
func (s *Store) proposeDraft(ctx context.Context, by ledger.Actor) error {
	return s.draft.Update(func(d *Draft) error {
		missing := func(g Guest) bool { return g.Office != "" && g.Key == "" }
		if d.Hash != "" || slices.ContainsFunc(d.Guests, missing) {
			return nil
		}
		c, err := s.Chain()
		if err != nil {
			return err
		}
		d.Hash, err = s.propose(ctx, by, d.file(c.Current(), s.clock().UTC()))
		return err
	})
}

func (d *Draft) file(now *Adopted, at time.Time) file {
	v := Version{Number: 1, Lost: d.Lost, From: at.Truncate(time.Second), Quorum: Quorum, Site: d.Site}
	if now != nil {
		v.Number, v.Before = now.Number+1, now.Hash
	}
	if d.Lost {
		v.From = v.From.Add(Wait)
	}
	f := file{Salt: d.Salt}
	for _, g := range d.Guests {
		if g.Office == "" {
			continue
		}
		v.Members = append(v.Members, Member{g.Office, g.Name, g.Person, g.Credential, g.Key})
		f.Addresses = append(f.Addresses, g.Address)
	}
	f.Version = v
	return f
}
