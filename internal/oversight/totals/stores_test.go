package totals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/rules"
)

// The same records give the same bytes, however they came to the journal and whichever
// backend keeps them: embedded, an old ClickHouse server, and one of today.
func TestAReportIsTheSameFromEveryStore(t *testing.T) {
	people := forty(t)
	keys := must(journal.OpenKeys(filepath.Join(t.TempDir(), "keys")))
	first := frozenFrom(t, must(journal.OpenDB(t.TempDir())), keys, people, 0)
	var m Month
	if err := json.Unmarshal(first, &m); err != nil || row(t, m.Tables, Volume, "total")[Bytes].Value == 0 ||
		row(t, m.Tables, Capacity, "month")[Records].Value == 0 {
		t.Fatalf("%s", first)
	}
	if again := must(encode(m)); !bytes.Equal(again, first) {
		t.Error("a report that is read and written again is another")
	}
	for name, open := range map[string]func(t *testing.T) journal.Store{
		"embedded": func(t *testing.T) journal.Store { return must(journal.OpenDB(t.TempDir())) },
		"ClickHouse 18.16": func(t *testing.T) journal.Store {
			testenv.Need(t, "clickhouse-server")
			s := must(testenv.StartClickHouse(t.Context(), t.TempDir()))
			t.Cleanup(s.Stop)
			return must(journal.OpenClickHouse(t.Context(),
				journal.ClickHouseOptions{Hosts: []string{s.Addr()}, Database: "default"}))
		},
		"ClickHouse of today": func(t *testing.T) journal.Store {
			testenv.NeedChdb(t)
			s := must(testenv.StartChdb(t.Context(), t.TempDir()))
			t.Cleanup(s.Stop)
			return must(journal.OpenClickHouse(t.Context(),
				journal.ClickHouseOptions{Hosts: []string{s.Addr()}, HTTP: true, Database: "default", Days: 36500}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := frozenFrom(t, open(t), keys, people, 1); !bytes.Equal(got, first) {
				t.Errorf("differs:\n%s\nfrom\n%s", got, first)
			}
		})
	}
}

// forty is a roster of forty people and a building.
func forty(t *testing.T) *roster.Roster {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := "groups: [{name: team, kind: staff}, {name: groepen, kind: pupils, size: 50}]\npeople:\n"
	for i := range 40 {
		text += fmt.Sprintf("  - {address: p%d@school.example, group: team}\n", i)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return must(roster.Load(file, []string{"school.example"}))
}

// frozenFrom puts the same records of a month, in an order of its own, into a store, and
// freezes the month's report from it. Of the last day there are records on both sides of
// midnight.
func frozenFrom(t *testing.T, store journal.Store, keys *journal.Keys, people *roster.Roster, order uint64) []byte {
	t.Helper()
	defer store.Close()
	w := must(journal.NewWriter(t.TempDir(), keys, store, nil))
	const records = 5000
	for _, n := range rand.New(rand.NewPCG(order, 1)).Perm(records) {
		r := journal.Record{
			Time:       october.Add(time.Duration(n) * 10 * time.Minute),
			ID:         filter.ID{byte(n), byte(n >> 8)},
			Kind:       journal.Kind(n % 2),
			Direction:  rules.Direction(n % 3 % 2),
			Bytes:      int64(n%977) * 1000,
			Recipients: 1,
			Eligible:   n%3 == 0,
			Drawn:      n%60 == 0,
		}
		if n%50 == 1 { // something is found now and then
			r.Action, r.Purpose, r.Category, r.Clause = filter.Quarantine, rules.Security, must(
				rules.ParseCategory("phishing"),
			), must(
				rules.ParseClause("C2.9a"),
			)
		}
		who := people.Subject(fmt.Sprintf("p%d@school.example", n*n%41)) // one of them is on no roster
		r.Group = who.Group()
		w.Put(r, who)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.Dropped() != 0 {
		t.Fatalf("%d records were dropped", w.Dropped())
	}
	a, _ := archive(t, store)
	a.Sizes = people.Sizes()
	return must(a.Frozen(t.Context(), "2026-10", later))
}
