package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/internal/testenv"
)

// server is a ClickHouse server for the tests of a package run.
func server(t testing.TB) *testenv.ClickHouse {
	t.Helper()
	testenv.Need(t, "clickhouse-server")
	s, err := testenv.StartClickHouse(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// openServer makes a database of its own and opens it.
func openServer(t testing.TB, s *testenv.ClickHouse, name string) *ClickHouse {
	t.Helper()
	admin := must(OpenClickHouse(t.Context(), ClickHouseOptions{Hosts: []string{s.Addr()}, Database: "default"}))
	if err := admin.conn.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		t.Fatal(err)
	}
	admin.Close()
	c := must(OpenClickHouse(t.Context(), ClickHouseOptions{Hosts: []string{s.Addr()}, Database: name}))
	t.Cleanup(func() { c.Close() })
	return c
}

// The same behaviour as of the embedded store, over the native protocol of a real server.
func TestClickHouseStore(t *testing.T) {
	s := server(t)
	n := 0
	testStore(t, func(t *testing.T) Store {
		n++
		return openServer(t, s, "suite"+strconv.Itoa(n))
	})
}

func TestASchemaIsMadeOnce(t *testing.T) {
	s := server(t)
	c := openServer(t, s, "twice")
	load(t, c, segmentOf(t, t.TempDir(), "1", ordinary(1)))
	again := openServer(t, s, "twice")
	if len(everything(t, again)) != 1 {
		t.Error("opening it again cost records")
	}
	if err := c.note(t.Context(), 99); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenClickHouse(t.Context(), ClickHouseOptions{Hosts: []string{s.Addr()},
		Database: "twice"}); err == nil ||
		!strings.Contains(err.Error(), "newer program") {
		t.Errorf("tables of a later version: %v", err)
	}
	if _, err := OpenClickHouse(t.Context(), ClickHouseOptions{Hosts: []string{"127.0.0.1:1"},
		Database: "x"}); err == nil {
		t.Error("opened a server that is not there")
	}
}

// TestWhoInsertsNeedNotRead: records go in with one user and are read with another (C3.2e), so that the
// credential of a gateway need not open the journal.
func TestWhoInsertsNeedNotRead(t *testing.T) {
	s := server(t)
	openServer(t, s, "two")
	o := ClickHouseOptions{Hosts: []string{s.Addr()}, Database: "two", Office: ClickHouseUser{Username: "nobody"}}
	c := must(OpenClickHouse(t.Context(), o))
	defer c.Close()
	load(t, c, segmentOf(t, t.TempDir(), "1", ordinary(1)))
	if _, err := c.Held(t.Context()); err == nil {
		t.Error("read without the user who reads, want an error")
	}
	o.Office.Username = "default"
	both := must(OpenClickHouse(t.Context(), o))
	defer both.Close()
	if got := everything(t, both); len(got) != 1 {
		t.Errorf("read %d records, want the one that the other user inserted", len(got))
	}
}

// The server is killed again and again while records come: none is lost, none counts
// twice, in the table and in the roll-up.
func TestKillingTheServerLosesNothing(t *testing.T) {
	s := server(t)
	c := openServer(t, s, "kills")
	dir := t.TempDir()
	w := startWriter(t, dir, nobody{}, c)
	var sent int
	for round := range 5 {
		until := time.Now().Add(time.Duration(300+rand.IntN(1500)) * time.Millisecond)
		for time.Now().Before(until) {
			for range 200 {
				w.Put(numberedRecord(sent), roster.Subject{})
				sent++
			}
			time.Sleep(10 * time.Millisecond)
		}
		s.Kill()
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	for err := w.Close(ctx); err != nil; err = w.Close(ctx) { // the server comes up
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if w.Dropped() != 0 {
		t.Errorf("%d records were dropped", w.Dropped())
	}
	each(t, c, sent)
	t.Logf("%d records over 5 kills of the server", sent)
}

// each makes sure that the records 0 to n-1 are there once, and are rolled up.
func each(t *testing.T, s Store, n int) {
	t.Helper()
	seen := map[filter.ID]int{}
	for _, r := range everything(t, s) {
		seen[r.ID]++
	}
	missing, twice := 0, 0
	for i := range n {
		switch seen[numberedRecord(i).ID] {
		case 0:
			missing++
		case 1:
		default:
			twice++
		}
	}
	if missing > 0 || twice > 0 || len(seen) != n {
		t.Errorf("of %d records %d are missing and %d there more than once", n, missing, twice)
	}
	if _, rolled, _ := hourly(t, s); rolled != int64(n) {
		t.Errorf("%d records are rolled up, of %d", rolled, n)
	}
}

func numberedRecord(i int) Record {
	r := ordinary(i)
	r.ID = filter.ID{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 15: 1}
	r.Time = november(1+i%3, 9)
	return r
}

// The gateway is killed again and again while it loads. Its segments go on from there.
func TestKillingTheGatewayLosesNothing(t *testing.T) {
	if dir := os.Getenv("SLUIS_TEST_LOADER"); dir != "" {
		loader(t, dir)
		return
	}
	s := server(t)
	c := openServer(t, s, "gateway")
	dir := t.TempDir()
	const segmentsOf, perSegment = 50, 300
	for i := range segmentsOf {
		var rs []Record
		for k := range perSegment {
			rs = append(rs, numberedRecord(i*perSegment+k))
		}
		segmentOf(t, dir, time.Unix(int64(1_700_000_000+i), 0).UTC().Format("20060102T150405.000000000"), rs...)
	}
	kills, left, longer := 0, segmentsOf+1, 1
	for {
		list := must(segments(dir))
		if len(list) == 0 {
			break
		}
		// On a busy machine a loader may not come to load anything in its time: the next one has more.
		if longer *= 2; len(list) < left {
			left, longer = len(list), 1
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillingTheGatewayLosesNothing$")
		cmd.Env = append(os.Environ(), "SLUIS_TEST_LOADER="+dir, "SLUIS_TEST_SERVER="+s.Addr())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(time.Duration(longer*(80+rand.IntN(250))) * time.Millisecond):
			cmd.Process.Kill()
			<-done
			kills++
		}
		if longer > 1<<10 {
			t.Fatalf("got no segment loaded in %d ms, want some", longer*80)
		}
	}
	each(t, c, segmentsOf*perSegment)
	t.Logf("%d kills while %d segments were loaded", kills, segmentsOf)
}

// loader loads the segments of a directory until it is killed.
func loader(t *testing.T, dir string) {
	c, err := OpenClickHouse(
		t.Context(),
		ClickHouseOptions{Hosts: []string{os.Getenv("SLUIS_TEST_SERVER")}, Database: "gateway"},
	)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(dir, nobody{}, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The schema of a server of today and of a cluster come from the same source, which is in
// the files that are handed out as well.
func TestTheSchemaIsWhatIsHandedOut(t *testing.T) {
	for file, d := range map[string]Dialect{"schema.sql": {}, "cluster.sql": {Cluster: "school"}} {
		want := SchemaText(d)
		got, err := os.ReadFile("../../deploy/clickhouse/" + file)
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the program makes: run sluis journal schema (%v)", file, err)
		}
	}
	one, many := SchemaText(Dialect{}), SchemaText(Dialect{Cluster: "school"})
	for _, want := range []string{"PARTITION BY day", "ttl_only_drop_parts = 1",
		"non_replicated_deduplication_window", "LowCardinality(String)", "Delta", "SummingMergeTree",
		"GRANT INSERT ON traffic TO sluis_gateway", "DROP TABLE IF EXISTS board_hours"} {
		if !strings.Contains(one, want) {
			t.Errorf("the schema has no %q", want)
		}
	}
	// Exact counts of hours, for whoever takes the difference of two of them (C3.2b): nobody but the office reads them.
	for _, s := range Schema(Dialect{}) {
		if strings.HasPrefix(s, "GRANT SELECT ON") && !strings.HasSuffix(s, "TO sluis_office") &&
			(strings.Contains(s, " traffic ") || strings.Contains(s, " hours ")) || strings.Contains(s, "CREATE VIEW") {
			t.Errorf("more than the office reads records or hours: %s", s)
		}
	}
	for _, want := range []string{"ReplicatedMergeTree", "ReplicatedSummingMergeTree", "Distributed('school'",
		"ON CLUSTER 'school'"} {
		if !strings.Contains(many, want) {
			t.Errorf("the schema of a cluster has no %q", want)
		}
	}
	for _, s := range Schema(Dialect{}) { // C3.2b: a roll-up that kept hashed ids would be personal data
		if strings.Contains(s, " hours ") && strings.Contains(strings.ToLower(s), "state") ||
			strings.Contains(s, "CREATE TABLE IF NOT EXISTS hours") && strings.Contains(s, "pseudonym") {
			t.Errorf("the roll-up has more than sums: %s", s)
		}
	}
}

var benchServer = sync.OnceValue(func() string { return os.Getenv("SLUIS_CLICKHOUSE") })

// BenchmarkLoadClickHouse loads segments of 100,000 records into the server at
// SLUIS_CLICKHOUSE (host:port), or one that it starts.
func BenchmarkLoadClickHouse(b *testing.B) {
	addr := benchServer()
	if addr == "" {
		addr = server(b).Addr()
	}
	c := must(OpenClickHouse(b.Context(), ClickHouseOptions{Hosts: []string{addr}, Database: "default"}))
	defer c.Close()
	var rs []Record
	for i := range 100_000 {
		rs = append(rs, numberedRecord(i))
	}
	dir := b.TempDir()
	one := segmentOf(b, dir, "1", rs...)
	n := time.Now().UnixNano()
	for b.Loop() {
		n++
		one.Name = fmt.Sprint(n)
		if _, err := c.Load(b.Context(), one); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(rs))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
