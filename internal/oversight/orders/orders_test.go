package orders

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/rules"
)

var (
	chair   = ledger.Actor{Name: "voorzitter", Role: ledger.Board}
	member  = ledger.Actor{Name: "bestuurslid", Role: ledger.Board}
	third   = ledger.Actor{Name: "penningmeester", Role: ledger.Board}
	lawyer  = ledger.Actor{Name: "jurist", Role: ledger.Legal}
	officer = ledger.Actor{Name: "fg", Role: ledger.Privacy}
	tech    = ledger.Actor{Name: "beheerder", Role: ledger.ICT}
	other   = ledger.Actor{Name: "collega", Role: ledger.ICT}
	monday  = time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Hour) // entries of the ledger are later
)

const (
	juf     = "juf@school.example"
	meester = "meester@school.example"
	pupil   = "leerling@school.example"
	vp      = "vp@school.example"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// approved brings a request to the point where it counts.
func (h *house) approved(r Request) string {
	h.t.Helper()
	id, err := h.Request(h.t.Context(), officer, h.people, r)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, err := range []error{
		h.Advise(h.t.Context(), lawyer, id, true, "Proportioneel; Jansen weet het niet."),
		h.Decide(h.t.Context(), chair, id, true),
		h.Decide(h.t.Context(), member, id, true),
	} {
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return id
}

func (h *house) state(id string) State {
	h.t.Helper()
	_, s, err := h.Get(id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// traffic writes a record a day of each, for the two weeks around monday.
func (h *house) traffic(addresses ...string) {
	h.t.Helper()
	w := must(journal.NewWriter(h.t.TempDir(), h.keys, h.db, nil))
	for _, a := range addresses {
		for day := -10; day < 10; day++ {
			w.Put(
				journal.Record{
					Time:      monday.AddDate(0, 0, day),
					ID:        filter.NewID(),
					Direction: rules.Out,
					Group:     h.people.Subject(a).Group(),
					Peer:      journal.DomainOf("gezin.example.nl"),
				},
				h.people.Subject(a),
			)
		}
	}
	if err := w.Close(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) use(by ledger.Actor, id string) (n int, err error) {
	err = h.Use(h.t.Context(), by, id, h.people, h.keys, h.db, func(journal.Record) error { n++; return nil })
	return n, err
}

func (h *house) kinds() (kinds []string) {
	h.t.Helper()
	for e, err := range h.book.Find(ledger.Query{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		if strings.HasPrefix(string(e.Kind), "roll-") {
			continue
		}
		kinds = append(kinds, strings.TrimSuffix(string(e.Kind)+":"+e.Data.Step, ":"))
	}
	return kinds
}

func TestAnOrderFromRequestToOutcome(t *testing.T) { // C3.2c, C3.2d, C3.2f
	h := newHouse(t)
	h.traffic(juf, meester)
	id, err := h.Request(t.Context(), officer, h.people, about(juf))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		want State
		do   func() error
	}{
		{Requested, func() error { return nil }},
		{Advised, func() error { return h.Advise(t.Context(), lawyer, id, false, "Het kan ook lichter.") }},
		{Advised, func() error { return h.Decide(t.Context(), chair, id, true) }},
		{InForce, func() error { return h.Decide(t.Context(), member, id, true) }},
	} {
		if step.want != InForce && i > 0 {
			if n, err := h.use(tech, id); !errors.Is(err, ErrNotInForce) || n > 0 {
				t.Errorf("used before it was in force: %d, %v", n, err)
			}
		}
		if err := step.do(); err != nil || h.state(id) != step.want {
			t.Fatalf("step %d: %s, %v", i, h.state(id), err)
		}
	}
	if n, err := h.use(tech, id); err != nil || n != 14 {
		t.Errorf("%d records of the period, %v", n, err)
	}
	h.now = monday.AddDate(0, 0, 7)
	if n, err := h.use(tech, id); !errors.Is(err, ErrNotInForce) || n > 0 || h.state(id) != Ended {
		t.Errorf("used after its end: %d, %v", n, err)
	}
	for range 2 {
		if err := h.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Complete(t.Context(), officer, id, found(monday)); err != nil || h.state(id) != Completed {
		t.Fatal(err)
	}
	want := []string{
		"order-requested:targeted",
		"order-advised:unfavourable",
		"order-decided:approved",
		"order-decided:approved",
		"order-used:records",
		"order-ended",
		"order-completed:unauthorised-use",
	}
	if got := h.kinds(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the ledger has %v", got)
	}
	// Nothing of subject and reason is left, and the ledger never had any.
	files, _ := filepath.Glob(filepath.Join(h.dir, "*", "*"))
	for _, f := range files {
		if b := must(os.ReadFile(f)); strings.Contains(string(b), "Jansen") || strings.Contains(string(b), "juf@") {
			t.Errorf("left in %s", filepath.Base(f))
		}
	}
	for e, err := range h.book.Find(ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprintf("%+v", e.Data); strings.Contains(s, "Jansen") || strings.Contains(s, "juf") {
			t.Errorf("in the ledger: %s", s)
		}
	}
}

func TestWhoMayDoWhichStep(t *testing.T) {
	all := []ledger.Actor{
		chair,
		member,
		lawyer,
		officer,
		tech,
		{Name: "medewerker", Role: "employee"},
		{Name: "admin", Role: "admin"},
		{},
	}
	fresh := func() (*house, string) {
		h := newHouse(t)
		return h, must(h.Request(t.Context(), officer, h.people, about(juf)))
	}
	advised := func() (*house, string) {
		h, id := fresh()
		if err := h.Advise(t.Context(), lawyer, id, true, "goed"); err != nil {
			t.Fatal(err)
		}
		return h, id
	}
	inForce := func() (*house, string) { h := newHouse(t); return h, h.approved(about(juf)) }
	for name, c := range map[string]struct {
		from func() (*house, string)
		do   func(h *house, by ledger.Actor, id string) error
		may  []ledger.Role
	}{
		"request": {func() (*house, string) { return newHouse(t), "" }, func(h *house, by ledger.Actor, _ string) error {
			r := about(juf)
			r.Investigators = []string{other.Name}
			_, err := h.Request(t.Context(), by, h.people, r)
			return err
		}, []ledger.Role{ledger.Board, ledger.Privacy, ledger.ICT}},
		"advise": {fresh, func(h *house, by ledger.Actor, id string) error {
			return h.Advise(t.Context(), by, id, true, "goed")
		}, []ledger.Role{ledger.Legal}},
		"decide": {advised, func(h *house, by ledger.Actor, id string) error {
			return h.Decide(t.Context(), by, id, true)
		}, []ledger.Role{ledger.Board}},
		"withdraw": {inForce, func(h *house, by ledger.Actor, id string) error {
			return h.Withdraw(t.Context(), by, id)
		}, []ledger.Role{ledger.Board}},
		"dismiss": {inForce, func(h *house, by ledger.Actor, id string) error {
			return h.Dismiss(t.Context(), by, id, tech.Name)
		}, []ledger.Role{ledger.Board}},
		"use": {inForce, func(h *house, by ledger.Actor, id string) error {
			_, err := h.use(by, id)
			return err
		}, []ledger.Role{ledger.ICT}},
		"complete": {inForce, func(h *house, by ledger.Actor, id string) error {
			return h.Complete(t.Context(), by, id, Result{Destroyed: monday})
		}, []ledger.Role{ledger.Board, ledger.Privacy}},
	} {
		for _, by := range all {
			h, id := c.from()
			before := len(h.kinds())
			err := c.do(h, by, id)
			may := strings.Contains(fmt.Sprint(c.may)+" ", string(by.Role)) && by.Role != ""
			if may != (err == nil) || !may && !errors.Is(err, ErrForbidden) {
				t.Errorf("%s by %s: %v", name, by.Role, err)
			}
			if wrote := len(h.kinds()) - before; may != (wrote == 1) {
				t.Errorf("%s by %s: %d entries in the ledger", name, by.Role, wrote)
			}
		}
	}
}

func TestNobodyDecidesTwiceOrOnAnOwnRequest(t *testing.T) {
	h := newHouse(t)
	id := must(h.Request(t.Context(), chair, h.people, about(juf)))
	if err := h.Decide(t.Context(), member, id, true); !errors.Is(err, ErrWrongState) {
		t.Errorf("decided before the advice: %v", err)
	}
	if err := h.Advise(t.Context(), ledger.Actor{Name: chair.Name, Role: ledger.Legal}, id, true, "goed"); !errors.Is(
		err,
		ErrInvolved,
	) {
		t.Errorf("who asks gives the advice: %v", err)
	}
	if err := h.Advise(t.Context(), lawyer, id, true, " "); err == nil {
		t.Error("an advice of nothing was taken")
	}
	if err := h.Advise(t.Context(), lawyer, id, true, "goed"); err != nil {
		t.Fatal(err)
	}
	if err := h.Advise(t.Context(), lawyer, id, true, "beter"); !errors.Is(err, ErrWrongState) {
		t.Errorf("a second advice: %v", err)
	}
	for name, by := range map[string]ledger.Actor{
		"who asked":   chair,
		"who advised": {Name: lawyer.Name, Role: ledger.Board},
	} {
		if err := h.Decide(t.Context(), by, id, true); !errors.Is(err, ErrInvolved) {
			t.Errorf("%s decides: %v", name, err)
		}
	}
	if err := h.Decide(t.Context(), member, id, true); err != nil {
		t.Fatal(err)
	}
	if err := h.Decide(t.Context(), member, id, true); !errors.Is(err, ErrInvolved) || h.state(id) != Advised {
		t.Errorf("one member decided twice: %v", err)
	}
	if err := h.Decide(t.Context(), third, id, false); err != nil || h.state(id) != Refused {
		t.Errorf("state %s, %v, want refused", h.state(id), err)
	}
	if err := h.Decide(t.Context(), ledger.Actor{Name: "vierde", Role: ledger.Board}, id, true); !errors.Is(
		err,
		ErrWrongState,
	) {
		t.Errorf("a refusal was overruled: %v", err)
	}
}

func TestWhatARequestNeeds(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(*Request)
		say    string
	}{
		"no reason":                {func(r *Request) { r.Reason = " \n" }, "reason"},
		"nobody":                   {func(r *Request) { r.Subject = "" }, "one person or one group"},
		"a person and a group":     {func(r *Request) { r.Group = "team" }, "one person or one group"},
		"a stranger":               {func(r *Request) { r.Subject = "ouder@gezin.example" }, "roster"},
		"a pupil":                  {func(r *Request) { r.Subject = pupil }, "K4"},
		"too long":                 {func(r *Request) { r.Until = r.From.Add(LongestPeriod + 1) }, "28 days"},
		"backwards":                {func(r *Request) { r.From, r.Until = r.Until, r.From }, "before it begins"},
		"over":                     {func(r *Request) { r.From, r.Until = monday.AddDate(0, 0, -9), monday }, "over already"},
		"no investigator":          {func(r *Request) { r.Investigators = nil }, "C3.2d"},
		"no kind":                  {func(r *Request) { r.Kind = "" }, "kind"},
		"an exception for a group": {func(r *Request) { r.Kind, r.Subject, r.Group = Exception, "", "team" }, "C3.2g"},
	} {
		r := about(juf)
		c.change(&r)
		if _, err := h.Request(t.Context(), officer, h.people, r); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: error %v, want what is wrong with the request", name, err)
		}
	}
	if len(h.kinds()) != 0 {
		t.Error("the ledger has requests that were not made")
	}
}

// TestAskingForAnOrderLeavesNoTrace: the ledger has an entry for each message that was inspected
// under an order, and none for the question whether there is one.
func TestAskingForAnOrderLeavesNoTrace(t *testing.T) { // C3.2d
	h := newHouse(t)
	r := about(juf)
	r.Content = true
	id := h.approved(r)
	uses := func() (n int) {
		for _, err := range h.book.Find(ledger.Query{Kinds: []ledger.Kind{ledger.OrderUsed}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	var o filter.OrderID
	for range 3 {
		o, _ = h.Added(h.people, h.people.Subject(juf))
	}
	if n := uses(); n != 0 || string(o) != id {
		t.Errorf("after three questions: %d uses of order %q, want none of %q", n, o, id)
	}
	if err := h.RecordUse(t.Context(), []filter.OrderID{o}, filter.NewID()); err != nil {
		t.Fatal(err)
	}
	if n := uses(); n != 1 {
		t.Errorf("after one message: %d uses, want 1", n)
	}
}

func TestWhatTheLedgerCannotTakeDoesNotCount(t *testing.T) {
	h := newHouse(t)
	h.traffic(juf)
	r := about(juf)
	r.Content = true
	id := h.approved(r)
	h.Store.ledger = broken{h.book}
	if n, err := h.use(tech, id); err == nil || n > 0 {
		t.Errorf("looked at %d records without a trace, %v", n, err)
	}
	o, _ := h.Added(h.people, h.people.Subject(juf))
	if err := h.RecordUse(t.Context(), []filter.OrderID{o}, filter.NewID()); err == nil {
		t.Error("the use of an order was recorded, want the error of a full disk")
	}
	if err := h.Withdraw(t.Context(), chair, id); err == nil || h.state(id) != InForce {
		t.Errorf("withdrawn without a trace: %v", err)
	}
}

type broken struct{ roll.Book }

func (broken) Append(context.Context, ledger.Kind, ledger.Data) (ledger.Receipt, error) {
	return ledger.Receipt{}, errors.New("the disk is full")
}

func TestADamagedOrderDoesNotCount(t *testing.T) {
	h := newHouse(t)
	r := about(juf)
	r.Content = true
	id := h.approved(r)
	file := filepath.Join(h.dir, "orders", id+".json")
	if err := os.WriteFile(file, []byte(`{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, p := h.Added(h.people, h.people.Subject(juf)); p != 0 || o != "" {
		t.Errorf("order %q added %v, want none", o, p)
	}
	if _, err := h.use(tech, id); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Errorf("error %v, want the advice to restore a backup", err)
	}
	for _, f := range must(filepath.Glob(filepath.Join(h.dir, "*", "*"))) {
		if info := must(os.Stat(f)); info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s", filepath.Base(f))
		}
	}
}

func TestManyAtOnceMakeOneOrder(t *testing.T) {
	h := newHouse(t)
	id := must(h.Request(t.Context(), officer, h.people, about(juf)))
	if err := h.Advise(t.Context(), lawyer, id, true, "goed"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		s := h.open()
		s.clock, s.steady = h.Store.clock, h.Store.steady
		wg.Go(func() {
			for _, by := range []ledger.Actor{chair, member, third} {
				h.signs(t.Context(), s, by, id, Intent{Answer: Approve})
			}
		})
	}
	wg.Wait()
	if o, s, _ := h.Get(id); s != InForce || len(o.Decisions) != 2 {
		t.Errorf("%s with %d decisions", s, len(o.Decisions))
	}
}
