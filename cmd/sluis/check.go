package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/filter"
	"sluis/filter/text"
	"sluis/internal/lang"
	"sluis/internal/roster"
	"sluis/rules"
)

// checkCmd is sluis check.
type checkCmd struct {
	Files       []string        `arg:"" name:"file" help:"Messages (.eml) or documents; - is standard input."`
	JSON        bool            `help:"Print one JSON object a line for each file."`
	Direction   rules.Direction `enum:"in,out,internal" default:"out" help:"Which way it goes: in, out or internal."`
	From        string          `placeholder:"ADDRESS" help:"Envelope sender; needs --config for confidential roles."`
	To          []string        `placeholder:"ADDRESS" sep:"none" help:"Envelope recipient; can be given again."`
	AllPurposes bool            `help:"Inspect for everything, as if the message were drawn."`
	Lang        string          `enum:"${languages}" default:"en" help:"Language of the explanations: ${enum}."`
	Config      string          `short:"c" type:"path" placeholder:"FILE" help:"Configuration; without it the built-in rules."`
}

// checked is what is printed of one file.
type checked struct {
	File          string           `json:"file"`
	Action        filter.Action    `json:"action"`
	Category      string           `json:"category"`
	Purposes      []rules.Purpose  `json:"purposes"`
	Findings      []checkedFinding `json:"findings"`
	Ambiguous     bool             `json:"ambiguous"`
	Uninspectable []string         `json:"uninspectable"`
	Doubts        []checkedDoubt   `json:"doubts"`
	Incomplete    bool             `json:"incomplete"`
	Parts         int              `json:"parts"`
	Bytes         int64            `json:"bytes"`
}

// checkedDoubt is a doubt with what it means. The texts are there in all languages.
type checkedDoubt struct {
	text.Doubt
	Weight text.Weight  `json:"weight"`
	Says   lang.Message `json:"says"`
	Means  lang.Message `json:"means"` // and what to do
}

type checkedFinding struct {
	Rule     rules.ID      `json:"rule"`
	Title    lang.Text     `json:"title"`
	Purpose  rules.Purpose `json:"purpose"`
	Clause   rules.Clause  `json:"clause"`
	Count    int           `json:"count"`
	Score    int           `json:"score"`
	Excerpts []string      `json:"excerpts"` // masked
}

// Run inspects the files. It exits with 3 if anything was found in any of them.
func (c checkCmd) Run(ctx context.Context) error {
	gen, err := c.generation()
	if err != nil {
		return err
	}
	purposes, err := c.purposes(gen.Roster)
	if err != nil {
		return err
	}
	found := false
	var failed []error
	for _, name := range c.Files {
		x, err := c.inspect(ctx, gen.Engine, name, purposes)
		if err != nil {
			failed = append(failed, err) // the others are still inspected
			continue
		}
		r := checkedOf(name, x, c.Direction, gen)
		found = found || r.Action > filter.Pass
		if err := c.print(r); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if found {
		return exit(exitFound)
	}
	return nil
}

// generation makes what a gateway with this configuration would have.
func (c checkCmd) generation() (*gateway.Generation, error) {
	cfg := &config.Config{}
	if c.Config != "" {
		var err error
		if cfg, err = config.Load(c.Config); err != nil {
			return nil, err
		}
	}
	extractor, err := gateway.NewExtractor() // whose processes end with this one
	if err != nil {
		return nil, err
	}
	return gateway.NewGeneration(cfg, text.Limits{Apart: extractor})
}

// purposes returns the purposes for which a gateway would inspect a message that was not drawn, or
// with --all-purposes one that was.
func (c checkCmd) purposes(people *roster.Roster) (rules.Purposes, error) {
	g, err := filter.GroundsFor(people, drawAll(c.AllPurposes), filter.NoOrders{}, filter.NewID(), now(),
		rules.DirectionsOf(c.Direction), filter.Parties{Addresses: append(c.To, c.From)})
	if c.AllPurposes && !g.Confidential {
		g.Purposes = g.Purposes.With(rules.Leak)
	}
	return g.Purposes, err
}

// inspect inspects one file as a gateway would.
func (c checkCmd) inspect(ctx context.Context, e *filter.Engine, name string,
	ps rules.Purposes) (*filter.Inspection, error) {
	item := filter.Item{Directions: rules.DirectionsOf(c.Direction), Sender: c.From, Recipients: c.To}
	return gateway.InspectFile(ctx, e, name, item, ps)
}

// checkedOf is what is printed of an inspection.
func checkedOf(name string, x *filter.Inspection, d rules.Direction, gen *gateway.Generation) checked {
	v := filter.Decide(x, d, gen.Actions())
	r := checked{
		File:          name,
		Action:        v.Action,
		Purposes:      x.Purposes.List(),
		Findings:      []checkedFinding{},
		Ambiguous:     x.Ambiguous,
		Uninspectable: append([]string{}, x.Uninspectable...),
		Doubts:        []checkedDoubt{},
		Incomplete:    x.Incomplete,
		Parts:         x.Parts,
		Bytes:         x.Bytes,
	}
	if v.Category != rules.NoCategory {
		r.Category = v.Category.String()
	}
	for _, f := range x.Findings {
		if !x.Decisive(f, d) {
			continue // weak signs that did not come together are no finding
		}
		rule, _ := gen.Rules.Rule(f.Rule)
		shown := checkedFinding{
			Rule:     f.Rule,
			Title:    rule.Title,
			Purpose:  f.Purpose,
			Clause:   f.Clause,
			Count:    f.Count,
			Score:    f.Score,
			Excerpts: []string{},
		}
		for _, e := range f.Excerpts {
			shown.Excerpts = append(shown.Excerpts, e.Reveal())
		}
		r.Findings = append(r.Findings, shown)
	}
	for _, d := range text.Gravest(x.Doubts) {
		r.Doubts = append(r.Doubts, checkedDoubt{d, d.Cause.Weight(), d.Says(), d.Means()})
	}
	return r
}

func (c checkCmd) print(r checked) error {
	if c.JSON {
		return printJSON(r)
	}
	names := []string{}
	for _, p := range r.Purposes {
		names = append(names, p.String())
	}
	fmt.Printf("%s: %s", r.File, r.Action)
	if r.Category != "" {
		fmt.Printf(" (%s)", r.Category)
	}
	fmt.Printf(", inspected for %s, %d parts, %d bytes\n", strings.Join(names, ", "), r.Parts, r.Bytes)
	for _, f := range r.Findings {
		fmt.Printf("  %s\n    %-32s %s  %s  %d×  score %d\n",
			f.Title.In(c.Lang), f.Rule, f.Clause, f.Purpose, f.Count, f.Score)
		for _, e := range f.Excerpts {
			fmt.Printf("      … %s …\n", e)
		}
	}
	for _, d := range r.Doubts {
		flag := "sloppy"
		switch {
		case d.Cause.Flagged() && d.Cause.Unread():
			flag = "not inspected"
		case d.Cause.Flagged():
			flag = "ambiguous"
		}
		fmt.Printf("  %s: %s, %s: %s %s\n", flag, d.Cause, d.Place().In(c.Lang), d.Says.In(c.Lang), d.Means.In(c.Lang))
	}
	if r.Incomplete {
		fmt.Println("  incomplete: a bound was reached before all was inspected")
	}
	return nil
}
