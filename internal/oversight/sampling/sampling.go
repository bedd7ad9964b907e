// Package sampling draws the random sample in which leaks are looked for (C3.3b), so that
// anyone can check afterwards that it was fair.
//
// Each day (UTC) has a secret of 256 bits. Its hash and the rate are in the ledger before
// the day's first draw. Another rate counts from the next day on, as dice do: nobody sets it
// for the moment in which one person mails. The secret itself is in the ledger a day after the
// day has ended. A message is drawn if
// HMAC-SHA256(secret, seed and its number), as a number of 64 bits, is below the rate; the
// messages of a day are numbered as they come, from 0 on without a gap. Whoever has the
// secret can repeat every draw, and no person could choose one.
//
// How many messages took part, a hash of the list of them, and a sum of what was drawn for
// them, stands in the ledger from hour to hour, so that a record that is taken away later is
// missed, and a number that is given to another message is seen.
//
// It does not promise that a message that comes again is no second lot, nor that a changed
// program, which knows the day's secret, does not let messages wait for a number.
//
// The seed is the board's: digits that it rolled with dice, which count from the next day
// on. That day's secret is committed to by then, so that neither who runs the gateway nor
// the board can choose what is drawn. Without dice there is no seed.
package sampling

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Sampler draws. It is safe for concurrent use.
type Sampler struct {
	dir    string
	ledger ledger.Book

	mu      sync.Mutex
	rate    float64 // of the configuration
	by      string  // what it came with: startWith, reloadWith
	begun   string  // the latest day of which messages came
	day     string  // of what follows
	rates   timeline
	mac     hash.Hash
	mixed   []byte // the board's seed, hashed; nil if there is none
	sum     [sha256.Size]byte
	count   count    // of the day
	numbers *numbers // of the day; nil: an older build committed to it
	counts  *os.File // where it is
	buffer  [countSize]byte

	unrecorded unrecorded

	steady   func() time.Time // a clock whose differences are right, whatever the time of day is
	prepared time.Time        // by it, at the last Prepare
}

// committed is a day's secret, on disk.
type committed struct {
	Secret []byte   `json:"secret"`
	Rates  timeline `json:"rates"`

	// Numbered is false of a day that an older build committed to: its draws depend on IDs.
	Numbered bool `json:"numbered,omitempty"`

	Index  int64 `json:"index"`            // of the commitment in the ledger; -1 before it is there
	Waited int64 `json:"waited,omitempty"` // milliseconds that the gateway ran since the day was over
}

// Open returns a sampler that keeps its secrets in dir. The rate is from 0 to 1; Prepare
// makes it count.
func Open(dir string, l ledger.Book, rate float64) (*Sampler, error) {
	if err := checkRate(rate); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of sampling secrets: %w", err)
	}
	return &Sampler{dir: dir, ledger: l, rate: rate, by: startWith, steady: time.Now}, nil
}

// What a rate comes with: the step of its entry in the ledger.
const (
	startWith  = "start"
	reloadWith = "reload"
)

const dayForm = "2006-01-02"

func checkRate(rate float64) error {
	if !(rate >= 0 && rate <= 1) {
		return fmt.Errorf("sample rate %v is not between 0 and 1", rate)
	}
	return nil
}

// SetRate changes the rate from the next day (UTC) on, after that is in the ledger.
func (s *Sampler) SetRate(ctx context.Context, rate float64, now time.Time) error {
	if err := checkRate(rate); err != nil {
		return err
	}
	s.mu.Lock()
	old, by := s.rate, s.by
	s.rate, s.by = rate, reloadWith
	s.mu.Unlock()
	if err := s.Prepare(ctx, now); err != nil {
		s.mu.Lock()
		s.rate, s.by = old, by
		s.mu.Unlock()
		return err
	}
	return nil
}

// Prepare commits to the day of now at the rate that holds, and to the next at that of the
// configuration, and reveals
// the days that ended more than 24 hours ago: by the clock, and by the time that the gateway
// ran since, so that a clock that is wrong for a moment reveals nothing early. The gateway
// calls it before it takes mail, and every hour.
func (s *Sampler) Prepare(ctx context.Context, now time.Time) error {
	for _, t := range []time.Time{now, now.Add(24 * time.Hour)} {
		if err := s.prepare(ctx, t.UTC().Format(dayForm), now); err != nil {
			return err
		}
	}
	if err := s.goOver(ctx, now); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return fmt.Errorf("list sampling secrets: %w", err)
	}
	ran := s.ran()
	for _, f := range files {
		day, err := time.Parse(dayForm+".json", filepath.Base(f))
		if err != nil || now.Sub(day) <= 24*time.Hour {
			continue
		}
		over, err := s.wait(day.Format(dayForm), min(ran, now.Sub(day)-24*time.Hour))
		if errors.Is(err, errDamaged) { // what it would have shown is lost
			s.mu.Lock()
			err = s.sound(ctx, day.Format(dayForm))
			s.mu.Unlock()
		}
		if err != nil {
			return err
		}
		if over && now.Sub(day) > 48*time.Hour {
			if err := s.reveal(ctx, f, day.Format(dayForm)); err != nil {
				return err
			}
		}
	}
	return s.recordCounts(ctx, now)
}

