package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"sluis/internal/store/disk"
)

// The errors of Erase.
var (
	// ErrNotErasable is returned for an entry without a text, and for one in the first format, where the
	// text and the closed fields have one hash.
	ErrNotErasable = errors.New("this entry has no text that can be erased by itself")
	// ErrNoEntry is returned for a number that no entry has.
	ErrNoEntry = errors.New("there is no such entry")
	// ErrEraser is returned to everybody but the privacy officer.
	ErrEraser = errors.New("only the privacy officer erases a text")
)

// Erase removes the text of an entry, for instance when a name stands in a reason (GDPR art. 17). Who
// did what, about which and when stays, and so does every proof. d says who erases, and why. The
// erasure is an entry itself, which comes first. It can be repeated if it failed half-way.
func (l *Ledger) Erase(ctx context.Context, index int64, d Data) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.Reason == "" {
		return errors.New("erase from the ledger: say why")
	}
	if d.Role != Privacy {
		return ErrEraser
	}
	return l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		if index < 0 || index >= l.head.entries {
			return fmt.Errorf("erase from the ledger: entry %d: %w", index, ErrNoEntry)
		}
		if _, _, err := l.without(index); err != nil {
			return err
		}
		d.Ref = fmt.Sprint(index)
		if _, err := l.append(PayloadErased, d); err != nil {
			return err
		}
		text, changed, err := l.without(index)
		if err != nil || !changed {
			return err
		}
		if err := disk.Replace(l.file(), text); err != nil {
			return fmt.Errorf("erase from the ledger: %w", err)
		}
		return l.read()
	})
}

// without returns the file without the text of one entry.
func (l *Ledger) without(index int64) (text []byte, changed bool, err error) {
	b, err := os.ReadFile(l.file())
	if err != nil {
		return nil, false, fmt.Errorf("erase from the ledger: %w", err)
	}
	out, n := make([]byte, 0, len(b)), int64(0)
	for text := range bytes.Lines(b) {
		text = bytes.TrimSuffix(text, []byte("\n"))
		if n == index {
			read, _, err := readLine(text, n)
			if err != nil {
				return nil, false, err
			}
			if read.Version == 0 || read.Text == nil && !read.erased {
				return nil, false, ErrNotErasable
			}
			changed = !read.erased
			text = read.erase().append(nil)
		}
		out = append(append(out, text...), '\n')
		n++
	}
	return out, changed, nil
}

// erasures compares the entries that lack their text with those that say so. The zero value is ready
// for use.
type erasures struct {
	erased []int64
	named  map[int64]bool
}

// take adds a line.
func (x *erasures) take(l line) {
	if l.erased {
		x.erased = append(x.erased, l.Index)
	}
	if l.Kind != PayloadErased || l.Data == nil {
		return
	}
	if of, err := strconv.ParseInt(l.Data.Ref, 10, 64); err == nil && of < l.Index {
		if x.named == nil {
			x.named = map[int64]bool{}
		}
		x.named[of] = true
	}
}

// verify returns an error for the first text that was taken away without an entry that says so.
func (x *erasures) verify() error {
	for _, n := range x.erased {
		if !x.named[n] {
			return fmt.Errorf("entry %d is broken: its text was taken away, and no entry says so", n)
		}
	}
	return nil
}
