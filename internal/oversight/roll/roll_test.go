package roll_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// hall is where a roll is made.
type hall struct {
	*testing.T
	dir    string
	book   *ledger.Ledger
	people *roster.Roster
	phones rolltest.Phones
	*roll.Store
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newHall(t *testing.T) *hall {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := "groups: [{name: team, kind: staff}]\n" +
		"people: [{address: voorzitter@school.example, aliases: [vz@school.example], group: team}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &hall{T: t, dir: t.TempDir(), phones: rolltest.Phones{}}
	h.people = must(roster.Load(file, []string{"school.example"}))
	h.book = must(ledger.Open(filepath.Join(h.dir, "ledger")))
	h.Store = roll.Open(store.Open(h.dir), h.book)
	return h
}

// begin invites people, and lets them make the keys that are missing.
func (h *hall) begin(lost bool, all ...roll.Candidate) []roll.Invitation {
	h.Helper()
	by := ledger.Actor{Name: "fg", Role: ledger.Privacy}
	invited, err := h.Begin(h.Context(), by, h.people, rolltest.Site, lost, all)
	if err != nil {
		h.Fatal(err)
	}
	h.phones.Enrol(h, h.Store, rolltest.Site, invited)
	return invited
}

// sign lets the people with some addresses sign.
func (h *hall) sign(invited []roll.Invitation, addresses ...string) {
	h.Helper()
	for _, i := range invited {
		if len(addresses) > 0 && !slices.Contains(addresses, i.Address) {
			continue
		}
		if err := h.phones.Sign(h, h.Store, i, roll.Sign); err != nil {
			h.Fatalf("%s signs: %v", i.Address, err)
		}
	}
}

func (h *hall) number() int {
	h.Helper()
	now, err := h.Current()
	if errors.Is(err, roll.ErrNone) {
		return 0
	}
	return must(now, err).Number
}

// want checks which roll is in force.
func (h *hall) want(number int, what string) {
	h.Helper()
	if n := h.number(); n != number {
		h.Errorf("%s: roll %d is in force, want %d", what, n, number)
	}
}

func first(t *testing.T) *hall {
	t.Helper()
	h := newHall(t)
	h.sign(h.begin(false, rolltest.School()...))
	h.want(1, "everybody signed")
	return h
}

// TestTheFirstRollCountsWhenEachMemberHasSigned.
func TestTheFirstRollCountsWhenEachMemberHasSigned(t *testing.T) {
	h := newHall(t)
	invited := h.begin(false, rolltest.School()...)
	h.want(0, "nobody signed")
	for n, i := range invited {
		h.want(0, "not everybody signed")
		_ = n
		h.sign(invited, i.Address)
	}
	h.want(1, "everybody signed")
	if err := h.Check(); err != nil {
		t.Errorf("health says %v, want that it fits", err)
	}
	if words := must(h.Current()).Words(); len(strings.Fields(words)) != 6 {
		t.Errorf("words %q, want six", words)
	}
	for e, err := range h.book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.Data.Paper, "@") {
			t.Error("the ledger has an address, want none")
		}
	}
}

// renewed is the school's roll with another treasurer.
func renewed() []roll.Candidate {
	all := rolltest.School()
	all[2] = roll.Candidate{Office: roll.Board, Name: "G. Nieuw", Address: "nieuw@school.example"}
	return all
}

// TestAChangeIsSignedByTwoOfTheRollInForce: one of them of the board, and by each new key.
func TestAChangeIsSignedByTwoOfTheRollInForce(t *testing.T) {
	const one, two, fg, legal, fresh = "voorzitter@school.example", "bestuurslid@school.example", "fg@school.example",
		"jurist@school.example", "nieuw@school.example"
	for name, c := range map[string]struct {
		signers []string
		want    int
	}{
		"two of the board and the new key":            {[]string{one, two, fresh}, 2},
		"one of the board, the privacy officer":       {[]string{one, fg, fresh}, 2},
		"two of the board alone":                      {[]string{one, two}, 1},
		"one of the board":                            {[]string{one, fresh}, 1},
		"the privacy officer":                         {[]string{fg, fresh}, 1},
		"the privacy officer and Legal Affairs":       {[]string{fg, legal, fresh}, 1},
		"who leaves counts, as it is on it until now": {[]string{"penningmeester@school.example", one, fresh}, 2},
	} {
		h := first(t)
		h.sign(h.begin(false, renewed()...), c.signers...)
		h.want(c.want, name)
	}
}

