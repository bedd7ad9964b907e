package main_test

import (
	"testing"
	"time"

	"sluis/cmd/sluis/internal/config"
	gate "sluis/cmd/sluis/internal/gateway"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	people "sluis/internal/roster"
)

// The people who take the steps of an order.
var (
	officer      = ledger.Actor{Name: "fg", Role: ledger.Privacy}
	lawyer       = ledger.Actor{Name: "jurist", Role: ledger.Legal}
	chair        = ledger.Actor{Name: "een", Role: ledger.Board}
	member       = ledger.Actor{Name: "twee", Role: ledger.Board}
	investigator = ledger.Actor{Name: "beheerder", Role: ledger.ICT}
)

// office is what steps of orders need, in this process: no command takes them.
type office struct {
	t      *testing.T
	data   *gate.Data
	roster *people.Roster
	rolls  *roll.Store
	phones rolltest.Phones // of the board's roll, by address
	*orders.Store
}

// office opens the data of a gateway, which may run.
func (g *gateway) office() office {
	g.t.Helper()
	cfg, err := config.Load(g.config())
	if err != nil {
		g.t.Fatal(err)
	}
	o := office{t: g.t, data: gate.NewData(cfg)}
	g.t.Cleanup(func() { o.data.Close() })
	if o.roster, err = gate.LoadRoster(cfg); err != nil {
		g.t.Fatal(err)
	}
	if o.Store, err = o.data.Orders(); err != nil {
		g.t.Fatal(err)
	}
	if o.rolls, err = o.data.Rolls(); err != nil {
		g.t.Fatal(err)
	}
	o.phones = rolltest.Adopt(g.t, o.rolls, o.roster, rolltest.Site, signers...)
	accounts, err := o.data.Accounts()
	if err != nil {
		g.t.Fatal(err)
	}
	for _, by := range []ledger.Actor{officer, lawyer, chair, member, investigator} {
		if _, err := accounts.Demonstrate(g.t.Context(), by.Name, address(by), by.Role); err != nil {
			g.t.Fatal(err)
		}
	}
	return o
}

// address is that of an account.
func address(by ledger.Actor) string { return by.Name + "@school.example" }

// signers are the people of the board's roll.
var signers = []roll.Candidate{
	{Office: roll.Board, Name: "A. Bestuur", Address: address(chair)},
	{Office: roll.Board, Name: "B. Bestuur", Address: address(member)},
	{Office: roll.Legal, Name: "C. Jurist", Address: address(lawyer)},
	{Office: roll.Privacy, Name: "D. Functionaris", Address: address(officer)},
	{Office: roll.Council, Name: "E. Raad", Address: "gmr@school.example"},
}

// signs lets an account take a step, with the phone of its person.
func (o office) signs(by ledger.Actor, id string, i orders.Intent) error {
	o.t.Helper()
	asked, err := o.Ask(o.t.Context(), by, o.roster, id, i)
	if err != nil {
		return err
	}
	signed := o.phones[address(by)].Sign(asked.Options, asked.Entries)
	return o.Sign(o.t.Context(), by, o.roster, id, i, signed)
}

// asked asks for an order from today on.
func (o office) asked(r orders.Request) (id string) {
	o.t.Helper()
	y, m, d := time.Now().Date()
	r.From = time.Date(y, m, d, 0, 0, 0, 0, time.Local)
	r.Until, r.Reason, r.Investigators = r.From.AddDate(0, 0, 3), "vermoeden", []string{investigator.Name}
	if r.Kind == "" {
		r.Kind = orders.Targeted
	}
	id, err := o.Request(o.t.Context(), officer, o.roster, r)
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

// witnesses are those of the ledger, whom orders need.
const witnesses = "notices: {from: sluis@school.example, witnesses: [mr@gezin.example, notaris@elders.example]}\n"

// witnessed waits until the witnesses have a checkpoint.
func (o office) witnessed() {
	o.t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := o.data.Witnessed()
		if err == nil {
			return
		}
		if time.Now().After(until) {
			o.t.Fatal(err)
		}
	}
}

// ordered brings an order into force, step by step.
func (o office) ordered(r orders.Request) (id string) {
	o.t.Helper()
	o.witnessed()
	id = o.asked(r)
	for _, err := range []error{
		o.signs(lawyer, id, orders.Intent{Answer: orders.Advise, Favourable: true, Text: "proportioneel"}),
		o.signs(chair, id, orders.Intent{Answer: orders.Approve}),
		o.signs(member, id, orders.Intent{Answer: orders.Approve}),
	} {
		if err != nil {
			o.t.Fatal(err)
		}
	}
	return id
}

// use returns the records that an order shows.
func (o office) use(by ledger.Actor, id string) (all []journal.Record, err error) {
	o.t.Helper()
	keys, err := o.data.Keys()
	if err != nil {
		o.t.Fatal(err)
	}
	err = o.Use(o.t.Context(), by, id, o.roster, keys, o.data.Journal(), func(r journal.Record) error {
		all = append(all, r)
		return nil
	})
	return all, err
}
