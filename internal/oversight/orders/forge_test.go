package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// file is where an order is kept.
func (h *house) file(id string) string { return filepath.Join(h.dir, "orders", id+".json") }

// named reports whether health names an order, or its file.
func named(s *Store, dir, id string) bool {
	faults, err := s.Faults()
	return err != nil || slices.ContainsFunc(faults, func(f Fault) bool { return f.ID == id }) ||
		slices.ContainsFunc(store.Damages(CheckFiles(store.Open(dir))), func(d *store.Damage) bool {
			return strings.Contains(d.File, id)
		})
}

// mustNotCount checks, in a process that has just started, that nobody is inspected under an order, and that health
// names it.
func (h *house) mustNotCount(what, id string, subjects ...string) {
	h.t.Helper()
	s := h.open()
	s.clock, s.steady = h.Store.clock, h.Store.steady
	for _, a := range append(subjects, juf, meester, vp) {
		if o, p := s.Added(h.people, h.people.Subject(a)); p != 0 || s.Excepted(h.people, h.people.Subject(a)) {
			h.t.Errorf("%s: order %q counts for %s, want none", what, o, a)
		}
	}
	if n, err := h.usedBy(s, tech, id); err == nil || n > 0 {
		h.t.Errorf("%s: %d records, %v; want none", what, n, err)
	}
	if !named(s, h.dir, id) {
		h.t.Errorf("%s: health does not name the order, want that it does", what)
	}
}

func (h *house) usedBy(s *Store, by ledger.Actor, id string) (n int, err error) {
	h.Store, s = s, h.Store
	defer func() { h.Store = s }()
	return h.use(by, id)
}

// content is an order in force for content of juf.
func (h *house) content() (id string) {
	h.t.Helper()
	h.traffic(juf)
	r := about(juf)
	r.Content = true
	id = h.approved(r)
	if _, p := h.Added(h.people, h.people.Subject(juf)); p == 0 || named(h.Store, h.dir, id) {
		h.t.Fatal("the order does not count before anything is changed")
	}
	return id
}

