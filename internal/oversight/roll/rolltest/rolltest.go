// Package rolltest makes boards' rolls for tests, with virtual phones.
package rolltest

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
)

// Site is a console's.
var Site = roll.Site{ID: "sluis.school.example", Origin: "https://sluis.school.example"}

// Phone is a person's phone, with one key for the board's roll.
type Phone struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

// NewPhone returns a phone.
func NewPhone(site roll.Site) *Phone {
	return &Phone{
		site: virtualwebauthn.RelyingParty{ID: site.ID, Name: "Sluis", Origin: site.Origin},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte("x")}),
		key:  newKey(),
	}
}

// Unverified makes a phone answer without the fingerprint, face or PIN of its owner.
func (p *Phone) Unverified() { p.auth.Options.UserNotVerified = true }

// At makes a phone answer another site.
func (p *Phone) At(site roll.Site) { p.site.ID, p.site.Origin = site.ID, site.Origin }

// newKey returns a key whose coordinates are whole: of one in 128 the package leaves out a zero at the beginning.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of a P-256 key in COSE (RFC 9053)
	for {
		if k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.Key.AttestationData()) == whole {
			return k
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// text returns options as JSON; bytes are JSON already.
func text(options any) string {
	if b, ok := options.([]byte); ok {
		return string(b)
	}
	return string(must(json.Marshal(options)))
}

func sent(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// MakeJSON makes the key, as a browser sends it.
func (p *Phone) MakeJSON(options any) string {
	asked := must(virtualwebauthn.ParseAttestationOptions(text(options)))
	return virtualwebauthn.CreateAttestationResponse(p.site, p.auth, p.key, *asked)
}

// ShowJSON answers a question with the key, as a browser sends it.
func (p *Phone) ShowJSON(options any) string {
	asked := must(virtualwebauthn.ParseAssertionOptions(text(options)))
	return virtualwebauthn.CreateAssertionResponse(p.site, p.auth, p.key, *asked)
}

// Sign answers a question over a state of the ledger.
func (p *Phone) Sign(options any, entries int64) ledger.Signature {
	return must(roll.Answered(sent(p.ShowJSON(options)), entries))
}

// Phones are those of the people on a roll, by address.
type Phones map[string]*Phone

// Of returns the phone of an address, a new one if there is none.
func (ps Phones) Of(site roll.Site, address string) *Phone {
	if ps[address] == nil {
		ps[address] = NewPhone(site)
	}
	return ps[address]
}

// Enrol lets everybody with an invitation enrol a key, who needs one.
func (ps Phones) Enrol(t testing.TB, s *roll.Store, site roll.Site, all []roll.Invitation) {
	t.Helper()
	for _, i := range all {
		_, g, err := s.Invited(i.Secret)
		if err != nil {
			t.Fatal(err)
		}
		if g.Office == "" || g.Key != "" {
			continue
		}
		options, c, err := s.AskKey(i.Secret)
		if err != nil {
			t.Fatal(err)
		}
		phone := ps.Of(site, i.Address)
		if err := s.AddKey(t.Context(), i.Secret, *c, sent(phone.MakeJSON(options))); err != nil {
			t.Fatal(err)
		}
	}
}

// Sign lets the person with an invitation answer the roll that is proposed.
func (ps Phones) Sign(t testing.TB, s *roll.Store, i roll.Invitation, answer string) error {
	t.Helper()
	options, entries, err := s.AskSignature(i.Secret, answer)
	if err != nil {
		return err
	}
	return s.Sign(t.Context(), i.Secret, answer, ps[i.Address].Sign(options, entries))
}

// Adopt makes a roll of some people that counts, and returns their phones.
func Adopt(t testing.TB, s *roll.Store, people roll.People, site roll.Site, all ...roll.Candidate) Phones {
	t.Helper()
	ps := Phones{}
	by := ledger.Actor{Name: "fg", Role: ledger.Privacy}
	invited, err := s.Begin(t.Context(), by, people, site, false, all)
	if err != nil {
		t.Fatal(err)
	}
	ps.Enrol(t, s, site, invited)
	for _, i := range invited {
		if err := ps.Sign(t, s, i, roll.Sign); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Current(); err != nil {
		t.Fatalf("after everybody signed: %v", err)
	}
	return ps
}

// CopyDir copies a directory, for its owner alone.
func CopyDir(t testing.TB, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// School are the people of a school's roll, with addresses at school.example.
func School() []roll.Candidate {
	return []roll.Candidate{
		{Office: roll.Board, Name: "A. Voorzitter", Address: "voorzitter@school.example"},
		{Office: roll.Board, Name: "B. Lid", Address: "bestuurslid@school.example"},
		{Office: roll.Board, Name: "C. Penning", Address: "penningmeester@school.example"},
		{Office: roll.Legal, Name: "D. Jurist", Address: "jurist@school.example"},
		{Office: roll.Privacy, Name: "E. Functionaris", Address: "fg@school.example"},
		{Office: roll.Council, Name: "F. Raad", Address: "gmr@school.example"},
	}
}
