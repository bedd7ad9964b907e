package accounts

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/internal/store"
)

var desk = Client{Addr: netip.MustParseAddr("192.0.2.10")}

const sentence = "vier eenden op de sluisdeur"

// office is a store with its ledger and a clock that can be set.
type office struct {
	*Store
	t      *testing.T
	dir    string
	ledger *ledger.Ledger
	at     time.Time
	staff  []string // rows of the roster
	mail   *mailbox

	current *roster.Roster
}

// mailbox is a post that keeps what it is given.
type mailbox struct {
	letters []letter
	watch   []string
	broken  bool // the next mail server takes nothing
}

// letter is a mail: with a secret, or about a change.
type letter struct {
	to, secret string
	Notice
}

func (m *mailbox) take(l letter) error {
	if m.broken {
		return errors.New("451 later")
	}
	m.letters = append(m.letters, l)
	return nil
}

func (m *mailbox) Invite(_ context.Context, to, _, secret string) error {
	return m.take(letter{to: to, secret: secret})
}

func (m *mailbox) Code(_ context.Context, to, code string) error {
	return m.take(letter{to: to, secret: code})
}

func (m *mailbox) Notify(_ context.Context, to []string, n Notice) (reached int, err error) {
	for _, a := range to {
		if err = m.take(letter{to: a, Notice: n}); err == nil {
			reached++
		}
	}
	return reached, err
}

func (m *mailbox) Watchers() []string { return m.watch }

// secret is what was mailed to an address last; empty: nothing.
func (m *mailbox) secret(to string) string {
	for _, l := range slices.Backward(m.letters) {
		if l.to == to && l.secret != "" {
			return l.secret
		}
	}
	return ""
}

// notified returns who got notice of a step.
func (m *mailbox) notified(step string) (to []string) {
	for _, l := range m.letters {
		if l.Step == step {
			to = append(to, l.to)
		}
	}
	return to
}

// people is the roster of rows like "els@school.example;alias@school.example".
func (o *office) people() *roster.Roster {
	o.t.Helper()
	path := filepath.Join(o.t.TempDir(), "people.csv")
	table := "address;aliases;group;kind\n"
	for _, row := range o.staff {
		if !strings.Contains(row, ";") {
			row += ";"
		}
		table += row + ";team;staff\n"
	}
	if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
		o.t.Fatal(err)
	}
	r, err := roster.Load(path, []string{"school.example"})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// hires puts people on the roster, and others off it.
func (o *office) hires(rows ...string) {
	o.staff = append(o.staff, rows...)
	o.current = o.people()
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), at: time.Now(), mail: &mailbox{watch: []string{"bestuur@school.example"}}}
	o.hires("piet@school.example")
	var err error
	if o.ledger, err = ledger.Open(filepath.Join(o.dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	o.open()
	return o
}

func (o *office) key() keybook.Key {
	return keybook.Key{Name: "accounts.key", Path: filepath.Join(o.dir, "keys", "accounts.key")}
}

func (o *office) open() {
	o.t.Helper()
	var err error
	if o.Store, err = Open(store.Open(o.dir), o.key(), o.ledger); err != nil {
		o.t.Fatal(err)
	}
	o.now = func() time.Time { return o.at }
	o.Connect(func() *roster.Roster { return o.current }, o.mail)
	o.t.Cleanup(func() { o.Close() })
}

// has makes an account with a password, by the command line.
func (o *office) has(name string, roles ...ledger.Role) Account {
	o.t.Helper()
	if address := name + "@school.example"; len(o.current.Addresses(address)) == 0 {
		o.hires(address)
	}
	a, _, err := o.Make(o.t.Context(), ledger.CommandLine, name, name+"@school.example", roles)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.begins(a)
}

func (o *office) begins(a Account) Account {
	o.t.Helper()
	err := o.Invite(o.t.Context(), ledger.CommandLine, a.ID)
	if err == nil {
		a, _, err = o.Redeem(o.t.Context(), o.mail.secret(a.Claimed), sentence)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (o *office) get(a Account) Account {
	o.t.Helper()
	a, err := o.Get(o.t.Context(), a.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// codes gives an account codes, of which none is used up for the time now.
func (o *office) codesFor(a Account) (secret string) {
	o.t.Helper()
	key, err := NewCodes("Sluis", a.Name)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.KeepCodes(o.t.Context(), desk, a.ID, key.Secret(), o.code(key.Secret(), -30*time.Second)); err != nil {
		o.t.Fatal(err)
	}
	return key.Secret()
}

func (o *office) code(secret string, away time.Duration) string {
	o.t.Helper()
	c, err := totp.GenerateCode(secret, o.at.Add(away))
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// told returns the steps that the ledger has of a kind.
func (o *office) told(kind ledger.Kind) (steps []string) {
	o.t.Helper()
	for e, err := range o.ledger.Find(ledger.Query{Kinds: []ledger.Kind{kind}}) {
		if err != nil {
			o.t.Fatal(err)
		}
		steps = append(steps, e.Data.Actor.Name+": "+e.Data.Step)
	}
	return steps
}

func by(a Account) ledger.Actor { return ledger.Actor{Name: a.Name, Role: ledger.Admin} }
