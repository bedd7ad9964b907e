package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
)

// ordersCmd is sluis orders.
type ordersCmd struct {
	List     ordersListCmd     `cmd:"" help:"List the orders, and how far each is."`
	Show     ordersShowCmd     `cmd:"" help:"Show one order."`
	Request  ordersRequestCmd  `cmd:"" help:"Ask the board for an order about one person or one group (C3.2c)."`
	Advise   ordersAdviseCmd   `cmd:"" help:"Add the advice of Legal Affairs (C3.2d)."`
	Decide   ordersDecideCmd   `cmd:"" help:"Decide, as a member of the board; two have to approve."`
	Withdraw ordersWithdrawCmd `cmd:"" help:"End an order before its time."`
	Dismiss  ordersDismissCmd  `cmd:"" help:"Withdraw the designation of an investigator."`
	Use      ordersUseCmd      `cmd:"" help:"Show the traffic data of an order in force, as its investigator."`
	Complete ordersCompleteCmd `cmd:"" help:"Record the outcome (C3.2f). Subject and texts are destroyed."`
}

// acting names the account that takes a step on the command line. The owner of the gateway's
// files answers for the name; in the console everybody signs in.
type acting struct {
	source
	As   string `required:"" placeholder:"ACCOUNT" help:"Account that takes this step; it is in the ledger."`
	Role string `required:"" enum:"board,legal,privacy,ict" help:"In which role: board, legal, privacy or ict."`
}

func (a acting) actor() ledger.Actor {
	return ledger.Actor{Name: a.As, Role: ledger.Role(a.Role)}
}

// office is what steps of orders need.
type office struct {
	*gateway.Data
	people *roster.Roster
	orders *orders.Store
}

// withOffice opens what steps of orders need.
func (s source) withOffice(do func(office) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	people, err := gateway.LoadRoster(d.Config())
	if err != nil {
		return err
	}
	store, err := d.Orders()
	if err != nil {
		return err
	}
	return do(office{d, people, store})
}

// records opens the journal and its keys.
func (o office) records() (journal.Store, *journal.Keys, error) {
	keys, err := o.Keys()
	if err != nil {
		return nil, nil, err
	}
	return o.Journal(), keys, nil
}

type ordersListCmd struct {
	source
	JSON bool `help:"Print JSON, one order a line."`
}

// Run lists the orders.
func (c ordersListCmd) Run() error {
	return c.withOffice(func(o office) error {
		list, err := o.orders.List()
		const columns = "ID|STATE|KIND|FROM|UNTIL|CONTENT|USED"
		return errors.Join(err, printList(c.JSON, list, columns, func(order orders.Order) []any {
			r := order.Request
			from, until := r.From.Local().Format(time.DateOnly), r.Until.Local().Format(time.DateOnly)
			return []any{order.ID, order.State(now()), r.Kind, from, until, r.Content, order.Uses}
		}))
	})
}

type ordersShowCmd struct {
	source
	ID string `arg:"" help:"ID of the order."`
}

// Run shows an order, as JSON.
func (c ordersShowCmd) Run() error {
	return c.withOffice(func(o office) error {
		order, state, err := o.orders.Get(c.ID)
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			State orders.State `json:"state"`
			orders.Order
		}{state, order})
	})
}

type ordersRequestCmd struct {
	acting
	Kind         string   `enum:"targeted,exception" default:"targeted" help:"An exception is one to confidentiality."`
	Subject      string   `placeholder:"ADDRESS" help:"One person."`
	Group        string   `help:"Or one group of the roster."`
	ReasonFile   string   `required:"" type:"path" placeholder:"FILE" help:"File with the reason."`
	From         string   `required:"" placeholder:"DATE" help:"First day."`
	Until        string   `required:"" placeholder:"DATE" help:"Day after the last."`
	Content      bool     `help:"Content as well as traffic data, for weighty reasons (C3.2e)."`
	Investigator []string `required:"" help:"Account that carries it out; may be given more than once."`
}

// Run asks for an order.
func (c ordersRequestCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		reason, err := os.ReadFile(c.ReasonFile)
		if err != nil {
			return err
		}
		from, err := day(c.From, time.Time{})
		if err != nil {
			return err
		}
		until, err := day(c.Until, time.Time{})
		if err != nil {
			return err
		}
		id, err := o.orders.Request(ctx, c.actor(), o.people, orders.Request{
			Kind:          orders.Kind(c.Kind),
			Subject:       c.Subject,
			Group:         c.Group,
			Reason:        strings.TrimSpace(string(reason)),
			From:          from,
			Until:         until,
			Content:       c.Content,
			Investigators: c.Investigator,
		})
		if err == nil {
			fmt.Println(id)
		}
		return err
	})
}

type ordersAdviseCmd struct {
	acting
	ID         string `arg:"" help:"ID of the order."`
	Favourable bool   `xor:"advice" required:"" help:"The advice is to do it."`
	Against    bool   `xor:"advice" required:"" help:"The advice is not to."`
	File       string `required:"" type:"path" help:"File with the advice."`
}

// Run adds the advice.
func (c ordersAdviseCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		text, err := os.ReadFile(c.File)
		if err != nil {
			return err
		}
		return o.orders.Advise(ctx, c.actor(), c.ID, c.Favourable, string(text))
	})
}

type ordersDecideCmd struct {
	acting
	ID      string `arg:"" help:"ID of the order."`
	Approve bool   `xor:"decision" required:"" help:"Approve."`
	Refuse  bool   `xor:"decision" required:"" help:"Refuse; that ends it."`
}

// Run decides.
func (c ordersDecideCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		return o.orders.Decide(ctx, c.actor(), c.ID, c.Approve)
	})
}

type ordersWithdrawCmd struct {
	acting
	ID string `arg:"" help:"ID of the order."`
}

// Run withdraws an order.
func (c ordersWithdrawCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		return o.orders.Withdraw(ctx, c.actor(), c.ID)
	})
}

type ordersDismissCmd struct {
	acting
	ID           string `arg:"" help:"ID of the order."`
	Investigator string `required:"" help:"Account whose designation ends."`
}

// Run withdraws a designation.
func (c ordersDismissCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		return o.orders.Dismiss(ctx, c.actor(), c.ID, c.Investigator)
	})
}

type ordersUseCmd struct {
	acting
	ID string `arg:"" help:"ID of the order."`
}

// Run prints the records that an order is about, as JSON.
func (c ordersUseCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		db, keys, err := o.records()
		if err != nil {
			return err
		}
		show := func(r journal.Record) error { return printJSON(r) }
		return o.orders.Use(ctx, c.actor(), c.ID, o.people, keys, db, show)
	})
}

type ordersCompleteCmd struct {
	acting
	ID           string `arg:"" help:"ID of the order."`
	Unauthorised bool   `help:"Unauthorised use was found."`
	DiscussedOn  string `placeholder:"DATE" help:"Day on which the employee was spoken with; needed if use was found."`
	DestroyedOn  string `required:"" placeholder:"DATE" help:"Day on which what was gathered was destroyed."`
}

// Run completes an order.
func (c ordersCompleteCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		discussed, wrong := day(c.DiscussedOn, time.Time{})
		destroyed, err := day(c.DestroyedOn, time.Time{})
		if err := errors.Join(wrong, err); err != nil {
			return err
		}
		return o.orders.Complete(ctx, c.actor(), c.ID, c.Unauthorised, discussed, destroyed)
	})
}
