package roll

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"

	"sluis/internal/ledger"
)

// Ask returns what a browser is asked in order to answer a question with one of some keys.
func Ask(site Site, credentials []string, q Question) *protocol.CredentialAssertion {
	challenge := q.Challenge()
	o := protocol.PublicKeyCredentialRequestOptions{
		Challenge:        challenge[:],
		Timeout:          300_000,
		RelyingPartyID:   site.ID,
		UserVerification: protocol.VerificationRequired,
	}
	for _, c := range credentials {
		if id, err := encoding.DecodeString(c); err == nil {
			o.AllowedCredentials = append(o.AllowedCredentials, protocol.CredentialDescriptor{
				Type:         protocol.PublicKeyCredentialType,
				CredentialID: id,
			})
		}
	}
	return &protocol.CredentialAssertion{Response: o}
}

// Answered returns the signature of a browser's answer, over a state of the ledger with a number of
// entries.
func Answered(r *http.Request, entries int64) (ledger.Signature, error) {
	p, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return ledger.Signature{}, ErrSignature
	}
	raw := p.Raw.AssertionResponse
	return ledger.Signature{
		Credential:    encoding.EncodeToString(p.RawID),
		Authenticator: encoding.EncodeToString(raw.AuthenticatorData),
		Client:        encoding.EncodeToString(raw.ClientDataJSON),
		Signature:     encoding.EncodeToString(raw.Signature),
		Entries:       entries,
	}, nil
}

// Checkpoint adds the newest state of a ledger to a question.
func (q Question) Checkpoint(book Book) (Question, error) {
	n, err := book.Entries()
	if err != nil {
		return q, err
	}
	q.Entries = n
	q.Root, err = book.RootAt(n)
	return q, err
}

// AskSignature returns what the browser of a guest is asked in order to sign the proposed roll, or to object to
// it, and the number of entries that the answer is to be given back with.
func (s *Store) AskSignature(secret, answer string) (options any, entries int64, err error) {
	d, g, err := s.Invited(secret)
	if err != nil {
		return nil, 0, err
	}
	c, p, err := s.waiting(d)
	if err != nil {
		return nil, 0, err
	}
	site, keys := p.Site, []string{}
	if answer == Sign && g.Credential != "" {
		keys = append(keys, g.Credential)
	} else if now := c.Current(); now != nil {
		for _, m := range now.Members {
			if m.Person == g.Person {
				site, keys = now.Site, append(keys, m.Credential)
			}
		}
	}
	if len(keys) == 0 {
		return nil, 0, ErrNoMember
	}
	q, err := Question{Purpose: ForRoll, Hash: p.sum, Answer: answer}.Checkpoint(s.book)
	return Ask(site, keys, q), q.Entries, err
}

func (s *Store) waiting(d Draft) (*Chain, *Proposed, error) {
	c, err := s.Chain()
	if err != nil {
		return nil, nil, err
	}
	p := c.Waiting()
	if p == nil || p.Hash != d.Hash {
		return nil, nil, ErrLink
	}
	return c, p, nil
}

// Sign keeps the signature of a guest, if it is good. With the last one that it needs the roll counts.
func (s *Store) Sign(ctx context.Context, secret, answer string, signed ledger.Signature) error {
	d, g, err := s.Invited(secret)
	if err != nil {
		return err
	}
	c, p, err := s.waiting(d)
	if err != nil {
		return err
	}
	n, err := s.book.Entries()
	if err != nil {
		return err
	}
	kind := ledger.RollSigned
	if answer == Object {
		kind = ledger.RollObjected
	}
	e := ledger.Entry{Index: n, Time: s.clock(), Kind: kind, Data: ledger.Data{
		Actor:  ledger.Actor{Name: g.Name},
		Ref:    p.Hash,
		Step:   string(g.Office),
		Signed: signed,
	}}
	if err := c.take(e, s.book); err != nil {
		return err
	}
	m, ok := p.member(signed.Credential)
	if now := c.Current(); !ok && now != nil {
		m, ok = now.member(signed.Credential)
	}
	if !ok || m.Person != g.Person {
		return ErrNoMember
	}
	if _, err := s.book.Append(ctx, kind, e.Data); err != nil {
		return err
	}
	return s.adopt(ctx)
}

// SignedBy reports whether a guest signed the roll that is proposed.
func (p *Proposed) SignedBy(g Guest) bool {
	return slices.ContainsFunc(p.Signed, func(m Member) bool { return m.Person == g.Person })
}

// IsProblem reports whether an error is of a person who signs, and not of the gateway.
func IsProblem(err error) bool {
	for _, e := range []error{ErrSignature, ErrNoMember, ErrStale, ErrLink, ErrNoKey, ErrSite, ErrAddress} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
