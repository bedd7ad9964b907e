package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"
	"unique"
)

// Query chooses entries; the zero Query chooses all. Conditions that are set hold together.
type Query struct {
	Kinds  []Kind    // one of these
	ID     string    // of a message
	Ref    string    // of an order, a case, a report, an account
	Since  time.Time // not before
	Until  time.Time // before
	Newest bool      // the newest entry first; otherwise the order of the ledger
	Skip   int       // so many are passed over
	Limit  int       // so many at most; 0: no limit
}

// Finder finds entries.
type Finder interface {
	Find(q Query) iter.Seq2[Entry, error]
}

// Book is a ledger to append to and to find entries in; a Ledger is one.
type Book interface {
	Appender
	Finder
}

// mark is what the index has of an entry. The index is in memory and grows as the file is
// read, once, when the ledger is opened, and appended to.
type mark struct {
	offset  int64 // of its line in the file
	at      int64 // microseconds since 1970
	kind    unique.Handle[Kind]
	id, ref unique.Handle[string]
}

func markOf(e Entry, offset int64) mark {
	return mark{
		offset: offset,
		at:     e.Time.UnixMicro(),
		kind:   unique.Make(e.Kind),
		id:     unique.Make(e.Data.ID),
		ref:    unique.Make(e.Data.Ref),
	}
}

// matcher returns the condition of a query, without Skip and Limit.
func (q Query) matcher() func(mark) bool {
	var kinds []unique.Handle[Kind]
	for _, k := range q.Kinds {
		kinds = append(kinds, unique.Make(k))
	}
	id, ref := unique.Make(q.ID), unique.Make(q.Ref)
	since, until := q.Since.UnixMicro(), q.Until.UnixMicro()
	return func(m mark) bool {
		return (kinds == nil || slices.Contains(kinds, m.kind)) &&
			(q.ID == "" || m.id == id) && (q.Ref == "" || m.ref == ref) &&
			(q.Since.IsZero() || m.at >= since) && (q.Until.IsZero() || m.at < until)
	}
}

// choose returns the places of the entries that a query chooses, in its order.
func (q Query) choose(marks []mark) iter.Seq[int] {
	return func(yield func(int) bool) {
		fits, skip, limit := q.matcher(), q.Skip, q.Limit
		for i := range marks {
			if q.Newest {
				i = len(marks) - 1 - i
			}
			if !fits(marks[i]) {
				continue
			}
			if skip--; skip >= 0 {
				continue
			}
			if !yield(i) {
				return
			}
			if limit--; limit == 0 {
				return
			}
		}
	}
}

// Find returns the entries that a query chooses, as they are at the call: those that are
// appended meanwhile are not among them. Of the file it reads those entries alone. An error
// ends the sequence. Find does not verify; see Verify.
func (l *Ledger) Find(q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, s, err := l.snapshot()
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer f.Close()
		for i := range q.choose(s.marks) {
			e, err := s.entry(f, i)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Entries are acts in memory, to find some of.
type Entries []Entry

// Find implements Finder.
func (es Entries) Find(q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var marks []mark
		for _, e := range es {
			marks = append(marks, markOf(e, 0))
		}
		for i := range q.choose(marks) {
			if !yield(es[i], nil) {
				return
			}
		}
	}
}

// Count returns how many entries a query chooses.
func (l *Ledger) Count(q Query) (n int, err error) {
	f, s, err := l.snapshot()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for range q.choose(s.marks) {
		n++
	}
	return n, nil
}

// Kinds returns the kinds that the ledger has entries of, sorted.
func (l *Ledger) Kinds() ([]Kind, error) {
	f, s, err := l.snapshot()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seen, all := map[unique.Handle[Kind]]bool{}, []Kind{}
	for _, m := range s.marks {
		if !seen[m.kind] {
			seen[m.kind] = true
			all = append(all, m.kind.Value())
		}
	}
	slices.Sort(all)
	return all, nil
}

// snapshot takes in what was appended, by whichever process, and returns the state with the
// file that it is of: after an erasure that file is still as it was.
func (l *Ledger) snapshot() (f *os.File, s state, err error) {
	err = l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		s = l.state // later appends do not change what this has
		f, err = os.Open(l.file())
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		return nil
	})
	return f, s, err
}

// entry reads the entry with number i.
func (s state) entry(f io.ReaderAt, i int) (Entry, error) {
	end := s.size
	if i+1 < len(s.marks) {
		end = s.marks[i+1].offset
	}
	text := make([]byte, end-s.marks[i].offset)
	if _, err := f.ReadAt(text, s.marks[i].offset); err != nil {
		return Entry{}, fmt.Errorf("read ledger: %w", err)
	}
	var found line
	if err := json.Unmarshal(text, &found); err != nil || found.Index != int64(i) {
		return Entry{}, fmt.Errorf("read ledger: entry %d is broken", i)
	}
	return found.entry(), nil
}
