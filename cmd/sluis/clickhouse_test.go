package main_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"sluis/internal/oversight/orders"
	"sluis/internal/testenv"
)

// The gateway on a ClickHouse server: records arrive, wait while it is away, and are used
// by every command as those of the embedded database are.
func TestTheJournalOnClickHouse(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "clickhouse-server")
	server, err := testenv.StartClickHouse(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{server.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Exec(t.Context(), "CREATE DATABASE sluis"); err != nil {
		t.Fatal(err)
	}
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), rest: witnesses + fmt.Sprintf("journal: {clickhouse: {hosts: [%q]}}\n", server.Addr())})
	do := func(args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append(args, "--config", g.config())...)
		if code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		return out
	}
	has := func(n int) func() bool {
		return func() bool { return strings.Count(do("journal", "export"), "\n") == n }
	}
	g.try(teacher, []string{parent}, letter(harmless))
	g.eventually("have a record", has(1))
	server.Kill()
	for range 3 { // mail goes on without the server
		if reply := g.try(teacher, []string{parent}, letter(secret)); reply[0] != '2' {
			t.Errorf("while the server is away: %s", reply)
		}
	}
	g.eventually("report it", func() bool {
		code, text := g.healthz()
		return code == 503 &&
			strings.Contains(text, "journal")
	})
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.eventually("bring what waited", has(4))
	o := g.office()
	id := o.ordered(orders.Request{Subject: teacher, LookBack: "de vraag gaat over vandaag"})
	if all, err := o.use(investigator, id); err != nil || len(all) != 4 {
		t.Errorf("the order shows %d records, %v, want 4", len(all), err)
	}
	if out := do("journal", "tail", "-n", "2"); strings.Count(out, "\n") != 2 {
		t.Errorf("tail:\n%s", out)
	}
	if out := do("journal", "retention"); !strings.Contains(out, "metadata") {
		t.Errorf("retention:\n%s", out)
	}
}
