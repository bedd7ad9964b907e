package journal

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ebitengine/purego"

	"sluis/internal/testenv"
)

// chdb is the engine of a ClickHouse server of today as a library (npm package), which the
// tests load in a process of its own.
const chdb = "@chdb/lib-linux-x64-gnu@26.7.3-stable.1"

// answer is what the engine says to a statement.
type answer struct{ Out, Err string }

// engine is that process.
type engine struct {
	t   *testing.T
	in  *json.Encoder
	out *json.Decoder
}

func modern(t *testing.T) *engine {
	t.Helper()
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		testenv.Lack(t, "libchdb is for linux/amd64")
	}
	testenv.Need(t, "npm")
	dir, err := testenv.NPM(t.Context(), chdb)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestEngineProcess$")
	cmd.Env = append(
		os.Environ(),
		"SLUIS_TEST_CHDB="+filepath.Join(dir, "libchdb.so"),
		"SLUIS_TEST_CHDB_DATA="+t.TempDir(),
	)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &engine{t, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))}
}

// do runs a statement and returns its rows, tab separated.
func (e *engine) do(statement string) string {
	e.t.Helper()
	var a answer
	if err := e.in.Encode(statement); err != nil {
		e.t.Fatal(err)
	}
	if err := e.out.Decode(&a); err != nil {
		e.t.Fatalf("the engine ended: %v", err)
	}
	if a.Err != "" {
		e.t.Fatalf("%s\n%s", statement, a.Err)
	}
	return strings.TrimSpace(a.Out)
}

// TestEngineProcess is the process: statements come in and answers go out, until the input
// ends. Otherwise it is no test.
func TestEngineProcess(t *testing.T) {
	lib := os.Getenv("SLUIS_TEST_CHDB")
	if lib == "" {
		return
	}
	handle, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		t.Fatal(err)
	}
	var connect func(int32, **byte) *uintptr
	var query func(uintptr, string, string) uintptr
	var text, failure func(uintptr) string
	var free func(uintptr)
	for name, f := range map[string]any{"chdb_connect": &connect, "chdb_query": &query, "chdb_result_buffer": &text,
		"chdb_result_error": &failure, "chdb_destroy_query_result": &free} {
		purego.RegisterLibFunc(f, handle, name)
	}
	var args []*byte // texts of C end in a zero
	for _, a := range []string{"clickhouse", "--path=" + os.Getenv("SLUIS_TEST_CHDB_DATA")} {
		args = append(args, &append([]byte(a), 0)[0])
	}
	conn := connect(int32(len(args)), &args[0])
	runtime.KeepAlive(args)
	if conn == nil {
		t.Fatal("no connection")
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var statement string
		if err := in.Decode(&statement); err == io.EOF {
			os.Exit(0) // without the test framework's last words
		} else if err != nil {
			t.Fatal(err)
		}
		r := query(*conn, statement, "TabSeparated")
		a := answer{Out: text(r), Err: failure(r)}
		free(r)
		if err := out.Encode(a); err != nil {
			t.Fatal(err)
		}
	}
}

// row is a record as the values of an insert.
func rowOf(n int, r Record) string {
	q := func(b []byte) string { return "unhex('" + hex.EncodeToString(b) + "')" }
	return fmt.Sprintf(
		"(1, %d, toDate(%d), %d, %s, %s, %d, %d, '%s', '%s', %d, %d, %d, %d, '%s', '%s', %d, %d, %d, %d, %d, %d, "+
			"%d, %d)",
		n,
		day(r.Time)/86400,
		r.Time.UnixMilli(),
		q(r.ID[:]),
		q(r.pseudonym[:]),
		r.Kind,
		r.Direction,
		r.Group,
		r.Peer,
		r.Action,
		r.Purposes,
		r.Purpose,
		r.Category,
		r.Clause,
		r.Rule,
		r.flagBits(),
		r.Recipients,
		r.Refused,
		r.Parts,
		r.Repaired,
		r.Reply,
		r.Bytes,
		int64(r.Duration),
	)
}

