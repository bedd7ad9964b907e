package roll

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"sluis/internal/ledger"
)

// Purpose separates what is signed: a signature of a roll is none of an order.
type Purpose string

// The purposes.
const (
	ForRoll  Purpose = "sluis roll 1"
	ForOrder Purpose = "sluis order 1"
)

// Question is what a member signs: an answer to a paper, at a state of the ledger.
type Question struct {
	Purpose Purpose
	Hash    [sha256.Size]byte // of the canonical JSON of the paper
	Answer  string            // a closed word, such as approve
	Entries int64             // of the ledger, at the checkpoint
	Root    ledger.Root       // of these entries
}

// Challenge returns the challenge of WebAuthn (W3C): all fields but Answer have a fixed length, so
// that no two questions have the same bytes.
func (q Question) Challenge() [sha256.Size]byte {
	b := append([]byte(q.Purpose), q.Hash[:]...)
	b = append(b, q.Answer...)
	b = binary.BigEndian.AppendUint64(b, uint64(q.Entries))
	return sha256.Sum256(append(b, q.Root[:]...))
}

// Errors of signatures.
var (
	ErrSignature = errors.New("the signature is not of this key over this paper")
	ErrNoMember  = errors.New("the key is not on the board's roll for this step")
	ErrStale     = errors.New("it took too long, or something else happened meanwhile: sign again")
)

var encoding = base64.RawURLEncoding.Strict()

// verify returns ErrSignature unless a signature is of a member, on a site, over a question, with
// the fingerprint, face or PIN of its owner (user verification).
func verify(s ledger.Signature, m Member, site Site, q Question) error {
	if s.Credential != m.Credential {
		return ErrSignature
	}
	key, err := m.key()
	if err != nil {
		return err
	}
	auth, err1 := encoding.DecodeString(s.Authenticator)
	client, err2 := encoding.DecodeString(s.Client)
	sig, err3 := encoding.DecodeString(s.Signature)
	if errors.Join(err1, err2, err3) != nil || !ofSite(auth, site) || !answers(client, site, q) {
		return ErrSignature
	}
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return ErrKey
	}
	sum := sha256.Sum256(client)
	if ok, err := webauthncose.VerifySignature(parsed, slices.Concat(auth, sum[:]), sig); err != nil || !ok {
		return ErrSignature
	}
	return nil
}

// ofSite reports whether authenticator data are of a site, with presence and verification of the user.
func ofSite(auth []byte, site Site) bool {
	const least = 37 // bytes: hash of the site, flags, counter
	if len(auth) < least {
		return false
	}
	id := sha256.Sum256([]byte(site.ID))
	flags := protocol.AuthenticatorFlags(auth[32])
	return [32]byte(auth[:32]) == id && flags.HasUserPresent() && flags.HasUserVerified()
}

// answers reports whether client data are of a page of a site that asked the question.
func answers(client []byte, site Site, q Question) bool {
	var c protocol.CollectedClientData
	if json.Unmarshal(client, &c) != nil {
		return false
	}
	want := q.Challenge()
	return c.Type == protocol.AssertCeremony && c.Origin == site.Origin && !c.CrossOrigin &&
		c.Challenge == encoding.EncodeToString(want[:])
}

// Roots knows the root of the first entries of a ledger.
type Roots interface {
	RootAt(n int64) (ledger.Root, error)
}

// Verified returns the member of a version who signed, at or before an entry with an index; ErrNoMember or
// ErrSignature if nobody of it did.
func (v *Version) Verified(
	s ledger.Signature, roots Roots, index int64, purpose Purpose, hash [sha256.Size]byte, answer string,
) (Member, error) {
	m, ok := v.member(s.Credential)
	if !ok {
		return Member{}, ErrNoMember
	}
	if s.Entries < 1 || s.Entries > index {
		return Member{}, ErrStale
	}
	root, err := roots.RootAt(s.Entries)
	if err != nil {
		return Member{}, err
	}
	q := Question{Purpose: purpose, Hash: hash, Answer: answer, Entries: s.Entries, Root: root}
	return m, verify(s, m, v.Site, q)
}