// ran returns how long the gateway ran since the last Prepare; nothing for the first.
func (s *Sampler) ran() (ran time.Duration) {
	now := s.steady()
	if !s.prepared.IsZero() {
		ran = max(0, now.Sub(s.prepared))
	}
	s.prepared = now
	return ran
}

// wait adds the time that the gateway ran to what it waited since a day was over, and reports
// whether that is long enough to reveal the day.
func (s *Sampler) wait(day string, ran time.Duration) (enough bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := read(s.path(day))
	if err != nil {
		return false, err
	}
	c.Waited += ran.Milliseconds()
	if ran > 0 {
		err = s.keep(day, c)
	}
	const slack = 2 * time.Hour // between two calls, and around a restart
	return time.Duration(c.Waited)*time.Millisecond >= 24*time.Hour-slack, err
}

// goOver goes over to the day of now before its first draw, which then needs no room on disk.
func (s *Sampler) goOver(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := now.UTC().Format(dayForm); s.day < day {
		return s.begin(ctx, day)
	}
	return nil
}

// prepare commits to a day, and gives it the rate of the configuration if it has not begun.
func (s *Sampler) prepare(ctx context.Context, day string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.commit(ctx, day)
	if err != nil || c.Rates.last() == s.rate {
		return err
	}
	begin, err := time.Parse(dayForm, day)
	if err != nil || !now.Before(begin) || s.begun >= day { // a message of that day came while this waited
		return err
	}
	act := ledger.Data{Day: day, Rate: s.rate, Since: begin.UnixMilli(), Step: s.by}
	if _, err := s.ledger.Append(ctx, ledger.SamplingRate, act); err != nil {
		return fmt.Errorf("change the rate of %s: %w", day, err)
	}
	c.Rates = append(c.Rates, change{act.Since, s.rate})
	if err := s.keep(day, c); err != nil {
		return fmt.Errorf("change the rate of %s: %w", day, err)
	}
	return nil
}

func (s *Sampler) path(day string) string { return filepath.Join(s.dir, day+".json") }

func (s *Sampler) keep(day string, c committed) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return disk.Replace(s.path(day), b)
}

// commit returns the day's secret, which is in the ledger by then. Callers hold the lock.
func (s *Sampler) commit(ctx context.Context, day string) (committed, error) {
	rate, err := s.standing()
	if err != nil {
		return committed{}, err
	}
	if err := s.sound(ctx, day); err != nil {
		return committed{}, err
	}
	c, err := readOrCreate(s.path(day), func() committed {
		c := committed{Secret: make([]byte, 32), Rates: timeline{{0, rate}}, Numbered: true, Index: -1}
		rand.Read(c.Secret) // never fails (crypto/rand, Go 1.24)
		return c
	})
	if err != nil {
		return c, err
	}
	sum := sha256.Sum256(c.Secret)
	if known, err := s.committed(day, hex.EncodeToString(sum[:])); known && c.Index >= 0 || err != nil {
		return c, err
	}
	if c.Index >= 0 { // by a ledger that is not there any more, and neither are the changes in it
		c.Rates = timeline{{0, c.Rates.last()}}
	}
	act := ledger.Data{Day: day, Commit: hex.EncodeToString(sum[:]), Rate: c.Rates[0].Rate}
	if c.Numbered {
		act.Step = numberedDay
	}
	receipt, err := s.ledger.Append(ctx, ledger.SamplingCommit, act)
	if err != nil {
		return c, fmt.Errorf("commit to the sample of %s: %w", day, err)
	}
	c.Index = receipt.Index()
	if err := s.keep(day, c); err != nil {
		return c, fmt.Errorf("commit to the sample of %s: %w", day, err)
	}
	return c, nil
}

// standing returns the rate of the last day that the ledger has one of; of the configuration where there
// is none.
func (s *Sampler) standing() (float64, error) {
	kinds := []ledger.Kind{ledger.SamplingCommit, ledger.SamplingRate}
	for e, err := range s.ledger.Find(ledger.Query{Kinds: kinds, Newest: true, Limit: 1}) {
		if err != nil {
			return 0, fmt.Errorf("read the rate of the sample: %w", err)
		}
		return e.Data.Rate, nil
	}
	return s.rate, nil
}