// TestAnOrderChangedInAnyByteDoesNotCount: whoever has the machine changes the file of an order in force, one byte at
// a time: it is not in force, and health names it (C3.2c).
func TestAnOrderChangedInAnyByteDoesNotCount(t *testing.T) {
	h := newHouse(t)
	id := h.content()
	good := must(os.ReadFile(h.file(id)))
	who := h.people.Subject(juf)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(h.file(id), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s := h.open()
		s.clock, s.steady = h.Store.clock, h.Store.steady
		if _, p := s.Added(h.people, who); p != 0 {
			t.Fatalf("byte %d changed: it adds %v, want nothing", i, p)
		}
		if i%16 == 0 && !named(s, h.dir, id) {
			t.Fatalf("byte %d changed: health does not name the order", i)
		}
	}
	for name, bad := range map[string][]byte{
		"a byte more":  append(bytes.Clone(good), '\n'),
		"a byte less":  good[:len(good)-1],
		"other spaces": bytes.ReplaceAll(good, []byte("\n "), []byte("\n\t")),
	} {
		if err := os.WriteFile(h.file(id), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		h.mustNotCount(name, id)
	}
	if err := os.WriteFile(h.file(id), good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, p := h.open().Added(h.people, who); p == 0 {
		t.Error("with its own file again it adds nothing, want that it counts")
	}
}

// TestAnOrderChangedLaterDoesNotCount: a field of the file of an order in force is changed, and the ledger gets an
// entry of a use with the hash of the changed file, as whoever has the machine can write one.
func TestAnOrderChangedLaterDoesNotCount(t *testing.T) {
	for name, change := range map[string]func(o *Order){
		"another person":          func(o *Order) { o.Request.Subject = meester },
		"an alias of the same":    func(o *Order) { o.Request.Subject = "groep5@school.example" },
		"a group":                 func(o *Order) { o.Request.Subject, o.Request.Group = "", "team" },
		"an exception":            func(o *Order) { o.Request.Kind, o.Request.Subject = Exception, vp },
		"a longer period":         func(o *Order) { o.Request.Until = o.Request.Until.AddDate(0, 0, 7) },
		"an earlier beginning":    func(o *Order) { o.Request.From = o.Request.From.AddDate(0, 0, -7) },
		"another investigator":    func(o *Order) { o.Request.Investigators = []string{other.Name} },
		"one investigator more":   func(o *Order) { o.Request.Investigators = append(o.Request.Investigators, other.Name) },
		"another reason":          func(o *Order) { o.Request.Reason = "zomaar" },
		"another advice":          func(o *Order) { o.Advice.Text = "Het mag." },
		"an advice turned around": func(o *Order) { o.Advice.Favourable = !o.Advice.Favourable },
		"another requester":       func(o *Order) { o.Requested.By.Name = other.Name },
		"another person's hash":   func(o *Order) { o.Person = strings.Repeat("0", 64) },
		"another salt":            func(o *Order) { o.Salt[0] ^= 1 },
		"another roll":            func(o *Order) { o.Roll = strings.Repeat("0", 64) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.content()
			o := must(h.orders.Get(id))
			change(&o)
			file := must(fileOf(o))
			if err := os.WriteFile(h.file(id), file, 0o600); err != nil {
				t.Fatal(err)
			}
			h.mustNotCount("the file alone", id)
			h.append(ledger.OrderUsed, ledger.Data{Ref: id, Step: stepContent, Commit: roll.HexSum(string(file))})
			h.append(ledger.OrderUsed, ledger.Data{Ref: id, Step: stepContent, Commit: roll.HexSum(string(file))})
			h.mustNotCount("the file and the ledger", id)
		})
	}
}

// append writes an entry, as whoever has the machine can.
func (h *house) append(kind ledger.Kind, d ledger.Data) {
	h.t.Helper()
	if _, err := h.book.Append(h.t.Context(), kind, d); err != nil {
		h.t.Fatal(err)
	}
}

// problems are those that another program finds in the exported ledger.
func (h *house) problems(hash string) (all []string) {
	h.t.Helper()
	var b bytes.Buffer
	if err := h.book.Export(&b); err != nil {
		h.t.Fatal(err)
	}
	v := must(VerifyAll(must(ledger.ReadExport(&b, nil)), hash))
	for _, p := range v.Problems {
		all = append(all, p.Error())
	}
	return all
}

// TestAForgedOrderIsNone: orders that are put together by hand, in the file, in the ledger, and with keys of one's own.
func TestAForgedOrderIsNone(t *testing.T) {
	h := newHouse(t)
	h.traffic(juf)
	hash := must(h.rolls.Current()).Hash
	base := Order{ID: store.NewID(), Request: about(juf), Requested: Step{officer, h.now}, Uses: 1}
	base.Request.Content = true
	base.Advice = &Advice{Step{lawyer, h.now}, true, "goed"}
	base.Decisions = []Decision{{Step{chair, h.now}, true}, {Step{member, h.now}, true}}
	base.Salt, base.Roll = make([]byte, 32), hash
	r := must(h.rolls.Current())
	base.Requester = r.Person(h.people, "fg@school.example")
	base.Persons = []string{r.Person(h.people, "beheerder@school.example")}
	base.Person = r.Person(h.people, juf)

	put := func(o Order) string {
		if err := h.orders.Put(o); err != nil {
			t.Fatal(err)
		}
		return roll.HexSum(string(must(fileOf(o))))
	}
	put(base)
	h.mustNotCount("a file alone", base.ID)
	if p := h.problems(hash); len(p) > 0 {
		t.Errorf("a file alone: the ledger has %q, want nothing of it", p)
	}

	advised := must(paperOf(&base))
	asked := base
	asked.Advice = nil
	requested := must(paperOf(&asked))
	own := rolltest.NewPhone(rolltest.Site)
	sign := func(a Answer) ledger.Signature {
		q := must(roll.Question{Purpose: roll.ForOrder, Hash: roll.Sum(advised), Answer: string(a)}.Checkpoint(h.book))
		return own.Sign(roll.Ask(rolltest.Site, nil, q), q.Entries)
	}
	forge := func(o Order, signed func(Answer) ledger.Signature) {
		commit := put(o)
		d := func(by ledger.Actor, step, paper string, s ledger.Signature) ledger.Data {
			return ledger.Data{Actor: by, Ref: o.ID, Step: step, Paper: paper, Signed: s, Commit: commit}
		}
		h.append(ledger.OrderRequested, d(officer, "targeted", requested, ledger.Signature{}))
		h.append(ledger.OrderAdvised, d(lawyer, "favourable", advised, signed(Advise)))
		h.append(ledger.OrderDecided, d(chair, "approved", "", signed(Approve)))
		h.append(ledger.OrderDecided, d(member, "approved", "", signed(Approve)))
		h.append(ledger.OrderUsed, ledger.Data{Ref: o.ID, Step: stepContent, Commit: commit})
	}
	forge(base, func(Answer) ledger.Signature { return ledger.Signature{} })
	h.mustNotCount("a file and entries without signatures", base.ID)
	h.mustBeNamed("without signatures", base.ID)

	h = newHouse(t)
	forge(base, sign)
	h.mustNotCount("a file and entries with a key of one's own", base.ID)
	h.mustBeNamed("with a key of one's own", base.ID)

	h = newHouse(t)
	forge(base, func(a Answer) ledger.Signature { // which says whose it is
		s := sign(a)
		s.Credential = r.Members[map[Answer]int{Advise: 3, Approve: 0}[a]].Credential
		return s
	})
	h.mustNotCount("entries with a credential of the roll, and a key of one's own", base.ID)
	h.mustBeNamed("with another's credential", base.ID)
}

// mustBeNamed checks that the exported ledger is not in order, and that the order is named.
func (h *house) mustBeNamed(what, id string) {
	h.t.Helper()
	all := h.problems(must(h.rolls.Current()).Hash)
	if !slices.ContainsFunc(all, func(p string) bool { return strings.Contains(p, id) }) {
		h.t.Errorf("%s: offline verification says %q, want that order %s is not in order", what, all, id)
	}
}

// TestASignatureCountsOnce: a signature of one order, answer or member is none of another.
func TestASignatureCountsOnce(t *testing.T) {
	h := newHouse(t)
	first := h.content()
	var kept []ledger.Entry
	for e, err := range h.book.Find(ledger.Query{Ref: first}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, e)
	}
	r := about(meester)
	r.Content = true
	second := must(h.Request(t.Context(), officer, h.people, r))
	if err := h.Advise(t.Context(), lawyer, second, true, "goed"); err != nil {
		t.Fatal(err)
	}
	for _, e := range kept {
		if e.Kind == ledger.OrderDecided {
			e.Data.Ref = second
			h.append(e.Kind, e.Data)
		}
	}
	h.mustBeNamed("approvals of another order", second)
	if _, p := h.open().Added(h.people, h.people.Subject(meester)); p != 0 {
		t.Error("approvals of another order count, want that they do not")
	}

	h = newHouse(t)
	id := must(h.Request(t.Context(), officer, h.people, about(juf)))
	if err := h.Advise(t.Context(), lawyer, id, true, "goed"); err != nil {
		t.Fatal(err)
	}
	i := Intent{Answer: Approve}
	asked := must(h.Ask(t.Context(), chair, h.people, id, i))
	signed := h.phones["voorzitter@school.example"].Sign(asked.Options, asked.Entries)
	refused := func(what string, by ledger.Actor, i Intent, s ledger.Signature, want error) {
		t.Helper()
		if err := h.Sign(t.Context(), by, h.people, id, i, s); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	refused("of another member", member, i, signed, roll.ErrNoMember)
	refused("of another answer", chair, Intent{Answer: Refuse}, signed, roll.ErrSignature)
	other := signed
	other.Entries--
	refused("over another state of the ledger", chair, i, other, roll.ErrSignature)
	other = signed
	other.Signature = h.phones["bestuurslid@school.example"].Sign(asked.Options, asked.Entries).Signature
	refused("of another key", chair, i, other, roll.ErrSignature)
	if err := h.Sign(t.Context(), chair, h.people, id, i, signed); err != nil {
		t.Errorf("the signature itself: %v, want that it counts", err)
	}
	refused("once more", chair, i, signed, ErrInvolved)
}

// TestWithoutARollThereAreNoOrders: the roll is gone, or its file was changed: nothing counts.
func TestWithoutARollThereAreNoOrders(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"gone":    os.Remove,
		"changed": func(file string) error { return os.WriteFile(file, []byte("{}"), 0o600) },
	} {
		h := newHouse(t)
		id := h.content()
		files := must(filepath.Glob(filepath.Join(h.dir, "rolls", "roll-*.json")))
		if err := spoil(files[0]); err != nil {
			t.Fatal(err)
		}
		h.mustNotCount(name, id)
		if _, err := h.open().Request(t.Context(), officer, h.people, about(juf)); !errors.Is(err, roll.ErrForged) {
			t.Errorf("%s: a request: %v, want that the roll does not fit", name, err)
		}
	}
	h := newHouse(t)
	h.dir = t.TempDir()
	h.book = must(ledger.Open(t.TempDir()))
	if _, err := h.open().Request(t.Context(), officer, h.people, about(juf)); !errors.Is(err, roll.ErrNone) {
		t.Errorf("a request without a roll: %v, want that there is none", err)
	}
}

