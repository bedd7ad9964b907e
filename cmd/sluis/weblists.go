package main

import (
	"context"
	"errors"
	"fmt"
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
	store, err := gateway.NewData(cfg).Lists()
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
	return errors.Join(updated, printList(false, store.Status(), "", func(s sitelists.State) []any {
		state, category := "good", s.Category
		if s.Error != "" {
			state = "the last good one holds: " + s.Error
		}
		if category == "" {
			category = fmt.Sprintf("%d categories", len(s.Categories))
		}
		return []any{s.Name, category, fmt.Sprint(s.Names, " names"), "changed " + s.Changed.Format(time.DateTime), state}
	}))
}

type webImportCmd struct {
	Source   string `arg:"" help:"Address (https) or file: names, a hosts file, or an archive of categories."`
	Category string `help:"Category of a single list, such as gambling; an archive names its own."`
	Config   string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file."`
}

// Run imports the list and makes the index; a gateway that runs takes it at its next reload.
func (c webImportCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	store, err := gateway.NewData(cfg).Lists()
	if err != nil {
		return err
	}
	src := sitelists.Source{Category: c.Category, Path: c.Source}
	if strings.Contains(c.Source, "://") {
		src = sitelists.Source{Category: c.Category, URL: c.Source}
	}
	names, err := store.Import(ctx, src)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Source, err)
	}
	if store, err = gateway.NewData(cfg).Lists(); err != nil {
		return err
	}
	_, updated := store.Update(ctx, time.Now())
	fmt.Printf("%d names imported. A gateway that runs takes them at its next reload (SIGHUP).\n", names)
	return updated
}
