package totals

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/internal/store/disk"
)

// Month is the frozen report of a calendar month (UTC).
type Month struct {
	Month     string  `json:"month"` // 2026-11
	MinPeople int     `json:"min_people"`
	Rate      float64 `json:"sample_rate"` // at the end of the month
	Tables    []Table `json:"tables"`
}

// Review is the outcome of the messages that were quarantined in a month: counts alone.
type Review struct {
	Outcomes map[string]Shares // opened, released, kept, confirmed, wrong, deleted, expired
	Hours    int64             // median of the time until a decision
	Decided  int64             // number of decisions that the median is of
}

// Shares is how often something happened with messages of each person, by a number that stands for
// them in the month, and with those of all others.
type Shares struct {
	By     map[uint64]int64
	Others int64
}

// Decide counts decisions by the time that each took.
func (r *Review) Decide(taken []time.Duration) {
	if r.Decided = int64(len(taken)); r.Decided > 0 {
		slices.Sort(taken)
		r.Hours = int64(taken[len(taken)/2].Hours())
	}
}

// Archive makes the reports of months and keeps them.
type Archive struct {
	Dir    string
	Source Source
	Ledger ledger.Book // where the hash of a report is kept
	Rules  Rules
	Sizes  map[roster.Group]roster.Size // of the roster's groups
	Review func(ctx context.Context, since, until time.Time) (Review, error)
	Stored func(ctx context.Context) (int64, error) // bytes of quarantine and journal
	Rate   float64
}

const (
	monthForm = "2006-01"
	settled   = 26 * time.Hour // from the end of a month until its last records are in
)

// Errors of reports.
var (
	ErrNotOver = errors.New("the month is not over: its report is made a day after it ends")
	ErrMonth   = errors.New("this is no month: write for instance 2026-11")
)

var monthShape = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)

func (a *Archive) path(month string) string { return filepath.Join(a.Dir, month+".json") }

// Month returns the report of a month. If there is none, it makes and freezes it.
func (a *Archive) Month(ctx context.Context, name string, now time.Time) (Month, error) {
	b, err := a.Frozen(ctx, name, now)
	if err != nil {
		return Month{}, err
	}
	var m Month
	if err := json.Unmarshal(b, &m); err != nil {
		return Month{}, fmt.Errorf("report of %s is damaged: restore it from a backup", name)
	}
	return m, nil
}

// Frozen returns the bytes of a report, whose hash is in the ledger.
func (a *Archive) Frozen(ctx context.Context, name string, now time.Time) ([]byte, error) {
	if !monthShape.MatchString(name) {
		return nil, ErrMonth
	}
	b, err := os.ReadFile(a.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return a.freeze(ctx, name, now)
	}
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	want, err := a.committed(name)
	if err != nil {
		return nil, err
	}
	if want == "" { // a crash came between the file and its entry
		return b, a.commit(ctx, name, b)
	}
	if want != hash(b) {
		return nil, fmt.Errorf(
			"the report of %s is not the one that was frozen, as the ledger shows: restore it from a backup",
			name,
		)
	}
	return b, nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// committed returns the hash of the first report of a month; empty if there is none.
func (a *Archive) committed(name string) (want string, err error) {
	for e, err := range a.Ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.ReportFrozen}, Ref: name, Limit: 1}) {
		if err != nil {
			return "", err
		}
		want = e.Data.Commit
	}
	return want, nil
}

func (a *Archive) commit(ctx context.Context, name string, b []byte) error {
	if _, err := a.Ledger.Append(ctx, ledger.ReportFrozen, ledger.Data{Ref: name, Commit: hash(b)}); err != nil {
		return fmt.Errorf("record the report in the ledger: %w", err)
	}
	return nil
}