// The tables of a server of today: the schema, the codecs, the roll-up, deduplication by
// token, a TTL that drops whole parts, and every query of the totals.
func TestAServerOfToday(t *testing.T) {
	e := modern(t)
	t.Logf("ClickHouse %s", e.do("SELECT version()"))
	e.do("CREATE DATABASE sluis")
	e.do("USE sluis")
	for range 2 { // each can be run again
		for _, s := range Schema(Dialect{Days: 30}) {
			if !isGrant(s) {
				e.do(s)
			}
		}
	}
	today := time.Now().UTC().Truncate(24 * time.Hour).Add(9 * time.Hour)
	anna := Pseudonym{1}
	old := at(9, today.AddDate(0, 0, -40), anna)
	rows := []string{
		rowOf(0, at(1, today, anna)),
		rowOf(1, at(2, today, anna)),
		rowOf(2, at(3, today.Add(time.Hour), Pseudonym{2})),
	}
	insert := func(token string, rows ...string) {
		e.do(
			"INSERT INTO traffic (" + list(
				columns,
			) + ") SETTINGS insert_deduplication_token = '" + token +
				"', deduplicate_blocks_in_dependent_materialized_views = 1, async_insert = 0, insert_deduplicate = " +
				"1 VALUES " + strings.Join(
				rows,
				", ",
			),
		)
	}
	for range 3 {
		insert("a/1", rows...)
	}
	insert("b/1", rows[0]) // the same record in another segment is another one
	if got := e.do("SELECT count() FROM traffic"); got != "4" {
		t.Errorf("%s records after an insert was repeated", got)
	}
	if got := e.do("SELECT sum(records), count() > 0 FROM hours"); got != "4\t1" {
		t.Errorf("rolled up: got %q, want 4 records", got)
	}
	hours := strings.Split(e.do(hoursQuery(today.AddDate(0, 0, -1), today.AddDate(0, 0, 1))), "\n")
	if len(hours) != 2 || !strings.HasPrefix(hours[0], fmt.Sprint(today.Unix())) ||
		!strings.HasSuffix(hours[0], fmt.Sprintf("\t3\t%d\t3", 3*ordinary(0).Bytes)) {
		t.Errorf("got the hours\n%s\nwant two, the first of three records", strings.Join(hours, "\n"))
	}
	people := strings.Split(e.do(contributionsQuery(today)), "\n")
	if len(people) != 2 ||
		!strings.Contains(strings.Join(people, "\n")+"\n", fmt.Sprintf("\t3\t%d\t3\n", 3*ordinary(0).Bytes)) {
		t.Errorf("got the contributions\n%s\nwant two, one of three records", strings.Join(people, "\n"))
	}
	if got := e.do("SELECT count() FROM traffic WHERE " + period(today, today.Add(time.Minute))); got != "3" {
		t.Errorf("got %s records of a minute, want 3", got)
	}
	if got := e.do("SELECT count() FROM system.tables WHERE name = 'board_hours'"); got != "0" {
		t.Errorf("there are %s views of exact hours for the board, want none (C3.2b)", got)
	}
	insert("c/1", rowOf(0, old)) // the old record goes with its part
	e.do("OPTIMIZE TABLE traffic FINAL")
	if got := e.do("SELECT count(), min(day) = toDate(" + fmt.Sprint(day(today)/86400) +
		") FROM traffic"); got != "4\t1" {
		t.Errorf("after the TTL: got %q, want the 4 records of today", got)
	}
	if got := e.do("SELECT sum(records) FROM hours"); got != "5" {
		t.Errorf("after the TTL the roll-up has %s", got)
	}
	e.do("ALTER TABLE traffic DROP PARTITION '" + today.Format(time.DateOnly) + "'")
	if got := e.do("SELECT count() FROM traffic"); got != "0" {
		t.Errorf("after the partition was dropped: %s", got)
	}
	if got := e.do("SELECT count() FROM system.columns WHERE table = 'traffic' AND compression_codec != " +
		"''"); got == "0" {
		t.Error("no column has a codec")
	}
}