// committed reports whether the ledger has the commitment to a secret: a ledger that was begun anew
// has not.
func (s *Sampler) committed(day, sum string) (known bool, err error) {
	for e, err := range s.ledger.Find(ledger.Query{Kinds: []ledger.Kind{ledger.SamplingCommit}, Newest: true}) {
		if err != nil {
			return false, fmt.Errorf("commit to the sample of %s: %w", day, err)
		}
		if e.Data.Day == day && e.Data.Commit == sum {
			return true, nil
		}
	}
	return false, nil
}

// readOrCreate reads a day's secret, or makes it.
func readOrCreate(path string, fresh func() committed) (committed, error) {
	b, err := disk.ReadOrCreate(path, func() []byte {
		b, err := json.Marshal(fresh())
		if err != nil {
			panic(err) // bytes and numbers can always be encoded
		}
		return b
	})
	if err != nil {
		return committed{}, fmt.Errorf("read sampling secret: %w", err)
	}
	return parse(b)
}

func read(path string) (committed, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return committed{}, fmt.Errorf("read sampling secret: %w", err)
	}
	return parse(b)
}

func parse(b []byte) (c committed, err error) {
	if err := json.Unmarshal(b, &c); err != nil || len(c.Secret) != 32 || len(c.Rates) == 0 {
		return c, errDamaged
	}
	return c, nil
}

func (s *Sampler) reveal(ctx context.Context, path, day string) error {
	c, err := read(path)
	if err != nil {
		return err
	}
	act := ledger.Data{Day: day, Secret: hex.EncodeToString(c.Secret)}
	if _, err := s.ledger.Append(ctx, ledger.SamplingReveal, act); err != nil {
		return fmt.Errorf("reveal the sample of %s: %w", day, err)
	}
	if err := disk.Remove(path); err != nil {
		return fmt.Errorf("reveal the sample of %s: %w", day, err)
	}
	return nil
}

// Draw reports whether the message is drawn, and counts it. It is called once for each
// message that takes part. It implements filter.Sampler.
func (s *Sampler) Draw(id filter.ID, at time.Time) (bool, error) {
	day := at.UTC().Format(dayForm)
	s.mu.Lock()
	defer s.mu.Unlock()
	if day != s.day {
		if err := s.begin(context.Background(), day); err != nil {
			return false, err
		}
	}
	if err := s.unrecorded.add(open{id, at}); err != nil {
		return false, err
	}
	cut := threshold(s.rates.at(at))
	if s.numbers == nil {
		drawn := draw(s.mac, &s.sum, s.mixed, id, cut)
		return drawn, s.countDraw()
	}
	if err := s.numbers.next(id, &s.sum); err != nil {
		return false, err
	}
	return isBelow(&s.sum, cut), s.countDraw()
}

// begin goes over to a day. Callers hold the lock.
func (s *Sampler) begin(ctx context.Context, day string) error {
	c, err := s.commit(ctx, day)
	if err != nil {
		return err
	}
	seed, err := s.seed(day)
	if err != nil {
		return err
	}
	s.day = "" // unless all goes well
	if err := errors.Join(s.startCount(day), s.startNumbers(day, c, seed), s.unrecorded.begin(s.dir)); err != nil {
		return err
	}
	s.begun = max(s.begun, day)
	s.day, s.rates, s.mac, s.mixed = day, c.Rates, hmac.New(sha256.New, c.Secret), seed
	return nil
}

func draw(mac hash.Hash, sum *[sha256.Size]byte, seed []byte, id filter.ID, cut uint64) bool {
	mac.Reset()
	mac.Write(seed)
	mac.Write(id[:])
	return binary.BigEndian.Uint64(mac.Sum(sum[:0])) < cut || cut == math.MaxUint64
}

// threshold returns the number that draws are below at a rate.
func threshold(rate float64) uint64 {
	if rate >= 1 {
		return math.MaxUint64
	}
	return uint64(rate * (1 << 32) * (1 << 32))
}

// timeline is the rates of a day, in their order.
type timeline []change

// change is a rate and from when it holds, in milliseconds since 1970 (UTC).
type change struct {
	Since int64   `json:"since"`
	Rate  float64 `json:"rate"`
}

func (t timeline) last() float64 { return t[len(t)-1].Rate }

// at returns the rate that holds at a time.
func (t timeline) at(when time.Time) float64 {
	ms := when.UnixMilli()
	for i := len(t) - 1; i > 0; i-- {
		if t[i].Since <= ms {
			return t[i].Rate
		}
	}
	return t[0].Rate
}
