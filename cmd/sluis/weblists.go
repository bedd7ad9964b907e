package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/sitelists"
)

type webListsCmd struct {
	Config string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file."`
	JSON   bool   `name:"json" help:"Print as JSON."`
}

// Run updates the lists; a gateway that runs takes the new index within the hour, or at
// its next reload.
func (c webListsCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	d, err := openData(cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Lists()
	if err != nil {
		return err
	}
	_, updated := store.Update(ctx, time.Now())
	index, err := store.Index()
	if err != nil {
		return errors.Join(updated, err)
	}
	if c.JSON {
		all := map[string]any{"names": index.Len(), "bytes": index.Size(), "lists": store.Status()}
		return errors.Join(updated, printJSON(all))
	}
	fmt.Printf("index: %d names, %d bytes\n", index.Len(), index.Size())
	err = printList(false, store.Status(), "", func(s sitelists.State) []any {
		state, category := "good", s.Category
		if s.Error != "" {
			state = "the last good one holds: " + s.Error
		}
		if category == "" {
			category = fmt.Sprintf("%d categories", len(s.Categories))
		}
		return []any{s.Name, category, fmt.Sprint(s.Names, " names"), "changed " + s.Changed.Format(time.DateTime), state}
	})
	for _, s := range store.Status() {
		if len(s.WellKnown)+len(s.Skipped) == 0 {
			continue
		}
		fmt.Printf("\n%s\n", s.Name)
		if len(s.WellKnown) > 0 {
			sites := strings.Join(s.WellKnown, ", ")
			fmt.Printf("Well-known sites on it (%d not blocked; confirmed: blocks them): %s\n", s.Withheld, sites)
		}
		printSkipped(s.Report)
	}
	return errors.Join(updated, err)
}

type webImportCmd struct {
	Source   string `arg:"" help:"Address (https) or file: a list in any usual form, or an archive of categories."`
	Category string `help:"Category of a single list, such as gambling; an archive names its own."`
	Yes      bool   `help:"Import it, and block the well-known sites that are on it, without asking."`
	Config   string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file."`
}

// Run imports the list and makes the index; a gateway that runs takes it at its next reload.
func (c webImportCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	d, err := openData(cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Lists()
	if err != nil {
		return err
	}
	src := sitelists.Source{Category: c.Category, Path: c.Source}
	if strings.Contains(c.Source, "://") {
		src = sitelists.Source{Category: c.Category, URL: c.Source}
	}
	report, err := store.Import(ctx, src, c.Yes)
	if errors.Is(err, sitelists.ErrUnconfirmed) {
		fmt.Printf("Sites that schools cannot do without are on it: %s\n", strings.Join(report.WellKnown, ", "))
		if !confirmed("Block these as well, and import the list?") {
			return fmt.Errorf("%s: %w: repeat with --yes", c.Source, err)
		}
		report, err = store.Import(ctx, src, true)
	}
	if err != nil {
		printSkipped(report)
		return fmt.Errorf("%s: %w", c.Source, err)
	}
	if store, err = gateway.NewData(cfg).Lists(); err != nil {
		return err
	}
	_, updated := store.Update(ctx, time.Now())
	fmt.Printf("%d names imported. A gateway that runs takes them at its next reload (SIGHUP).\n", report.Names)
	if report.Networks+report.Pages > 0 {
		fmt.Printf("Of these %d are addresses or networks, and %d pages.\n", report.Networks, report.Pages)
	}
	if len(report.WellKnown) > 0 {
		fmt.Printf("Well-known sites that are blocked now: %s\n", strings.Join(report.WellKnown, ", "))
	}
	printSkipped(report)
	return updated
}

// printSkipped prints what of a list is not taken, and why.
func printSkipped(r sitelists.Report) {
	if len(r.Skipped) > 0 {
		fmt.Println("Not taken:")
	}
	for _, s := range r.Skipped {
		fmt.Printf("  %s\n", s)
	}
}

// confirmed asks the person at the terminal; without one the answer is no.
func confirmed(question string) bool {
	if in, err := os.Stdin.Stat(); err != nil || in.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	fmt.Printf("%s [y/N] ", question)
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	return slices.Contains([]string{"y", "yes", "j", "ja"}, strings.ToLower(strings.TrimSpace(answer)))
}
