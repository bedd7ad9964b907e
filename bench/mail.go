package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sluis/internal/testenv"
)

// The work: mails of the size of an ordinary school mail, from many clients at a time.
const (
	mailSize        = 18 << 10
	mailCount       = 3000 // a round
	mailConnections = 20
	mailRounds      = 3   // interleaved; the median counts
	mailSingles     = 300 // one after another, for the latency
)

// mailSystem takes mail at addr and brings it to its sink.
type mailSystem struct {
	name  string
	addr  string
	sink  *sink
	pids  []int            // none: nothing between source and sink
	holds func(n int) bool // the messages that it quarantines; nil: none
	stop  func()
	rates []float64
	peak  int64
}

// benchMail compares Sluis, with every purpose on and every message drawn, with Postfix
// and rspamd, Postfix alone, and nothing at all between the source and the sink.
func benchMail(ctx context.Context, o options, res *Result) error {
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	set := newCorpus(200, mailSize)
	systems, err := startMail(ctx, o, res, dir, set)
	defer func() {
		for _, s := range systems {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	for round := range mailRounds {
		for _, s := range systems {
			fmt.Fprintf(o.log, "round %d of %d: %s\n", round+1, mailRounds, s.name)
			if err := s.throughput(ctx, set); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	var base []time.Duration
	for _, s := range systems {
		fmt.Fprintf(o.log, "one by one: %s\n", s.name)
		lat, err := s.latency(ctx, set)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if base == nil {
			base = lat // the limit comes first
		}
		s.report(res, base, lat)
	}
	for _, s := range systems {
		if s.name != "sluis" {
			res.Ratios[s.name] = systems[1].rate() / s.rate() // Sluis comes second
		}
	}
	return nil
}

func startMail(ctx context.Context, o options, res *Result, dir string, set corpus) ([]*mailSystem, error) {
	if o.install {
		if err := testenv.Install(ctx, "postfix", "rspamd"); err != nil {
			return nil, err
		}
	}
	var systems []*mailSystem
	starts := []func(context.Context, *sink, string) (*mailSystem, error){startLimit, startSluis(set)}
	res.Missing = testenv.Missing("postfix", "rspamd")
	if !slices.Contains(res.Missing, "postfix") {
		starts = append(starts, startPostfix)
		if !slices.Contains(res.Missing, "rspamd") {
			starts = append(starts, startPostfixRspamd)
		}
	}
	for i, start := range starts {
		sink, err := newSink()
		if err != nil {
			return systems, err
		}
		s, err := start(ctx, sink, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			sink.Stop()
			return systems, err
		}
		s.sink = sink
		end := s.stop
		s.stop = func() { end(); sink.Stop() }
		systems = append(systems, s)
	}
	return systems, nil
}

// throughput sends all messages as fast as they are taken and waits until they are where
// they belong.
func (s *mailSystem) throughput(ctx context.Context, set corpus) error {
	s.sink.expect(mailCount)
	if len(s.pids) > 0 {
		peak := memory(ctx, s.pids)
		defer func() { s.peak = max(s.peak, peak()) }()
	}
	begun := time.Now()
	err := s.source(set, mailConnections).send(ctx, mailCount, nil)
	if err != nil {
		return err
	}
	accepted := time.Now()
	last, err := s.settled(ctx, mailCount)
	if err != nil {
		return err
	}
	if last.Before(accepted) { // a quarantined message arrives nowhere
		last = accepted
	}
	s.rates = append(s.rates, mailCount/last.Sub(begun).Seconds())
	return nil
}

// settled waits until the messages that the system passes on have arrived.
func (s *mailSystem) settled(ctx context.Context, sent int) (last time.Time, err error) {
	want := 0
	for n := range sent {
		if s.holds == nil || !s.holds(n) {
			want++
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		got, last := s.sink.received()
		if got > want {
			return last, fmt.Errorf("%d messages arrived, %d should: too few were quarantined", got, want)
		}
		if got == want {
			return last, nil
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("%d of %d messages arrived: %w", got, want, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// latency sends messages one after another and returns how long each took from connecting
// to its arrival, shortest first.
func (s *mailSystem) latency(ctx context.Context, set corpus) ([]time.Duration, error) {
	s.sink.expect(mailSingles)
	begun := make([]time.Time, mailSingles)
	if err := s.source(set, 1).send(ctx, mailSingles, func(n int) { begun[n] = time.Now() }); err != nil {
		return nil, err
	}
	if _, err := s.settled(ctx, mailSingles); err != nil {
		return nil, err
	}
	var took []time.Duration
	for n := range mailSingles {
		if at := s.sink.arrival(n); !at.IsZero() {
			took = append(took, at.Sub(begun[n]))
		}
	}
	slices.Sort(took)
	return took, nil
}

func (s *mailSystem) source(set corpus, connections int) source {
	return source{
		addr:        s.addr,
		connections: connections,
		from:        "administratie@school.example",
		to:          "ouder@gezin.example",
		message:     set.message,
	}
}

// rate returns the median of the rounds, in messages per second.
func (s *mailSystem) rate() float64 {
	slices.Sort(s.rates)
	return s.rates[len(s.rates)/2]
}

// report adds the figures of a system.
func (s *mailSystem) report(res *Result, base, took []time.Duration) {
	res.add(s.name, "messages", s.rate(), "1/s")
	if len(s.pids) == 0 {
		return
	}
	for _, p := range []int{50, 99} {
		added := took[len(took)*p/100] - base[len(base)*p/100]
		res.add(s.name, fmt.Sprintf("added p%d", p), float64(added.Microseconds())/1000, "ms")
	}
	res.add(s.name, "peak memory", float64(s.peak)/(1<<20), "MiB")
}
