package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/rules"
)

// benchJournal puts records of a school's traffic into the journal as the gateways do, on
// the embedded backend and on ClickHouse, in growing numbers, and asks what the board asks.
func benchJournal(ctx context.Context, o options, res *Result) error {
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	people, err := journalPeople(dir)
	if err != nil {
		return err
	}
	for n := 1_000_000; n <= max(o.records, 1_000_000); n *= 10 {
		if err := journalOn(ctx, o, res, people, filepath.Join(dir, fmt.Sprint("embedded", n)), "embedded", n, 0,
			func(dir string) (journal.Store, error) { return journal.OpenDB(dir) }); err != nil {
			return err
		}
	}
	if missing := testenv.Missing("clickhouse-server"); len(missing) > 0 {
		res.Missing = append(res.Missing, missing...)
		return nil
	}
	home := filepath.Join(dir, "server")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	server, err := testenv.StartClickHouse(ctx, home)
	if err != nil {
		return err
	}
	defer server.Stop()
	for n := 1_000_000; n <= max(o.records, 1_000_000); n *= 10 {
		name := fmt.Sprint("n", n)
		if err := journalOn(ctx, o, res, people, filepath.Join(dir, name), "clickhouse", n, server.PID(),
			func(string) (journal.Store, error) { return openServer(ctx, server.Addr(), name) }); err != nil {
			return err
		}
	}
	return nil
}

func openServer(ctx context.Context, addr, database string) (journal.Store, error) {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Exec(ctx, "CREATE DATABASE "+database); err != nil {
		return nil, err
	}
	return journal.OpenClickHouse(ctx, journal.ClickHouseOptions{Hosts: []string{addr}, Database: database})
}

// journalPeople makes a roster of 430 people in 12 groups.
func journalPeople(dir string) ([]roster.Subject, error) {
	file := filepath.Join(dir, "people.csv")
	text := "address,group,kind\n"
	for i := range 430 {
		text += fmt.Sprintf("p%d@school.example,team %d,staff\n", i, i%12)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	r, err := roster.Load(file, []string{"school.example"})
	if err != nil {
		return nil, err
	}
	var all []roster.Subject
	for i := range 430 {
		all = append(all, r.Subject(fmt.Sprintf("p%d@school.example", i)))
	}
	return all, nil
}

// journalOn fills one backend and measures it. server is its process; 0 if it has none.
func journalOn(
	ctx context.Context,
	o options,
	res *Result,
	people []roster.Subject,
	dir, name string,
	n, server int,
	open func(dir string) (journal.Store, error),
) (err error) {
	fmt.Fprintf(o.log, "%s: %d records\n", name, n)
	store, err := open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(), os.RemoveAll(dir)) }()
	keys, err := journal.OpenKeys(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	w, err := journal.NewWriter(filepath.Join(dir, "segments"), keys, store, nil)
	if err != nil {
		return err
	}
	system := fmt.Sprintf("%s %dM", name, n/1_000_000)
	begin, own, theirs := time.Now(), cpuTime(os.Getpid()), cpuTime(server)
	first := time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)
	if err := putRecords(ctx, w, people, first, n); err != nil {
		return err
	}
	put := time.Since(begin)
	if err := w.Close(ctx); err != nil {
		return err
	}
	dropped := w.Dropped() // what a queue that is full for longer than Put waits costs
	res.add(system, "in the backend", float64(int64(n)-dropped)/time.Since(begin).Seconds(), "records/s")
	res.add(system, "CPU of the gateway", (cpuTime(os.Getpid())-own).Seconds()*1e6/float64(n), "us")
	res.add(system, "CPU of the server", (cpuTime(server)-theirs).Seconds()*1e6/float64(n), "us")
	res.add(system, "dropped", float64(dropped), "records")
	res.add(system, "Put", float64(put.Nanoseconds())/float64(n), "ns")
	held, err := store.Held(ctx)
	if err != nil {
		return err
	}
	res.add(system, "on disk", float64(held.Bytes)/float64(max(held.Records, 1)), "B/record")
	begin = time.Now()
	if err := store.Hours(ctx, first, first.AddDate(1, 0, 0), func(journal.Hour) error { return nil }); err != nil {
		return err
	}
	res.add(system, "a year of hours", time.Since(begin).Seconds(), "s")
	begin = time.Now()
	if err := store.Contributions(ctx, first, [32]byte{1},
		func(journal.Contribution) error { return nil }); err != nil {
		return err
	}
	res.add(system, "a month's report", time.Since(begin).Seconds(), "s")
	return nil
}

// cpuTime returns how long a process has computed (proc_pid_stat(5)); none if there is no
// such process, or no such file.
func cpuTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, ok := strings.Cut(string(b), ") ")
	if fields := strings.Fields(after); err == nil && ok && len(fields) > 12 {
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		return time.Duration(user+system) * 10 * time.Millisecond // 100 ticks a second (USER_HZ)
	}
	return 0
}

// putRecords puts the traffic of six months, in the order of time.
func putRecords(ctx context.Context, w *journal.Writer, people []roster.Subject, first time.Time, n int) error {
	r := rand.New(rand.NewPCG(1, 2))
	peer := []journal.Domain{{}, {}, journal.DomainOf("mail.example.nl"), journal.DomainOf("example.org")}
	step := 180 * 24 * time.Hour / time.Duration(n)
	for i := range n {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			time.Sleep(time.Microsecond) // the queue is short on purpose: the source gives way
		}
		who := people[r.IntN(len(people))]
		rec := journal.Record{
			Time: first.Add(time.Duration(i) * step),
			ID: filter.ID{byte(r.Uint64()), byte(r.Uint64()), byte(i), byte(i >> 8), byte(i >> 16),
				byte(i >> 24)},
			Kind:       journal.Kind(r.IntN(2)),
			Direction:  rules.Out,
			Group:      who.Group(),
			Peer:       peer[r.IntN(4)],
			Purposes:   rules.SetOf(rules.Security, rules.Conduct),
			Eligible:   r.IntN(3) == 0,
			TLS:        true,
			Recipients: 1,
			Reply:      250,
			Bytes:      int64(r.ExpFloat64() * 30_000),
			Duration:   time.Duration(r.ExpFloat64() * float64(30*time.Millisecond)),
		}
		w.Put(rec, who)
	}
	return nil
}
