package sampling

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// Report is what the audit of a day shows.
type Report struct {
	Day        string      `json:"day"`
	Rates      []float64   `json:"rates"`    // in their order, if they changed during the day
	Revealed   bool        `json:"revealed"` // the secret is in the ledger; else it is the gateway's own
	Eligible   int         `json:"eligible"`
	Drawn      int         `json:"drawn"`
	Seeded     bool        `json:"seeded"`            // by the board
	Shares     []Share     `json:"shares"`            // by direction and by group
	Early      int         `json:"before_commitment"` // messages from before the day was committed to
	Deviations []filter.ID `json:"deviations"`        // drawn and should not have been, or the reverse
	Counted    int         `json:"counted"`           // draws that the ledger tells of; -1 if it has no count of the day
	Missing    int         `json:"missing"`           // of these have no record
	Uncounted  int         `json:"uncounted"`         // records that are not in the count (yet): after it there was no hour, or a power cut
	Exchanged  bool        `json:"exchanged"`         // as many records as draws, and not the same messages
	Crashes    int         `json:"crashes"`           // of the gateway that day: what it was at has a draw, and may have no record
}

// Fair reports whether every draw was as the secret says, which was committed to before,
// and every one has its record.
func (r Report) Fair() bool {
	return r.Early == 0 && len(r.Deviations) == 0 && r.Missing == 0 && !r.Exchanged
}

// Draws gives the draws of a day to an auditor, as the journal has them.
type Draws func(day string, use func(Draw) error) error

// Draw is one of them.
type Draw struct {
	ID        filter.ID
	Time      time.Time
	Direction string
	Group     string
	Drawn     bool
}

// Audit repeats every draw of a day. It fails if the day was not committed to, or if the
// secret is not the one that was.
func Audit(day, dir string, entries func(func(ledger.Entry) error) error, draws Draws) (Report, error) {
	r := Report{Day: day, Deviations: []filter.ID{}, Counted: -1}
	commit, secret := "", ""
	var rates timeline
	var committed time.Time
	var seeds seeds
	var told count
	running := false
	err := entries(func(e ledger.Entry) error {
		switch e.Kind {
		case ledger.GatewayStarted:
			if running && e.Time.UTC().Format(dayForm) == day {
				r.Crashes++
			}
			running = true
		case ledger.GatewayStopped:
			running = false
		}
		if e.Kind == ledger.SamplingSeed {
			return seeds.take(e)
		}
		if e.Data.Day != day {
			return nil
		}
		switch e.Kind {
		case ledger.SamplingCommit:
			if commit != "" && commit != e.Data.Commit { // the same one again is what a crash leaves
				return fmt.Errorf("day %s was committed to twice, in entry %d with another secret", day, e.Index)
			}
			if commit == "" {
				rates, committed = timeline{{0, e.Data.Rate}}, e.Time
			}
			commit = e.Data.Commit
		case ledger.SamplingRate:
			if early := e.Time.UnixMilli() - e.Data.Since; len(rates) == 0 || early > backdated.Milliseconds() || e.Data.Since < rates[len(rates)-1].Since {
				return fmt.Errorf("entry %d changes the rate of %s for a time before itself", e.Index, day)
			}
			rates = append(rates, change{e.Data.Since, e.Data.Rate})
		case ledger.SamplingReveal:
			secret, r.Revealed = e.Data.Secret, true
		case ledger.SamplingCount:
			c, err := countOf(e)
			if err != nil {
				return err
			}
			if c.n < told.n {
				return fmt.Errorf("entry %d counts fewer draws of %s than one before it", e.Index, day)
			}
			told, r.Counted = c, e.Data.Count
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if commit == "" {
		return r, fmt.Errorf("there is no commitment to %s in the ledger: no draw of that day can be checked", day)
	}
	key, err := hex.DecodeString(secret)
	if err != nil {
		return r, errors.New("the revealed secret is broken")
	}
	if secret == "" {
		c, err := read(filepath.Join(dir, day+".json"))
		if err != nil {
			return r, err
		}
		key = c.Secret
	}
	if sum := sha256.Sum256(key); hex.EncodeToString(sum[:]) != commit {
		return r, errors.New("the secret is not the one that was committed to: the sample of this day is not to be trusted")
	}
	for _, c := range rates {
		r.Rates = append(r.Rates, c.Rate)
	}
	seed := seeds.of(day)
	r.Seeded = seed != nil
	return r, r.repeat(key, seed, committed, rates, told, draws)
}

// backdated is how long writing a commitment, or a change of the rate, may take.
const backdated = time.Minute

func (r *Report) repeat(secret, seed []byte, committed time.Time, rates timeline, told count, draws Draws) error {
	mac := hmac.New(sha256.New, secret)
	var sum [sha256.Size]byte
	var found count
	shares := map[string]*Share{}
	count := func(of string, rate float64, drawn bool) {
		s := shares[of]
		if s == nil {
			s = &Share{Of: of}
			shares[of] = s
		}
		s.add(rate, drawn)
	}
	err := draws(r.Day, func(d Draw) error {
		r.Eligible++
		if committed.Sub(d.Time) > backdated {
			r.Early++
		}
		if d.Drawn {
			r.Drawn++
		}
		rate := rates.at(d.Time)
		count("direction "+d.Direction, rate, d.Drawn)
		count("group "+cmp.Or(d.Group, "-"), rate, d.Drawn)
		if draw(mac, &sum, seed, d.ID, threshold(rate)) != d.Drawn {
			r.Deviations = append(r.Deviations, d.ID)
		}
		found.add(&sum)
		return nil
	})
	if r.Counted >= 0 {
		r.Missing, r.Uncounted = max(0, r.Counted-r.Eligible), max(0, r.Eligible-r.Counted)
		r.Exchanged = found.n == told.n && found.sum != told.sum
	}
	for _, of := range slices.Sorted(maps.Keys(shares)) {
		r.Shares = append(r.Shares, shares[of].judged())
	}
	return err
}
