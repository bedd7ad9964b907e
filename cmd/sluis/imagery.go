package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/control"
	"sluis/internal/ledger"
	"sluis/internal/oversight/imagery"
)

// imageryCmd is sluis imagery.
type imageryCmd struct {
	Sample   imagerySampleCmd   `cmd:"" help:"Draw images from the organisation's own pages and check them (C3.3d)."`
	Cases    imageryCasesCmd    `cmd:"" help:"List the cases."`
	Complain imageryComplainCmd `cmd:"" help:"Open a case with a complaint."`
	Read     imageryReadCmd     `cmd:"" help:"Read what a complaint says, signed in; it leaves a trace."`
	Open     imageryOpenCmd     `cmd:"" help:"Open a case for an image of a sample."`
	Step     imageryStepCmd     `cmd:"" help:"Take a step: inspected, takedown-requested, taken-down or closed."`
	Seen     imagerySeenCmd     `cmd:"" help:"Say who is on an image, by its hash."`
}

// withImagery opens the cases and samples.
func (s source) withImagery(do func(*imagery.Store, *config.Config) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Imagery()
	if err != nil {
		return err
	}
	return do(store, d.Config())
}

type imagerySampleCmd struct {
	source
	JSON bool `help:"Print JSON."`
}

// Run draws a sample.
func (c imagerySampleCmd) Run(ctx context.Context) error {
	return c.withImagery(func(store *imagery.Store, cfg *config.Config) error {
		if len(cfg.Imagery.Sites) == 0 {
			return errors.New("the configuration names no sites of the organisation: imagery: sites")
		}
		consents := imagery.Register{}
		if cfg.Imagery.Consent != "" {
			var err error
			if consents, err = imagery.LoadRegister(cfg.Imagery.Consent); err != nil {
				return err
			}
		}
		bounds := imagery.Bounds{Pages: cfg.Imagery.Pages, Images: cfg.Imagery.Images, Interval: time.Second}
		x, err := store.Sample(ctx, cfg.Imagery.Sites, &http.Client{}, bounds, consents)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(x)
		}
		fmt.Printf("%d pages, %d images on them, %d drawn with the seed %s\n", x.Pages, x.Found, len(x.Images), x.Seed)
		return printList(false, x.Images, "", func(i imagery.Image) []any {
			return []any{i.Finding, i.Hash, i.Page, i.Address, i.Case}
		})
	})
}

type imageryCasesCmd struct {
	source
	JSON bool `help:"Print JSON, one case a line."`
}

// Run lists the cases.
func (c imageryCasesCmd) Run() error {
	return c.withImagery(func(store *imagery.Store, _ *config.Config) error {
		list, err := store.Cases()
		return errors.Join(err, printList(c.JSON, list, "", func(x imagery.Case) []any {
			last := x.Steps[len(x.Steps)-1]
			return []any{x.ID, x.Source, last.Step, last.At.Local().Format(minute), x.Page}
		}))
	})
}

type imageryComplainCmd struct {
	source
	As   string `required:"" placeholder:"ACCOUNT" help:"Who records it."`
	Page string `help:"Address of the page."`
	File string `required:"" type:"path" help:"File with the complaint; it is kept sealed."`
}

// Run opens a case.
func (c imageryComplainCmd) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.withImagery(func(store *imagery.Store, _ *config.Config) error {
		x, err := store.Complain(ctx, ledger.Actor{Name: c.As}, c.Page, string(text))
		if err == nil {
			fmt.Println(x.ID)
		}
		return err
	})
}

type imageryReadCmd struct {
	source
	keyed
	ID string `arg:"" help:"ID of the case."`
}

// Run prints a complaint, through the running gateway, to an account that signed in.
func (c imageryReadCmd) Run(ctx context.Context) error {
	key, err := c.read()
	if err != nil {
		return err
	}
	r, err := c.ask(ctx, "/cases/"+c.ID+"/read", control.Act{Identity: key})
	if err != nil {
		return err
	}
	if r.Page != "" {
		fmt.Println(r.Page)
	}
	fmt.Println(r.Said)
	return nil
}

type imageryOpenCmd struct {
	source
	As   string `required:"" placeholder:"ACCOUNT" help:"Who opens it."`
	Page string `arg:"" help:"Page that the image is on."`
	Hash string `arg:"" help:"Hash of the image, from the sample."`
}

// Run opens a case.
func (c imageryOpenCmd) Run(ctx context.Context) error {
	return c.withImagery(func(store *imagery.Store, _ *config.Config) error {
		x, err := store.FromSample(ctx, ledger.Actor{Name: c.As}, imagery.Image{Page: c.Page, Hash: c.Hash})
		if err == nil {
			fmt.Println(x.ID)
		}
		return err
	})
}

type imageryStepCmd struct {
	source
	As   string `required:"" placeholder:"ACCOUNT" help:"Who takes it."`
	ID   string `arg:"" help:"ID of the case."`
	Step string `arg:"" enum:"inspected,takedown-requested,taken-down,closed" help:"The step."`
	Hash string `help:"Hash of the image that it is about."`
}

// Run takes a step.
func (c imageryStepCmd) Run(ctx context.Context) error {
	return c.withImagery(func(store *imagery.Store, _ *config.Config) error {
		return store.Take(ctx, ledger.Actor{Name: c.As}, c.ID, imagery.Step(c.Step), c.Hash)
	})
}

type imagerySeenCmd struct {
	source
	Hash   string   `arg:"" help:"Hash of the image, from a sample."`
	Person []string `help:"Name as in the register of consent; repeat for more. None: no consent is needed."`
}

// Run says who is on an image.
func (c imagerySeenCmd) Run() error {
	return c.withImagery(func(store *imagery.Store, _ *config.Config) error {
		return store.Seen(c.Hash, c.Person)
	})
}
