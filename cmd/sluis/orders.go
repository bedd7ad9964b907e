package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
)

// ordersCmd is sluis orders. The command line knows of an order what the ledger knows: each step is
// taken by the person whose step it is, in the console (C3.2c, C3.2d).
type ordersCmd struct {
	List ordersListCmd `cmd:"" help:"List the orders, and how far each is."`
	Show ordersShowCmd `cmd:"" help:"Show how far one order is, and each step: nobody's name and no reason."`
}

// orderFacts are what the command line shows of an order: nothing of whom it is about, or why.
type orderFacts struct {
	ID            string       `json:"id"`
	State         orders.State `json:"state"`
	Kind          orders.Kind  `json:"kind"`
	From          time.Time    `json:"from"`
	Until         time.Time    `json:"until"`
	Content       bool         `json:"content"`
	Investigators int          `json:"investigators"` // number of designated people
	Uses          int          `json:"uses"`
}

func factsOf(o orders.Order) orderFacts {
	return orderFacts{
		ID:            o.ID,
		State:         o.State(now()),
		Kind:          o.Request.Kind,
		From:          o.Request.From,
		Until:         o.Request.Until,
		Content:       o.Request.Content,
		Investigators: len(o.Request.Investigators) - len(o.Dismissed),
		Uses:          o.Uses,
	}
}

type ordersListCmd struct {
	source
	JSON bool `help:"Print JSON, one order a line."`
}

// Run lists the orders.
func (c ordersListCmd) Run() error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Orders()
	if err != nil {
		return err
	}
	list, err := store.List()
	var all []orderFacts
	for _, o := range list {
		all = append(all, factsOf(o))
	}
	const columns = "ID|STATE|KIND|FROM|UNTIL|CONTENT|USED"
	return errors.Join(err, printList(c.JSON, all, columns, func(o orderFacts) []any {
		from, until := o.From.Local().Format(time.DateOnly), o.Until.Local().Format(time.DateOnly)
		return []any{o.ID, o.State, o.Kind, from, until, o.Content, o.Uses}
	}))
}

type ordersShowCmd struct {
	source
	ID string `arg:"" help:"ID of the order."`
}

// orderStep is a step of an order, as the ledger has it.
type orderStep struct {
	Time time.Time   `json:"time"`
	Kind ledger.Kind `json:"kind"`
	ledger.Actor
	Step string `json:"step,omitempty"`
}

// Run shows an order and its steps, as JSON.
func (c ordersShowCmd) Run() error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Orders()
	if err != nil {
		return err
	}
	order, _, err := store.Get(c.ID)
	if err != nil {
		return err
	}
	book, err := d.Ledger()
	if err != nil {
		return err
	}
	steps := []orderStep{}
	for e, err := range book.Find(ledger.Query{Ref: c.ID}) {
		if err != nil {
			return err
		}
		steps = append(steps, orderStep{e.Time, e.Kind, e.Data.Actor, e.Data.Step})
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		orderFacts
		Steps []orderStep `json:"steps"`
	}{factsOf(order), steps})
}
