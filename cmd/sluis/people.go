package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"sluis/cmd/sluis/internal/gateway"
)

// peopleColumns are the columns of a list of people, as its help names them.
const peopleColumns = "voornaam, tussenvoegsel, achternaam or naam, geboortedatum, leerlingnummer, " +
	"personeelsnummer, bsn, e-mail, postcode, huisnummer"

// peopleCmd is sluis people.
type peopleCmd struct {
	Import peopleImportCmd `cmd:"" help:"Import a list of pupils or staff (CSV). Only hashes are kept."`
	List   peopleListCmd   `cmd:"" help:"Name the lists that were imported."`
	Remove peopleRemoveCmd `cmd:"" help:"Destroy a list."`
}

type peopleImportCmd struct {
	source
	Name string `arg:"" help:"What to call the list, such as leerlingen."`
	File string `arg:"" type:"path" help:"CSV file; its first line names the columns: ${columns}."`
}

// Run imports a list, in place of one with the same name.
func (c peopleImportCmd) Run(ctx context.Context) error {
	in, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	sum, err := d.ImportPeople(ctx, c.Name, in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	fmt.Printf("%s: %d people, %d values, kept as hashes. A running gateway takes it at its next reload (SIGHUP).\n",
		c.Name, sum.People, sum.Values)
	if len(sum.Ignored) > 0 {
		fmt.Printf("columns that are not used: %s\n", strings.Join(sum.Ignored, ", "))
	}
	if sum.Skipped > 0 {
		fmt.Printf("%d values are too short, or no date, and left out\n", sum.Skipped)
	}
	return nil
}

type peopleListCmd struct {
	source
	JSON bool `help:"Print one JSON object a line."`
}

// Run names the lists.
func (c peopleListCmd) Run() error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	lists, err := d.PeopleLists()
	if err != nil {
		return err
	}
	return printList(c.JSON, lists, "", func(l gateway.PeopleList) []any {
		return []any{fmt.Sprintf("%-20s imported %s, %d bytes", l.Name, l.Imported.Local().Format(minute), l.Bytes)}
	})
}

type peopleRemoveCmd struct {
	source
	Name string `arg:"" help:"Name of the list."`
}

// Run destroys a list.
func (c peopleRemoveCmd) Run(ctx context.Context) error {
	d, err := c.data()
	if err != nil {
		return err
	}
	defer d.Close()
	return d.RemovePeople(ctx, c.Name)
}