func (a *Archive) freeze(ctx context.Context, name string, now time.Time) ([]byte, error) {
	since, err := time.Parse(monthForm, name)
	if err != nil {
		return nil, ErrMonth
	}
	if now.Before(since.AddDate(0, 1, 0).Add(settled)) {
		return nil, ErrNotOver
	}
	if want, err := a.committed(name); err != nil || want != "" {
		return nil, errors.Join(
			fmt.Errorf("the report of %s was frozen before and is gone: restore it from a backup", name),
			err,
		)
	}
	m, err := a.compute(ctx, name, since)
	if err != nil {
		return nil, fmt.Errorf("make report of %s: %w", name, err)
	}
	b, err := encode(m)
	if err != nil {
		return nil, fmt.Errorf("make report of %s: %w", name, err)
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep report: %w", err)
	}
	if err := disk.Create(a.path(name), b); err != nil {
		return nil, fmt.Errorf("keep report: %w", err)
	}
	return b, a.commit(ctx, name, b)
}

// encode writes a report so that equal reports have equal bytes: keys of maps are sorted, and so are rows.
func encode(m Month) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetIndent("", " ")
	err := out.Encode(m)
	return b.Bytes(), err
}

// NoiseKey is the secret of the noise in the reports of a directory: with another one the same month would get other
// noise, and the difference would show what noise hides.
func NoiseKey(dir string) keybook.Key {
	return keybook.Key{
		Name:  "noise.key",
		Path:  filepath.Join(dir, "noise.key"),
		Opens: "the noise of the reports",
		Used: func() (bool, error) {
			reports, err := filepath.Glob(filepath.Join(dir, "*.json"))
			return len(reports) > 0, err
		},
	}
}

// key returns that secret, which is made at first use.
func (a *Archive) key(ctx context.Context) ([]byte, error) {
	key, err := NoiseKey(a.Dir).Open(ctx, a.Ledger, func() []byte {
		fresh := make([]byte, 32)
		rand.Read(fresh) // never fails (crypto/rand, Go 1.24)
		return fresh
	})
	if err == nil && len(key) != 32 {
		err = errors.New("the key of the noise is damaged: restore it from a backup")
	}
	return key, err
}

func (a *Archive) compute(ctx context.Context, name string, since time.Time) (Month, error) {
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return Month{}, err
	}
	key, err := a.key(ctx)
	if err != nil {
		return Month{}, err
	}
	sum := newMonth(name, a.Sizes)
	if err := a.Source.Contributions(ctx, since, derive(key, "people"), sum.take); err != nil {
		return Month{}, err
	}
	until := since.AddDate(0, 1, 0)
	m := Month{
		Month:     name,
		MinPeople: a.Rules.MinPeople,
		Rate:      a.Rate,
		Tables:    sum.tables(a.Rules, derive(key, "noise")),
	}
	review, err := a.review(ctx, since, until)
	if err != nil {
		return Month{}, err
	}
	held := int64(0)
	if a.Stored != nil {
		if held, err = a.Stored(ctx); err != nil {
			return Month{}, err
		}
	}
	room, err := capacity(ctx, a.Source, since, until, held)
	m.Tables = append(m.Tables, review, room)
	return m, err
}

func (a *Archive) review(ctx context.Context, since, until time.Time) (Table, error) {
	t := Table{Name: Reviewed, Rows: []Row{}}
	if a.Review == nil {
		return t, nil
	}
	r, err := a.Review(ctx, since, until)
	if err != nil {
		return t, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.Outcomes)) {
		people := &people{by: r.Outcomes[name].By, others: r.Outcomes[name].Others}
		t.Rows = append(t.Rows, Row{name, map[string]Figure{Records: people.behaviour(a.Rules)}})
	}
	hours := Figure{Hidden: Few}
	if r.Decided >= tens {
		hours = Figure{Value: r.Hours, Base: 1}
	}
	t.Rows = append(t.Rows, Row{"median-hours", map[string]Figure{Hours: hours}})
	return t, nil
}

// Months returns the months that have a frozen report, oldest first.
func (a *Archive) Months() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(a.Dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	var months []string
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); monthShape.MatchString(name) {
			months = append(months, name)
		}
	}
	slices.Sort(months)
	return months, nil
}
