package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// put appends an act.
func put(t testing.TB, l *Ledger, k Kind, d Data) {
	t.Helper()
	if _, err := l.Append(t.Context(), k, d); err != nil {
		t.Fatal(err)
	}
}

// found returns the numbers of the entries that a query chooses.
func found(t testing.TB, l *Ledger, q Query) []int64 {
	t.Helper()
	indexes := []int64{}
	for e, err := range l.Find(q) {
		if err != nil {
			t.Fatal(err)
		}
		indexes = append(indexes, e.Index)
	}
	if n, err := l.Count(q); err != nil || n != len(indexes) {
		t.Errorf("Count(%+v) = %d, %v, want %d", q, n, err, len(indexes))
	}
	return indexes
}

func TestFindChoosesByKindReferenceMessageAndTime(t *testing.T) {
	l := open(t, t.TempDir())
	for i := range 9 {
		kind := []Kind{OrderRequested, OrderUsed, QuarantineOpened}[i%3]
		put(t, l, kind, Data{Ref: fmt.Sprint("order-", i/3), ID: fmt.Sprint("message-", i%2), Actor: Actor{"els", ICT}})
		time.Sleep(2 * time.Millisecond)
	}
	all := entries(t, l)
	for name, tc := range map[string]struct {
		of   Query
		want []int64
	}{
		"all":              {Query{}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		"the newest first": {Query{Newest: true, Limit: 3}, []int64{8, 7, 6}},
		"the next page":    {Query{Newest: true, Skip: 3, Limit: 3}, []int64{5, 4, 3}},
		"beyond the end":   {Query{Skip: 9}, []int64{}},
		"of a kind":        {Query{Kinds: []Kind{OrderUsed}}, []int64{1, 4, 7}},
		"of two kinds":     {Query{Kinds: []Kind{OrderUsed, OrderRequested}, Skip: 1, Limit: 2}, []int64{1, 3}},
		"of no entry":      {Query{Kinds: []Kind{BreachOpened}}, []int64{}},
		"about an order":   {Query{Ref: "order-1"}, []int64{3, 4, 5}},
		"about a message":  {Query{ID: "message-1", Kinds: []Kind{OrderUsed}}, []int64{1, 7}},
		"since":            {Query{Since: all[6].Time}, []int64{6, 7, 8}},
		"until":            {Query{Until: all[2].Time}, []int64{0, 1}},
		"in a period": {Query{
			Since: all[2].Time.Add(time.Microsecond),
			Until: all[4].Time.Add(time.Microsecond),
		}, []int64{3, 4}},
		"until a far future": {Query{
			Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}},
	} {
		if got := found(t, l, tc.of); !slices.Equal(got, tc.want) {
			t.Errorf("%s: found %v, want %v", name, got, tc.want)
		}
	}
	want := []Kind{OrderRequested, OrderUsed, QuarantineOpened}
	if kinds, err := l.Kinds(); err != nil || !slices.Equal(kinds, want) {
		t.Errorf("Kinds() = %v, %v, want %v", kinds, err, want)
	}
}

func TestFindSeesWhatAnotherProcessAppended(t *testing.T) {
	dir := t.TempDir()
	mine, another := open(t, dir), open(t, dir)
	put(t, mine, OrderUsed, Data{Ref: "a"})
	put(t, another, OrderUsed, Data{Ref: "b"})
	put(t, mine, OrderUsed, Data{Ref: "b"})
	for name, l := range map[string]*Ledger{"first": mine, "second": another, "opened anew": open(t, dir)} {
		if got := found(t, l, Query{Ref: "b"}); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("%s: found %v, want [1 2]", name, got)
		}
	}
}

