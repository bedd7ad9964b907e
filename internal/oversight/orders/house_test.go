package orders

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// house is a gateway's orders with all around them, and a clock.
type house struct {
	t      *testing.T
	dir    string
	now    time.Time
	book   *ledger.Ledger
	people *roster.Roster
	keys   *journal.Keys
	db     *journal.DB
	rolls  *roll.Store
	phones rolltest.Phones
	*Store
}

func newHouse(t *testing.T) *house {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := `groups: [{name: team, kind: staff}, {name: bovenbouw, kind: pupils}]
people:
  - {address: juf@school.example, aliases: [groep5@school.example], group: team}
  - {address: meester@school.example, group: team}
  - {address: vp@school.example, group: team, role: confidential-counsellor}
  - {address: leerling@school.example, group: bovenbouw}
  - {address: leerling2@school.example, group: bovenbouw}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &house{
		t:      t,
		dir:    t.TempDir(),
		now:    monday,
		people: must(roster.Load(file, []string{"school.example"})),
		keys:   must(journal.OpenKeys(filepath.Join(t.TempDir(), "keys"))),
		db:     must(journal.OpenDB(t.TempDir())),
	}
	t.Cleanup(func() { h.db.Close() })
	h.adopt()
	h.start()
	return h
}

// adopted is a directory with a ledger and a board's roll, made once, and the phones of the roll.
var adopted struct {
	once   sync.Once
	dir    string
	phones rolltest.Phones
}

// adopt gives a house a ledger with a board's roll.
func (h *house) adopt() {
	h.t.Helper()
	adopted.once.Do(func() {
		adopted.dir = must(os.MkdirTemp("", "orders"))
		book := must(ledger.Open(filepath.Join(adopted.dir, "ledger")))
		rolls := roll.Open(store.Open(adopted.dir), book)
		adopted.phones = rolltest.Adopt(h.t, rolls, h.people, rolltest.Site, rolltest.School()...)
	})
	rolltest.CopyDir(h.t, h.dir, adopted.dir)
	h.book = must(ledger.Open(filepath.Join(h.dir, "ledger")))
	h.rolls, h.phones = roll.Open(store.Open(h.dir), h.book), adopted.phones
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(adopted.dir)
	os.Exit(code)
}

// addressOf is the directory of accounts: each is named after its address.
func addressOf(_ context.Context, account string) (string, error) {
	return account + "@school.example", nil
}

// open returns the orders, as another process does.
func (h *house) open() *Store {
	return Open(store.Open(h.dir), h.book, roll.Open(store.Open(h.dir), h.book), addressOf, Limits{})
}

// signs lets an account take a step, with the phone of its person.
func (h *house) signs(ctx context.Context, s *Store, by ledger.Actor, id string, i Intent) error {
	asked, err := s.Ask(ctx, by, h.people, id, i)
	if err != nil {
		return err
	}
	address, _ := addressOf(ctx, by.Name)
	return s.Sign(ctx, by, h.people, id, i, h.phones[address].Sign(asked.Options, asked.Entries))
}

func (h *house) Advise(ctx context.Context, by ledger.Actor, id string, favourable bool, text string) error {
	return h.signs(ctx, h.Store, by, id, Intent{Advise, favourable, text})
}

func (h *house) Decide(ctx context.Context, by ledger.Actor, id string, approve bool) error {
	return h.signs(ctx, h.Store, by, id, Intent{Answer: map[bool]Answer{true: Approve, false: Refuse}[approve]})
}

func (h *house) Withdraw(ctx context.Context, by ledger.Actor, id string) error {
	return h.signs(ctx, h.Store, by, id, Intent{Answer: Withdraw})
}

// start starts the gateway, again perhaps.
func (h *house) start() {
	h.t.Helper()
	h.Store = h.open()
	h.Store.clock = func() time.Time { return h.now }
	h.Store.steady = h.Store.clock
}

func about(subject string) Request {
	return Request{
		Kind:          Targeted,
		Subject:       subject,
		Reason:        "vermoeden van fraude door Jansen",
		From:          monday.AddDate(0, 0, -7),
		Until:         monday.AddDate(0, 0, 7),
		Investigators: []string{tech.Name},
		LookBack:      "het vermoeden is van vorige week",
	}
}
