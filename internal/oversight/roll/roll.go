package roll

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/gowebpki/jcs"
)

// Office is what a member is on the roll for.
type Office string

// The offices.
const (
	Board      Office = "board"      // decides
	Supervisor Office = "supervisor" // of the supervisory board: decides where the board has one member
	Legal      Office = "legal"      // advises
	Privacy    Office = "privacy"    // privacy officer
	Council    Office = "council"    // chair of the participation council
)

// Offices are all offices.
var Offices = []Office{Board, Supervisor, Legal, Privacy, Council}

// Decides reports whether an office decides on orders.
func (o Office) Decides() bool { return o == Board || o == Supervisor }

// Member is a person on the roll.
type Member struct {
	Office     Office `json:"office"`
	Name       string `json:"name"`
	Person     string `json:"person"`     // who it is: a salted hash, the same for each address of the person
	Credential string `json:"credential"` // id of the passkey, in base64url without padding
	Key        string `json:"key"`        // public, COSE (RFC 9052), in base64url without padding
}

// Site is what passkeys are bound to.
type Site struct {
	ID     string `json:"id"`     // relying party: the host of the console
	Origin string `json:"origin"` // of its pages, such as https://sluis.school.nl
}

// Version is a roll. Its hash is of its canonical JSON.
type Version struct {
	Number  int       `json:"number"`
	Before  string    `json:"before"` // hash of the version before; empty for the first
	Lost    bool      `json:"lost"`   // keys of the version before are lost
	From    time.Time `json:"from"`   // it does not count before
	Quorum  int       `json:"quorum"` // approvals that an order needs
	Site    Site      `json:"site"`
	Members []Member  `json:"members"`
}

// Quorum is how many have to approve an order (C3.2d).
const Quorum = 2

// maxMembers bounds a roll.
const maxMembers = 20

// Errors of rolls.
var (
	ErrNone       = errors.New("there is no board's roll: there are no orders without it")
	ErrForged     = errors.New("the file of the board's roll is not as it was when the roll was proposed")
	ErrIncomplete = errors.New("a roll has two members of the board (or one, and one of the supervisory board), " +
		"Legal Affairs, the privacy officer and the chair of the council")
	ErrTwice   = errors.New("a person, an address or a key is on the roll twice")
	ErrName    = errors.New("a name on the roll has 1 to 80 printable characters")
	ErrKey     = errors.New("a key on the roll is of a kind that is not known: ES256, EdDSA and RS256 are")
	ErrVersion = errors.New("it is not a roll as this program writes it")
)

// Canonical returns the canonical JSON (RFC 8785) of a value.
func Canonical(v any) (string, error) {
	b, err := json.Marshal(v)
	if err == nil {
		b, err = jcs.Transform(b)
	}
	if err != nil {
		return "", fmt.Errorf("canonical JSON: %w", err)
	}
	return string(b), nil
}

// Sum returns the SHA-256 of a text.
func Sum(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// HexSum returns the SHA-256 of a text in hexadecimal.
func HexSum(text string) string {
	sum := Sum(text)
	return hex.EncodeToString(sum[:])
}

// parse reads a version, which has to be exactly as Canonical writes it.
func parse(paper string) (v Version, err error) {
	d := json.NewDecoder(strings.NewReader(paper))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, ErrVersion
	}
	if again, err := Canonical(v); err != nil || again != paper {
		return v, ErrVersion
	}
	return v, v.check()
}

// check returns what is wrong with a version by itself.
func (v Version) check() error {
	count := map[Office]int{}
	var keys, people, ids []string
	for _, m := range v.Members {
		hidden := func(r rune) bool { return !unicode.IsPrint(r) }
		if m.Name == "" || len(m.Name) > 80 || strings.ContainsFunc(m.Name, hidden) {
			return ErrName
		}
		key, err := m.key()
		if err != nil {
			return err
		}
		count[m.Office]++
		keys = append(keys, string(key))
		people, ids = append(people, m.Person), append(ids, m.Credential)
	}
	switch {
	case v.Number < 1 || (v.Number == 1) != (v.Before == "") || v.Site.ID == "" || v.Site.Origin == "" ||
		v.Quorum != Quorum || len(v.Members) > maxMembers || slices.Contains(people, ""):
		return ErrVersion
	case twice(keys) || twice(people) || twice(ids):
		return ErrTwice
	}
	return complete(count)
}

// complete returns ErrIncomplete if an office that a roll needs is missing.
func complete(count map[Office]int) error {
	total := 0
	for _, o := range Offices {
		total += count[o]
	}
	all := 0
	for _, n := range count {
		all += n
	}
	if count[Board] < 1 || count[Board]+count[Supervisor] < Quorum || count[Legal] < 1 || count[Privacy] < 1 ||
		count[Council] < 1 || total != all {
		return ErrIncomplete
	}
	return nil
}

func twice(all []string) bool {
	all = slices.Sorted(slices.Values(all))
	return len(slices.Compact(all)) < len(all)
}

// key returns the public key of a member, in COSE.
func (m Member) key() ([]byte, error) {
	key, err := base64.RawURLEncoding.Strict().DecodeString(m.Key)
	if err != nil || m.Credential == "" {
		return nil, ErrKey
	}
	return key, checkKey(key)
}

// checkKey returns ErrKey for a key that no signature can be verified with.
func checkKey(key []byte) error {
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return ErrKey
	}
	var alg int64
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		alg = k.Algorithm
	case webauthncose.OKPPublicKeyData:
		alg = k.Algorithm
	case webauthncose.RSAPublicKeyData:
		alg = k.Algorithm
	}
	if !slices.Contains(algorithms, webauthncose.COSEAlgorithmIdentifier(alg)) {
		return ErrKey
	}
	return nil
}

// algorithms are those of keys on a roll.
var algorithms = []webauthncose.COSEAlgorithmIdentifier{
	webauthncose.AlgES256,
	webauthncose.AlgEdDSA,
	webauthncose.AlgRS256,
}

// member returns the member with a credential.
func (v *Version) member(credential string) (Member, bool) {
	for _, m := range v.Members {
		if m.Credential == credential {
			return m, true
		}
	}
	return Member{}, false
}

// has reports whether a version has a key, for the same person in the same office.
func (v *Version) has(m Member) bool {
	own, ok := v.member(m.Credential)
	return ok && own.Key == m.Key && own.Person == m.Person && own.Office == m.Office
}
