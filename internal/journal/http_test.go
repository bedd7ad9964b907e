package journal

import (
	"strconv"
	"testing"

	"sluis/internal/testenv"
)

// today starts a server with the engine of a ClickHouse server of today.
func today(t *testing.T) *testenv.Chdb {
	t.Helper()
	testenv.NeedChdb(t)
	s, err := testenv.StartChdb(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// openToday makes a database of its own and opens it.
func openToday(t *testing.T, s *testenv.Chdb, name string) *ClickHouse {
	t.Helper()
	open := func(database string) *ClickHouse {
		return must(
			OpenClickHouse(
				t.Context(),
				ClickHouseOptions{Hosts: []string{s.Addr()}, HTTP: true, Database: database, Days: 36500},
			),
		)
	}
	admin := open("default")
	if err := admin.conn.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		t.Fatal(err)
	}
	admin.Close()
	c := open(name)
	t.Cleanup(func() { c.Close() })
	if c.dialect.Plain {
		t.Fatal("taken for a plain server")
	}
	return c
}

// The same behaviour as of the embedded store, and as over the native protocol, on an
// engine of today: blocks deduplicated by their token, and a roll-up that the server makes.
func TestStoreOfToday(t *testing.T) {
	s := today(t)
	n := 0
	testStore(t, func(t *testing.T) Store {
		n++
		return openToday(t, s, "suite"+strconv.Itoa(n))
	})
}

// The engine is killed between an insert and its repetition: it still knows the token.
func TestAServerOfTodayThatWasKilledKnowsWhatItHas(t *testing.T) {
	s := today(t)
	one := segmentOf(t, t.TempDir(), "1", numberedRecord(0), numberedRecord(1), numberedRecord(2))
	c := openToday(t, s, "killed")
	for range 3 {
		load(t, c, one)
		s.Kill()
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c = openToday(t, s, "killed")
	}
	load(t, c, one)
	each(t, c, 3)
}
