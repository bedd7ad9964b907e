package ledger

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"
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

// fits reports whether a query chooses an entry, Skip and Limit aside.
func (q Query) fits(e Entry) bool {
	return (q.Kinds == nil || slices.Contains(q.Kinds, e.Kind)) &&
		(q.ID == "" || e.Data.ID == q.ID) && (q.Ref == "" || e.Data.Ref == q.Ref) &&
		(q.Since.IsZero() || !e.Time.Before(q.Since)) && (q.Until.IsZero() || e.Time.Before(q.Until))
}

// matcher returns fits for marks: a mark that does not fit is of no entry that does.
func (q Query) matcher(s seal) func(mark) bool {
	var kinds []uint64
	for _, k := range q.Kinds {
		kinds = append(kinds, s.of(string(k)))
	}
	id, ref := s.of(q.ID), s.of(q.Ref)
	since, until := q.Since.UnixMicro(), q.Until.UnixMicro()
	return func(m mark) bool {
		return (kinds == nil || slices.Contains(kinds, m.kind)) &&
			(q.ID == "" || m.id == id) && (q.Ref == "" || m.ref == ref) &&
			(q.Since.IsZero() || m.at >= since) && (q.Until.IsZero() || m.at < until)
	}
}

// page passes over the first Skip of what a query chooses, and ends after Limit.
type page struct{ skip, limit int }

// take reports whether the next one is on the page, and whether more may be.
func (p *page) take() (on, more bool) {
	if p.skip--; p.skip >= 0 {
		return false, true
	}
	p.limit--
	return true, p.limit != 0
}

// Find returns the entries that a query chooses, as they are at the call: those that are
// appended meanwhile are not among them. Of the file it reads those entries alone, and verifies
// each: that it is the one in the tree. An error ends the sequence.
func (l *Ledger) Find(q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		v, err := l.view()
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer v.close()
		p, ended := page{q.Skip, q.Limit}, false
		err = v.choose(q, func(i int64, m mark) (bool, error) {
			on, more := p.take()
			if !on {
				return more, nil
			}
			e, err := v.entry(i, m)
			if err != nil {
				return false, err
			}
			ended = !yield(e, nil)
			return more && !ended, nil
		})
		if err != nil && !ended {
			yield(Entry{}, err)
		}
	}
}

// Entries are acts in memory, to find some of.
type Entries []Entry

// Find implements Finder.
func (es Entries) Find(q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		p := page{q.Skip, q.Limit}
		for i := range es {
			if q.Newest {
				i = len(es) - 1 - i
			}
			if !q.fits(es[i]) {
				continue
			}
			on, more := p.take()
			if on && !yield(es[i], nil) || !more {
				return
			}
		}
	}
}

// Count returns how many entries a query chooses.
func (l *Ledger) Count(q Query) (n int, err error) {
	v, err := l.view()
	if err != nil {
		return 0, err
	}
	defer v.close()
	p := page{q.Skip, q.Limit}
	err = v.choose(q, func(int64, mark) (bool, error) {
		on, more := p.take()
		if on {
			n++
		}
		return more, nil
	})
	return n, err
}

// Kinds returns the kinds that the ledger has entries of, sorted.
func (l *Ledger) Kinds() ([]Kind, error) {
	v, err := l.view()
	if err != nil {
		return nil, err
	}
	defer v.close()
	seen, all := map[uint64]bool{}, []Kind{}
	err = v.choose(Query{}, func(i int64, m mark) (bool, error) {
		if seen[m.kind] {
			return true, nil
		}
		e, err := v.entry(i, m)
		seen[m.kind], all = true, append(all, e.Kind)
		return true, err
	})
	slices.Sort(all)
	return all, err
}

// view is the ledger as it was at a time: later appends and erasures do not change it.
type view struct {
	ledger *Ledger
	file   *os.File
	index  *index
	head   head
	before int64 // entries that a search is among
}

// view takes in what was appended, by whichever process.
func (l *Ledger) view() (v *view, err error) {
	v = &view{ledger: l}
	err = l.locked(func() (err error) {
		if err := l.read(); err != nil {
			return err
		}
		if v.file, err = os.Open(l.file()); err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		if v.index, err = openIndex(l.dir, l.seal); err != nil {
			v.file.Close()
			return fmt.Errorf("read ledger index: %w", err)
		}
		v.head, v.before = l.head, l.head.entries
		return nil
	})
	return v, err
}

func (v *view) close() {
	v.file.Close()
	v.index.close()
}

// choose calls use for the marks of the entries that a query chooses, in its order, until it
// returns false. If the index turns out to be damaged it is made anew, and the search goes on.
func (v *view) choose(q Query, use func(i int64, m mark) (bool, error)) error {
	fits, seen := q.matcher(v.ledger.seal), int64(0)
	try := func(skip int64) error {
		passed := int64(0)
		return v.index.scan(v.before, q.Newest, func(i int64, m mark) (bool, error) {
			if passed++; passed <= skip {
				return true, nil
			}
			more, err := true, error(nil)
			if fits(m) {
				more, err = use(i, m)
			}
			if err == nil {
				seen = passed
			}
			return more, err
		})
	}
	err := try(0)
	if !errors.Is(err, errIndex) {
		return err
	}
	if err := v.mend(); err != nil {
		return err
	}
	return try(seen)
}

// mend has the index made anew.
func (v *view) mend() error {
	err := v.ledger.locked(func() error { return removeIndex(v.ledger.dir) })
	if err != nil {
		return fmt.Errorf("make ledger index: %w", err)
	}
	again, err := v.ledger.view()
	if err != nil {
		return err
	}
	v.close()
	again.before = v.before // those that came since are not among them
	*v = *again
	return nil
}

// entry reads and verifies the entry with number i.
func (v *view) entry(i int64, m mark) (Entry, error) {
	end := v.head.size
	if i+1 < v.head.entries {
		next, err := v.index.mark(i + 1)
		if err != nil {
			return Entry{}, err
		}
		end = next.offset
	}
	return m.entry(v.file, i, end)
}
