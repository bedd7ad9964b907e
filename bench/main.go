// Command bench compares Sluis with its peers on the same work, in one run on one machine, and prints a table and the
// ratios: a figure of Sluis over that of the other system.
//
//	go run ./bench WORK [--json] [--install]
//
// Peers that are not installed are named as missing; --install gets them with apt. Figures, and how they were measured,
// are in README.md beside this file. They hold for one machine: only ratios of one run can be compared.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// Row is one figure of one system.
type Row struct {
	System string  `json:"system"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
}

// Result is what one piece of work gave.
type Result struct {
	Work    string             `json:"work"`
	Machine string             `json:"machine"`
	Rows    []Row              `json:"rows"`
	Ratios  map[string]float64 `json:"ratios"`
	Missing []string           `json:"missing,omitempty"` // peers that are not installed
}

func (r *Result) add(system, metric string, value float64, unit string) {
	r.Rows = append(r.Rows, Row{system, metric, value, unit})
}

// options are the flags that a piece of work may heed.
type options struct {
	install bool
	data    string    // directory with labelled data
	records int       // most records (work journal)
	log     io.Writer // progress, for a person
}

// work measures and fills in the result.
type work struct {
	name, about string
	run         func(context.Context, options, *Result) error
}

func works() []work {
	return []work{
		{"mail", "relay and filter mail: Postfix with rspamd, Postfix alone, source to sink", benchMail},
		{"large", "500 connections of 25 MB each through Sluis: its memory", benchLarge},
		{"web", "a page of 40 KB and tunnels through the proxy: e2guardian, squid, nothing", benchWeb},
		{"engine", "search for 11,000 phrases: Hyperscan, cloudflare/ahocorasick", benchEngine},
		{"domains", "look 5 million names up: AdGuard's urlfilter, a Go map", benchDomains},
		{"journal", "put records into the journal and ask what the board asks: embedded, ClickHouse", benchJournal},
		{"quality", "judge letters, school mail and labelled data: no peers", benchQuality},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print one JSON object instead of a table")
	opts := options{log: os.Stderr}
	flags.BoolVar(&opts.install, "install", false, "install missing peers with apt")
	flags.StringVar(&opts.data, "data", "", "directory with labelled data (work quality)")
	flags.IntVar(&opts.records, "records", 10_000_000, "most records, in steps of ten from a million (work journal)")
	flags.Usage = func() { usage(flags) }
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	all := works()
	i := slices.IndexFunc(all, func(w work) bool { return w.name == name })
	if i < 0 {
		flags.Usage()
		return fmt.Errorf("no such work: %q", name)
	}
	res := &Result{Work: name, Machine: machine(), Rows: []Row{}, Ratios: map[string]float64{}}
	if err := all[i].run(ctx, opts, res); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(res)
	}
	return res.print(os.Stdout)
}

func usage(flags *flag.FlagSet) {
	fmt.Fprintln(flags.Output(), "usage: go run ./bench WORK [flags]\n\nWORK is one of:")
	for _, w := range works() {
		fmt.Fprintf(flags.Output(), "  %-8s %s\n", w.name, w.about)
	}
	fmt.Fprintln(flags.Output(), "\nflags:")
	flags.PrintDefaults()
}

// print writes the figures as a table with a row per system and a column per metric.
func (r *Result) print(out io.Writer) error {
	fmt.Fprintf(out, "%s on %s\n\n", r.Work, r.Machine)
	systems, metrics, cells := []string{}, []string{}, map[[2]string]string{}
	for _, row := range r.Rows {
		metric := row.Metric + " [" + row.Unit + "]"
		if !slices.Contains(systems, row.System) {
			systems = append(systems, row.System)
		}
		if !slices.Contains(metrics, metric) {
			metrics = append(metrics, metric)
		}
		cells[[2]string{row.System, metric}] = fmt.Sprintf("%.4g", row.Value)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "system\t"+strings.Join(metrics, "\t"))
	for _, s := range systems {
		line := []string{s}
		for _, m := range metrics {
			c, ok := cells[[2]string{s, m}]
			if !ok {
				c = "-"
			}
			line = append(line, c)
		}
		fmt.Fprintln(w, strings.Join(line, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	names := make([]string, 0, len(r.Ratios))
	for n := range r.Ratios {
		names = append(names, n)
	}
	slices.Sort(names)
	fmt.Fprintln(out, "\nratios (Sluis over the other)")
	for _, n := range names {
		fmt.Fprintf(out, "  %-28s %.3g\n", n, r.Ratios[n])
	}
	for _, m := range r.Missing {
		fmt.Fprintln(out, "missing:", m, "(--install gets it)")
	}
	return nil
}

func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), model, runtime.Version())
}
