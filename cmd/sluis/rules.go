package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/filter"
	"sluis/internal/lang"
	"sluis/rules"
)

// rulesCmd is sluis rules.
type rulesCmd struct {
	List    rulesListCmd    `cmd:"" help:"List the rules that are active."`
	Show    rulesShowCmd    `cmd:"" help:"Show one rule, with its examples."`
	Test    rulesTestCmd    `cmd:"" help:"Try every rule on its examples."`
	Clauses rulesClausesCmd `cmd:"" help:"List the clauses that rules, pages and promises rest on."`
	Explain rulesExplainCmd `cmd:"" help:"Say how a file is judged, with the rules that were not enough."`
}

// ruleSource names the rules of a command.
type ruleSource struct {
	Config string   `short:"c" type:"path" placeholder:"FILE" help:"Configuration with rules of your own."`
	Packs  []string `type:"path" placeholder:"DIR" help:"Directory with rules of your own, to try them."`
}

func (s ruleSource) load() (*config.Config, *rules.Set, error) {
	cfg := &config.Config{}
	if s.Config != "" {
		var err error
		if cfg, err = config.Load(s.Config); err != nil {
			return nil, nil, err
		}
	}
	cfg.Rules.Packs = append(cfg.Rules.Packs, s.Packs...)
	set, err := gateway.LoadRules(cfg)
	return cfg, set, err
}

type rulesListCmd struct {
	ruleSource
	JSON bool `help:"Print one JSON object a line."`
}

// Run lists the rules.
func (c rulesListCmd) Run() error {
	_, set, err := c.load()
	if err != nil {
		return err
	}
	type row struct {
		ID       rules.ID       `json:"rule"`
		Purpose  rules.Purpose  `json:"purpose"`
		Clause   rules.Clause   `json:"clause"`
		Category rules.Category `json:"category"`
		Score    int            `json:"score"`
		File     string         `json:"file"`
		Title    lang.Text      `json:"title"`
	}
	var all []row
	for _, x := range set.Rules() {
		all = append(all, row{x.ID, x.Purpose, x.Clause, x.Category, x.Score, x.File, x.Title})
	}
	return printList(c.JSON, all, "RULE|PURPOSE|CLAUSE|CATEGORY|SCORE|WHAT", func(r row) []any {
		return []any{r.ID, r.Purpose, r.Clause, r.Category, r.Score, r.Title.In("en")}
	})
}

type rulesShowCmd struct {
	ruleSource
	ID string `arg:"" help:"Rule id, from the list."`
}

// Run shows a rule.
func (c rulesShowCmd) Run() error {
	_, set, err := c.load()
	if err != nil {
		return err
	}
	id, err := rules.ParseID(c.ID)
	if err != nil {
		return err
	}
	r, ok := set.Rule(id)
	if !ok {
		return fmt.Errorf("there is no rule %s: sluis rules list shows all", id)
	}
	fmt.Printf("%s\n%s\n%s\n\n", r.ID, r.Title.In("nl"), r.Title.In("en"))
	fmt.Printf("purpose   %s\nclause    %s: %s\ncategory  %s\n", r.Purpose, r.Clause, r.Clause.Text("en"), r.Category)
	fmt.Printf("score     %d of %d needed, at least %d different hits\n", r.Score, rules.Threshold, r.Min)
	fmt.Printf("from      %s:%d\n", r.File, r.Line)
	for _, part := range []struct {
		name  string
		lines []string
	}{
		{"phrases", phrases(r.Phrases)},
		{"regexp", single(r.Regexp)},
		{"detect", single(r.Detect)},
		{"structure", single(r.Structure)},
		{"near", phrases(r.Near)},
		{"and also near", phrases(r.Also)},
		{"unless", phrases(r.Unless)},
		{"except within", phrases(r.Except)},
		{"match", examples(r.Match)},
		{"no match", examples(r.NoMatch)},
	} {
		if len(part.lines) > 0 {
			fmt.Printf("\n%s\n  %s\n", part.name, strings.Join(part.lines, "\n  "))
		}
	}
	return nil
}

func phrases(ps []rules.Phrase) []string {
	lines := []string{}
	for _, p := range ps {
		lines = append(lines, string(p))
	}
	return lines
}

func single(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func examples(xs []rules.Example) []string {
	lines := []string{}
	for _, x := range xs {
		lines = append(lines, strings.ReplaceAll(strings.TrimSpace(x.Text+x.Message), "\n", "\n    "))
	}
	return lines
}

type rulesTestCmd struct{ ruleSource }

// Run tries the examples of all rules. It exits with 3 if any is judged wrongly.
func (c rulesTestCmd) Run(ctx context.Context) error {
	cfg, set, err := c.load()
	if err != nil {
		return err
	}
	failures, err := gateway.TestRules(ctx, cfg, set)
	if err != nil {
		return err
	}
	for _, f := range failures {
		fmt.Println(f)
	}
	if len(failures) > 0 {
		return exit(exitFound)
	}
	fmt.Printf("%d rules judge their examples as they say\n", len(set.Rules()))
	return nil
}

type rulesExplainCmd struct {
	Files     []string        `arg:"" name:"file" help:"Messages (.eml) or documents; - is standard input."`
	Direction rules.Direction `enum:"in,out,internal" default:"out" help:"Which way it goes: in, out or internal."`
	Config    string          `short:"c" type:"path" placeholder:"FILE" help:"Configuration with rules of your own."`
}

// Run explains how files are judged, with every purpose.
func (c rulesExplainCmd) Run(ctx context.Context) error {
	check := checkCmd{Direction: c.Direction, Config: c.Config, AllPurposes: true}
	gen, err := check.generation()
	if err != nil {
		return err
	}
	d := c.Direction
	for _, name := range c.Files {
		x, err := check.inspect(ctx, gen.Engine, name, rules.SetOf(rules.Security, rules.Conduct, rules.Leak))
		if err != nil {
			return err
		}
		v := filter.Decide(x, d, gen.Actions())
		fmt.Printf("%s: %s\n", name, v.Action)
		w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
		for _, f := range x.Findings {
			verdict := fmt.Sprintf("not enough: its category has fewer than %d points", rules.Threshold)
			switch {
			case !f.Directions.Has(d):
				verdict = "does not apply in this direction"
			case x.Decisive(f, d):
				verdict = "enough"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%d×\t%d points\t%s\n",
				f.Rule, f.Category, f.Clause, f.Count, f.Score, verdict)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if len(x.Findings) == 0 {
			fmt.Println("  no rule saw anything")
		}
	}
	return nil
}
