package main

import (
	"context"
	"os"

	"sluis/internal/oversight/access"
)

// accessCmd is sluis access.
type accessCmd struct {
	acting
	Address string `arg:"" help:"Mail address of the person who asks."`
	Proof   string `required:"" enum:"document,in-person" help:"How you made sure who asks: document, or in-person."`
	Since   string `placeholder:"DATE" help:"From this day on."`
	Until   string `placeholder:"DATE" help:"Up to and without this day."`
	Form    string `enum:"html,csv,json" default:"html" help:"html to read, csv or json to take along."`
	Lang    string `enum:"${languages}" default:"nl" help:"Language of the page: ${enum}."`
}

// Run prints what is held about a person, for that person (C3.2f).
func (c accessCmd) Run(ctx context.Context) error {
	return c.withOffice(func(o office) error {
		cfg := o.Config()
		r := access.Report{
			Organisation: cfg.Organisation.Name,
			CodeURL:      cfg.Organisation.CodeURL,
			Address:      c.Address,
			Retention:    cfg.Journal.Retention,
		}
		var err error
		if r.Until, err = day(c.Until, now()); err != nil {
			return err
		}
		if r.Since, err = day(c.Since, r.Until.Add(-r.Retention)); err != nil {
			return err
		}
		db, keys, err := o.records()
		if err != nil {
			return err
		}
		ledger, err := o.Ledger()
		if err != nil {
			return err
		}
		archive := access.Archive{Ledger: ledger, Keys: keys, Records: db}
		request := access.Request{
			By:     c.actor(),
			Proof:  access.Proof(c.Proof),
			Person: o.people.Subject(c.Address),
			Since:  r.Since,
			Until:  r.Until,
		}
		err = archive.Give(ctx, request, func(own access.Record) error {
			r.Records = append(r.Records, own)
			return nil
		})
		if err != nil {
			return err
		}
		switch c.Form {
		case "csv":
			return r.WriteCSV(os.Stdout)
		case "json":
			return r.WriteJSON(os.Stdout)
		}
		return r.WriteHTML(os.Stdout, c.Lang)
	})
}
