package main

import (
	"context"
	"fmt"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/health"
)

// healthCmd is sluis health.
type healthCmd struct {
	Config string `required:"" short:"c" type:"path" placeholder:"FILE" help:"Configuration file of the gateway."`
	Lang   string `enum:"${languages}" default:"en" help:"Language of the results: ${enum}."`
	JSON   bool   `name:"json" help:"Print as JSON, in all languages."`
}

// Run makes the checks of the console's page. It exits with 1 if anything is broken.
func (c healthCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	d, err := openData(cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	checks, err := d.Health()
	if err != nil {
		return err
	}
	all := health.Run(ctx, time.Now(), checks...)
	worst := health.Worst(all)
	if c.JSON {
		err = printJSON(map[string]any{"state": worst, "checks": all})
	} else {
		for _, r := range all {
			fmt.Printf("%-10s %s: %s\n", r.State, r.Name.In(c.Lang), r.Found.In(c.Lang))
			if !r.Advice.IsZero() {
				fmt.Printf("           %s\n", r.Advice.In(c.Lang))
			}
		}
	}
	if err == nil && worst == health.Broken {
		return exit(exitError)
	}
	return err
}
