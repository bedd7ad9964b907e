package health

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
)

// How long records may wait for the database.
const (
	behind    = 10 * time.Minute
	farBehind = 24 * time.Hour
)

// Journal checks what waits for the database in the directory of segments.
func Journal(dir string, dropped func() int64) Check {
	return func(_ context.Context, now time.Time) Result {
		n, oldest, err := waiting(dir)
		r := ok(texts.Message("journal"), texts.Message("journal-waiting", n))
		age, lost := now.Sub(oldest), dropped()
		switch {
		case err != nil:
			r.State = Broken
			r.Found = texts.Message("unreadable")
			r.Advice = texts.Message("journal-directory")
		case lost > 0:
			r.State = Broken
			r.Found = texts.Message("journal-lost", lost)
			r.Advice = texts.Message("journal-slow")
		case n > 0 && age > farBehind:
			r.State = Broken
			r.Advice = texts.Message("journal-late")
		case n > 0 && age > behind:
			r.State = Attention
			r.Advice = texts.Message("journal-late")
		}
		return r
	}
}

// waiting counts the files of a directory, and returns the time of the oldest.
func waiting(dir string) (n int, oldest time.Time, err error) {
	files, err := os.ReadDir(dir)
	if os.IsNotExist(err) { // nothing was ever written
		return 0, time.Time{}, nil
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.IsDir() || info.Size() == 0 { // gone meanwhile
			continue
		}
		if n++; oldest.IsZero() || info.ModTime().Before(oldest) {
			oldest = info.ModTime()
		}
	}
	return n, oldest, err
}

// Spool checks for files that were left by transactions that ended long ago.
func Spool(dir string) Check {
	return func(_ context.Context, now time.Time) Result {
		n, oldest, err := waiting(dir)
		r := ok(texts.Message("spool"), texts.Message("spool-files", n))
		switch {
		case err != nil:
			r.State = Broken
			r.Found = texts.Message("unreadable")
			r.Advice = texts.Message("spool-directory")
		case n > 0 && now.Sub(oldest) > 24*time.Hour:
			r.State = Attention
			r.Advice = texts.Message("spool-left", filepath.Base(dir))
		}
		return r
	}
}

// Limits checks how often a limit of the mail relay was reached lately, by strangers and by those whom
// the configuration knows.
func Limits(reached func() (strangers, known int64)) Check {
	return func(context.Context, time.Time) Result {
		strangers, known := reached()
		r := ok(texts.Message("limits"), texts.Message("limits-reached", strangers, known))
		if known > 0 {
			r.State = Attention
			r.Advice = texts.Message("limits-known")
		}
		return r
	}
}

// oldWaiting is how long a message may wait for review.
const oldWaiting = 7 * 24 * time.Hour

// Quarantine checks what waits for review, and releases that failed.
func Quarantine(counts func(context.Context) (quarantine.Counts, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("quarantine")
		c, err := counts(ctx)
		if err != nil {
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("unreadable"),
				Advice: texts.Message("quarantine-log"),
			}
		}
		held, failed := c.Of[quarantine.Quarantined], c.Of[quarantine.Failed]
		old := 0
		if !c.Oldest.IsZero() {
			old = days(now.Sub(c.Oldest))
		}
		r := ok(name, texts.Message("quarantine-counts", held, old, failed))
		switch {
		case failed > 0:
			r.State = Attention
			r.Advice = texts.Message("quarantine-refused")
		case held > 0 && now.Sub(c.Oldest) > oldWaiting:
			r.State = Attention
			r.Advice = texts.Message("quarantine-old")
		}
		return r
	}
}

// Files checks whether the files can be read that mail can do without: orders, exceptions, accounts
// and the like. unreadable names those that cannot.
func Files(unreadable func(context.Context, time.Time) []string) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("files")
		names := unreadable(ctx, now)
		if len(names) == 0 {
			return ok(name, texts.Message("files-readable"))
		}
		return Result{
			Name:   name,
			State:  Broken,
			Found:  texts.Message("files-damaged", someOf(names)),
			Advice: texts.Message("files-restore"),
		}
	}
}

// someOf lists names, the first ten of them.
func someOf(names []string) string {
	const most = 10
	if n := len(names) - most; n > 0 {
		names = append(names[:most:most], fmt.Sprintf("+%d", n))
	}
	return strings.Join(names, ", ")
}

// Ledger checks what came of verifying the whole ledger, and when that was.
func Ledger(verified func(context.Context) (time.Time, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("ledger")
		at, err := verified(ctx)
		found := texts.Message("unreadable")
		switch {
		case ctx.Err() != nil || err == nil && at.IsZero():
			return ok(name, texts.Message("ledger-later"))
		case errors.Is(err, ledger.ErrBroken):
			found = texts.Message("ledger-broken")
		case err == nil:
			return ok(name, texts.Message("ledger-verified"))
		}
		return Result{Name: name, State: Broken, Found: found, Advice: texts.Message("ledger-adopt")}
	}
}

// Keys checks whether a key is lost. lost names them.
func Keys(lost func(context.Context, time.Time) ([]string, error)) Check {
	return func(ctx context.Context, now time.Time) Result {
		name := texts.Message("keys")
		names, err := lost(ctx, now)
		found := texts.Message("unreadable")
		switch {
		case len(names) > 0:
			found = texts.Message("keys-lost", strings.Join(names, ", "))
		case err == nil:
			return ok(name, texts.Message("keys-there"))
		}
		return Result{Name: name, State: Broken, Found: found, Advice: texts.Message("keys-restore")}
	}
}

// oldList is how long a list may go without being checked.
const oldList = 8 * 24 * time.Hour

// Lists checks the lists of sites.
func Lists(states []sitelists.State) []Check {
	var all []Check
	for _, st := range states {
		all = append(all, func(_ context.Context, now time.Time) Result { return list(st, now) })
	}
	return all
}

func list(st sitelists.State, now time.Time) Result {
	r := ok(texts.Message("list", st.Name), texts.Message("list-names", st.Names))
	switch {
	case st.Sum == "":
		r.State = Broken
		r.Found = texts.Message("list-never")
		r.Advice = texts.Message("list-fetch-first")
	case st.Error != "":
		r.State = Attention
		r.Advice = texts.Message("list-fetch")
	case now.Sub(st.Checked) > oldList:
		r.State = Attention
		r.Found = texts.Message("list-old", days(now.Sub(st.Checked)))
		r.Advice = texts.Message("list-fetch")
	case st.Withheld > 0:
		const most = 10
		r.State = Attention
		r.Advice = texts.Message("list-withheld", strings.Join(st.WellKnown[:min(len(st.WellKnown), most)], ", "))
	}
	return r
}