// TestLostKeysWait: without signatures of the roll in force a new one counts after 14 days with mail on each, and never
// if a member of the roll in force objects.
func TestLostKeysWait(t *testing.T) {
	all := rolltest.School()
	for i := range all {
		all[i].NewKey = true
	}
	h := first(t)
	h.phones = rolltest.Phones{}
	h.sign(h.begin(true, all...))
	h.want(1, "all new keys signed")
	sent := 0
	remind := func() {
		t.Helper()
		if err := h.Remind(t.Context(), func(_ context.Context, m roll.Mail) error {
			if m.Lost && len(m.To) == 6 {
				sent++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		remind()
	}
	if sent != 1 {
		t.Errorf("%d mails on a day, want one", sent)
	}
	h.want(1, "a day")

	var entries ledger.Entries
	for e, err := range h.book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	p := must(h.Chain()).Waiting()
	later := func(days, mails int, objected bool) int {
		t.Helper()
		more := slices.Clone(entries)
		add := func(kind ledger.Kind, at time.Time) {
			e := ledger.Entry{Index: int64(len(more)), Time: at, Kind: kind, Data: ledger.Data{Ref: p.Hash}}
			more = append(more, e)
		}
		for d := range mails {
			add(ledger.RollReminded, p.At.AddDate(0, 0, d+1))
		}
		if objected {
			add(ledger.RollObjected, p.At.AddDate(0, 0, 3)) // without a signature
		}
		add(ledger.RollAdopted, p.At.AddDate(0, 0, days).Add(time.Minute))
		c := must(roll.Replay(more, h.book))
		return c.Current().Number
	}
	for _, c := range []struct {
		days, mails int
		objected    bool
		want        int
	}{{14, 13, false, 2}, {13, 13, false, 1}, {14, 12, false, 1}, {1, 13, false, 1}, {14, 13, true, 2}} {
		if n := later(c.days, c.mails, c.objected); n != c.want {
			t.Errorf("after %d days, %d mails: roll %d, want %d", c.days, c.mails, n, c.want)
		}
	}

	old := first(t)
	phones := old.phones
	old.phones = rolltest.Phones{}
	invited := old.begin(true, all...)
	old.sign(invited)
	i := slices.IndexFunc(invited, func(i roll.Invitation) bool { return i.Address == "gmr@school.example" })
	if err := phones.Sign(t, old.Store, invited[i], roll.Object); err != nil {
		t.Fatal(err)
	}
	c := must(old.Chain())
	if err := c.Lacks(c.Waiting(), time.Now().AddDate(1, 0, 0)); !errors.Is(err, roll.ErrObjected) {
		t.Errorf("after an objection it lacks %v, want that it never counts", err)
	}
}

// TestARollChangedInAnyByteIsNone: whoever has the machine changes the file of the roll.
func TestARollChangedInAnyByteIsNone(t *testing.T) {
	h := first(t)
	file := must(filepath.Glob(filepath.Join(h.dir, "rolls", "roll-*.json")))[0]
	good := must(os.ReadFile(file))
	for i := 0; i < len(good); i += 7 {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Current(); !errors.Is(err, roll.ErrForged) {
			t.Fatalf("byte %d changed: %v, want that the file does not fit", i, err)
		}
	}
	if err := h.Check(); !errors.Is(err, roll.ErrForged) {
		t.Errorf("health says %v, want that the file does not fit", err)
	}
}

// TestARollInTheLedgerAloneIsNone: whoever has the machine writes rolls in the ledger, with keys of their own.
func TestARollInTheLedgerAloneIsNone(t *testing.T) {
	h := first(t)
	want := must(h.Current()).Hash
	thief := newHall(t) // who made a roll somewhere else
	thief.sign(thief.begin(false, rolltest.School()...))
	for e, err := range thief.book.Find(ledger.Query{Kinds: roll.Kinds}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.book.Append(t.Context(), e.Kind, e.Data); err != nil {
			t.Fatal(err)
		}
	}
	if now := must(h.Current()); now.Hash != want {
		t.Error("another roll is in force, want the one that was signed")
	}
	if c := must(h.Chain()); len(c.Problems) < 3 || c.Problems[0].Entry == 0 {
		t.Errorf("problems %v, want each entry that does not count", c.Problems)
	}
	if h.Check() == nil {
		t.Error("health says that all fits, want the entries")
	}
}

// TestWhatIsNoSignature: of another key, another site, another paper, without the owner's finger, face or PIN.
func TestWhatIsNoSignature(t *testing.T) {
	h := newHall(t)
	invited := h.begin(false, rolltest.School()...)
	i := invited[0]
	refused := func(what string, phone *rolltest.Phone, want error) {
		t.Helper()
		options, entries, err := h.AskSignature(i.Secret, roll.Sign)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Sign(t.Context(), i.Secret, roll.Sign, phone.Sign(options, entries)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	own := *h.phones[i.Address]
	refused("of a key that is not on the roll", rolltest.NewPhone(rolltest.Site), roll.ErrNoMember)
	refused("of another member", h.phones[invited[1].Address], roll.ErrNoMember)
	phone := own
	phone.Unverified()
	refused("without verification of the user", &phone, roll.ErrSignature)
	phone = own
	phone.At(roll.Site{ID: "phish.example", Origin: "https://phish.example"})
	refused("on another site", &phone, roll.ErrSignature)
	phone = own
	phone.At(roll.Site{ID: rolltest.Site.ID, Origin: "https://phish.example"})
	refused("on a page of another origin", &phone, roll.ErrSignature)
	if _, _, err := h.AskSignature("nonsense", roll.Sign); !errors.Is(err, roll.ErrLink) {
		t.Errorf("with another link: %v, want that there is none", err)
	}
	h.want(0, "nobody signed")
	h.sign(invited)
	h.want(1, "everybody signed")
}

func TestWhatARollNeeds(t *testing.T) {
	h := newHall(t)
	without := func(drop int) []roll.Candidate { return slices.Delete(rolltest.School(), drop, drop+1) }
	twice := rolltest.School()
	twice[1].Address = "vz@school.example" // an alias of the chair
	nobody := rolltest.School()
	nobody[1].Address = ""
	for name, c := range map[string]struct {
		all  []roll.Candidate
		lost bool
		want error
	}{
		"without Legal Affairs":       {without(3), false, roll.ErrIncomplete},
		"without the privacy officer": {without(4), false, roll.ErrIncomplete},
		"without the council":         {without(5), false, roll.ErrIncomplete},
		"with one of the board":       {slices.Delete(without(2), 1, 2), false, roll.ErrIncomplete},
		"a person by two addresses":   {twice, false, roll.ErrTwice},
		"a person without an address": {nobody, false, roll.ErrAddress},
		"lost keys of no roll":        {rolltest.School(), true, roll.ErrNoLost},
	} {
		by := ledger.Actor{Name: "fg", Role: ledger.Privacy}
		if _, err := h.Begin(t.Context(), by, h.people, rolltest.Site, c.lost, c.all); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, r := range []ledger.Role{ledger.ICT, ledger.Legal, ledger.Employee} {
		_, err := h.Begin(t.Context(), ledger.Actor{Name: "x", Role: r}, h.people, rolltest.Site, false, rolltest.School())
		if !errors.Is(err, roll.ErrForbidden) {
			t.Errorf("%s begins a roll: %v, want that they may not", r, err)
		}
	}
	small := slices.Delete(rolltest.School(), 1, 3)
	small = append(small, roll.Candidate{Office: roll.Supervisor, Name: "T. Oezicht", Address: "toezicht@elders.example"})
	h.sign(h.begin(false, small...))
	h.want(1, "a board of one with a supervisor")
}

func TestTheWordsAreTwoThousandAndFortyEightPlainOnes(t *testing.T) {
	list := strings.Fields(string(must(os.ReadFile("words.txt"))))
	if n := len(slices.Compact(slices.Sorted(slices.Values(list)))); n != 2048 || len(list) != 2048 {
		t.Errorf("%d words, %d of them different; want 2048", len(list), n)
	}
	for _, w := range list {
		if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" || len(w) < 2 || len(w) > 12 {
			t.Errorf("%q is no plain short word", w)
		}
	}
	a, b := roll.Sum("a"), roll.Sum("b")
	if w := roll.Words(a); w == roll.Words(b) || w != roll.Words(a) || len(strings.Fields(w)) != 6 {
		t.Errorf("words %q of one, %q of another", w, roll.Words(b))
	}
	if w := roll.Words([32]byte{}); w != strings.TrimSpace(strings.Repeat(list[0]+" ", 6)) {
		t.Errorf("words of zeros: %q, want the first word", w)
	}
}
