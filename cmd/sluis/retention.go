package main

import (
	"context"
	"fmt"
	"time"

	"sluis/internal/console"
)

type journalRetentionCmd struct {
	source
	JSON bool `help:"Print JSON."`
}

// Run shows what is held, since when, and until when.
func (c journalRetentionCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	all, months, err := d.Kept(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(struct {
			Kept []console.Kept `json:"kept"`
			Keys []string       `json:"months_with_a_key"`
		}{all, months})
	}
	const header = "WHAT|NUMBER|BYTES|HELD SINCE|OLDEST IS DESTROYED|KEPT FOR"
	err = printList(false, all, header, func(k console.Kept) []any {
		since, next := "-", "-"
		if !k.Since.IsZero() {
			since, next = k.Since.Local().Format(time.DateOnly), k.Next.Local().Format(time.DateOnly)
		}
		return []any{k.What, k.Number, k.Bytes, since, next, fmt.Sprintf("%d days %s", k.Days, k.Reason)}
	})
	if err != nil {
		return err
	}
	fmt.Printf("people can be found, under an order or at their own request, in the months %v alone\n", months)
	return nil
}
