package byheader

import (
	"testing"
	"time"

	"sluis/internal/store"
)

// Messages are counted by month, also over a restart, and old months are forgotten (C3.2g).
func TestMessagesAreCountedByMonth(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	c := Open(store.Open(dir))
	for at, n := range map[time.Time]int{now: 3, now.AddDate(0, -1, 0): 12, now.AddDate(-3, 0, 0): 7} {
		for range n {
			c.Add(at)
		}
	}
	if err := c.Flush(now); err != nil {
		t.Fatal(err)
	}
	c = Open(store.Open(dir))
	c.Add(now)
	if err := c.Flush(now); err != nil {
		t.Fatal(err)
	}
	got, err := c.Between(now.AddDate(0, -2, 0), now.AddDate(0, 2, 0), now)
	if err != nil {
		t.Fatal(err)
	}
	september := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	want := []Month{
		{september, 0, true},
		{september.AddDate(0, 1, 0), 12, true},
		{september.AddDate(0, 2, 0), 4, false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if old, err := c.Between(now.AddDate(-3, -1, 0), now.AddDate(-3, 1, 0), now); err != nil || old[1].Count != 0 {
		t.Errorf("three years ago: %+v, %v, want that it is forgotten", old, err)
	}
}