// TestAMovedSubject: the address of an order is given to another person on the roster, or the subject turns out to
// have a part in the order.
func TestAMovedSubject(t *testing.T) {
	for name, people := range map[string]string{
		"to an alias of another": `  - {address: meester@school.example, aliases: [juf@school.example], group: team}`,
		"to a decider": `  - {address: voorzitter@school.example, aliases: [juf@school.example], group: team}
  - {address: meester@school.example, group: team}`,
		"away": `  - {address: meester@school.example, group: team}`,
	} {
		h := newHouse(t)
		h.traffic(juf, meester)
		id := h.content()
		file := filepath.Join(t.TempDir(), "roster.yaml")
		text := "groups: [{name: team, kind: staff}]\npeople:\n" + people + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h.people = must(roster.Load(file, []string{"school.example"}))
		for _, a := range []string{juf, meester, "voorzitter@school.example"} {
			if _, p := h.Added(h.people, h.people.Subject(a)); p != 0 {
				t.Errorf("%s: it adds %v for %s, want nothing", name, p, a)
			}
		}
		if n, err := h.use(tech, id); err == nil || n > 0 {
			t.Errorf("%s: %d records, %v; want none", name, n, err)
		}
	}
}

// TestAnOrderOfBeforeTheRollDoesNotCount: it opens, says why it does not count, and can be completed.
func TestAnOrderOfBeforeTheRollDoesNotCount(t *testing.T) {
	h := newHouse(t)
	old := Order{ID: store.NewID(), Request: about(juf), Requested: Step{officer, h.now}}
	old.Request.Content = true
	old.Advice = &Advice{Step{lawyer, h.now}, true, "goed"}
	old.Decisions = []Decision{{Step{chair, h.now}, true}, {Step{member, h.now}, true}}
	if err := h.orders.Put(old); err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct {
		kind ledger.Kind
		step string
	}{{ledger.OrderRequested, "targeted"}, {ledger.OrderAdvised, "favourable"}, {ledger.OrderDecided, "approved"}} {
		h.append(d.kind, ledger.Data{Ref: old.ID, Step: d.step})
	}
	h.mustNotCount("an old order", old.ID)
	o, state, err := h.Get(old.ID)
	if err != nil || state != Void || !errors.Is(o.Void(), ErrUnsigned) {
		t.Errorf("%s, %v, %v; want that it is of before the roll", state, o.Void(), err)
	}
	if err := h.Complete(t.Context(), officer, old.ID, Result{Destroyed: h.now}); err != nil {
		t.Fatal(err)
	}
	if named(h.Store, h.dir, old.ID) {
		t.Error("health names it after it was completed")
	}
	if b := must(os.ReadFile(h.file(old.ID))); bytes.Contains(b, []byte("Jansen")) || bytes.Contains(b, []byte(juf)) {
		t.Error("its texts are there after it was completed")
	}
}

// TestThePaperHasNoText: what is signed, and so is in the ledger, has neither subject nor texts, whatever field they
// are in.
func TestThePaperHasNoText(t *testing.T) {
	h := newHouse(t)
	id := h.content()
	o, _, err := h.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(o.Standing().Paper), &fields); err != nil || len(fields) < 5 {
		t.Fatalf("the paper has %d fields, %v", len(fields), err)
	}
	for _, text := range []string{"juf", "Jansen", "vermoeden", "Proportioneel", "school.example"} {
		if strings.Contains(o.Standing().Paper, text) {
			t.Errorf("the paper has %q, want a hash", text)
		}
	}
	if p := h.problems(must(h.rolls.Current()).Hash); len(p) > 0 {
		t.Errorf("offline verification says %q, want that all is in order", p)
	}
	if p := h.problems(strings.Repeat("0", 64)); len(p) == 0 {
		t.Error("with another roll all is in order, want that it is not")
	}
}