func TestAnErasedEntryIsFoundAsBefore(t *testing.T) {
	dir := t.TempDir()
	mine, another := open(t, dir), open(t, dir)
	put(t, mine, OrderUsed, Data{Ref: "a", Reason: "Jansen"})
	put(t, mine, OrderUsed, Data{Ref: "a"})
	next, stop := iter.Pull2(mine.Find(Query{Ref: "a"}))
	defer stop()
	if e, err, _ := next(); err != nil || e.Index != 0 {
		t.Fatalf("first of order a: entry %d, %v", e.Index, err)
	}
	if err := another.Erase(t.Context(), 0, byPrivacy); err != nil {
		t.Fatal(err)
	}
	if e, err, _ := next(); err != nil || e.Index != 1 {
		t.Errorf("a search that had begun before the erasure: entry %d, %v, want entry 1", e.Index, err)
	}
	for name, l := range map[string]*Ledger{"this process": another, "another process": mine} {
		if got := found(t, l, Query{Ref: "a"}); !slices.Equal(got, []int64{0, 1}) {
			t.Errorf("%s, by reference: found %v, want [0 1]", name, got)
		}
		if got := found(t, l, Query{Kinds: []Kind{OrderUsed}}); !slices.Equal(got, []int64{0, 1}) {
			t.Errorf("%s, by kind: found %v, want [0 1]", name, got)
		}
	}
}

// TestFindReadsNothingButWhatItReturns: every other line is made unreadable, in place.
func TestFindReadsNothingButWhatItReturns(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 50 {
		put(t, l, OrderUsed, Data{Ref: fmt.Sprint("order-", i%10)})
	}
	name := filepath.Join(dir, "ledger.jsonl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range slices.Collect(bytes.Lines(text)) {
		if i%10 != 3 {
			clear(b)
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(text); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := found(t, l, Query{Ref: "order-3", Newest: true}); !slices.Equal(got, []int64{43, 33, 23, 13, 3}) {
		t.Errorf("found %v, want [43 33 23 13 3]", got)
	}
	for _, err := range l.Find(Query{Ref: "order-4"}) {
		if err == nil {
			t.Error("an unreadable entry was found without an error")
		}
	}
}

// large returns a ledger of n entries, of which one in a hundred is about order-7.
func large(b *testing.B, n int) *Ledger {
	b.Helper()
	dir := b.TempDir()
	l := open(b, dir)
	grown, text := tree{}, bytes.Buffer{}
	for i := range n {
		e := Entry{
			Index: int64(i),
			Time:  time.Unix(int64(i), 0).UTC(),
			Kind:  OrderUsed,
			Data:  Data{Ref: fmt.Sprint("order-", i%100), Step: "content"},
		}
		made, err := newLine(e)
		if err := errors.Join(err, grown.add(made.hash(), signature{})); err != nil {
			b.Fatal(err)
		}
		made.Sig = make([]byte, 64)
		if i == n-1 { // opening verifies the last, which is of all entries
			head, err := grown.head(grown.entries)
			if err != nil {
				b.Fatal(err)
			}
			if made.Sig, err = l.key.signer.Sign(signing(format, head)); err != nil {
				b.Fatal(err)
			}
		}
		text.Write(append(made.append(nil), '\n'))
	}
	if err := os.WriteFile(filepath.Join(dir, "ledger.jsonl"), text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(text.Len())/1e6, "MB")
	return open(b, dir)
}

// BenchmarkFindLatest is a page of a console: the last 50 acts about an order, of 100,000
// entries.
func BenchmarkFindLatest(b *testing.B) {
	l := large(b, 100_000)
	for b.Loop() {
		if got := found(b, l, Query{Ref: "order-7", Newest: true, Limit: 50}); len(got) != 50 {
			b.Fatalf("found %d entries, want 50", len(got))
		}
	}
}

// BenchmarkOpen is what a command pays.
func BenchmarkOpen(b *testing.B) {
	l := large(b, 100_000)
	for b.Loop() {
		open(b, l.dir)
	}
}

// BenchmarkOpenWithoutIndex is what opening pays after an erasure or a restored backup.
func BenchmarkOpenWithoutIndex(b *testing.B) {
	l := large(b, 100_000)
	for b.Loop() {
		if err := removeIndex(l.dir); err != nil {
			b.Fatal(err)
		}
		open(b, l.dir)
	}
}

// BenchmarkCheck is what health pays, once a day.
func BenchmarkCheck(b *testing.B) {
	l := large(b, 100_000)
	for b.Loop() {
		if err := l.Check(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAll is what a page did before: each line of the file.
func BenchmarkReadAll(b *testing.B) {
	l := large(b, 100_000)
	for b.Loop() {
		text, err := os.ReadFile(l.file())
		if err != nil {
			b.Fatal(err)
		}
		for t := range bytes.Lines(text) {
			var read line
			if err := json.Unmarshal(t, &read); err != nil {
				b.Fatal(err)
			}
		}
	}
}
