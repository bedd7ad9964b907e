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
	Counted    int         `json:"counted"`           // draws that the ledger counts; -1: it has no count of the day
	Lost       int         `json:"lost"`              // of these lost their record in a crash, as the ledger has it
	Missing    int         `json:"missing"`           // of the others have no record
	Uncounted  int         `json:"uncounted"`         // records that are not in the count (yet)
	Unnumbered int         `json:"unnumbered"`        // records of messages that the list of draws does not have
	Repeated   int         `json:"repeated"`          // records of a message that has one already
	Exchanged  bool        `json:"exchanged"`         // as many records as draws, and not the same messages
	Crashes    int         `json:"crashes"`           // of the gateway that day: a draw may lack its record
}

// Fair reports whether every draw was as the secret says, which was committed to before,
// and every one has its record.
func (r Report) Fair() bool {
	return r.Early == 0 && len(r.Deviations) == 0 && r.Missing == 0 && !r.Exchanged &&
		r.Unnumbered == 0 && r.Repeated == 0
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

// Deviating returns how many records are not of a draw as the secret and the list of draws say.
func (r Report) Deviating() int { return len(r.Deviations) + r.Unnumbered + r.Repeated }

// Audit repeats every draw of a day. It fails if the day was not committed to, or if the
// secret is not the one that was. dir has the secret while it is not revealed.
func Audit(day, dir string, l ledger.Finder, draws Draws) (Report, error) {
	p := proof{day: day, counted: -1}
	for e, err := range l.Find(ledger.Query{Kinds: proofKinds}) {
		if err == nil {
			err = p.take(e)
		}
		if err != nil {
			return Report{Day: day}, err
		}
	}
	r := Report{
		Day:        day,
		Deviations: []filter.ID{},
		Counted:    p.counted,
		Crashes:    p.crashes,
		Revealed:   p.secret != "",
	}
	if p.commit == "" {
		return r, fmt.Errorf("there is no commitment to %s in the ledger: no draw of that day can be checked", day)
	}
	key, err := p.key(dir)
	if err != nil {
		return r, err
	}
	for _, c := range p.rates {
		r.Rates = append(r.Rates, c.Rate)
	}
	r.Seeded = p.seeds.of(day) != nil
	list, err := p.list(dir)
	if err != nil {
		return r, err
	}
	return r, r.repeat(key, p, list, draws)
}

// proof is what the ledger has of a day's sample.
type proof struct {
	day       string
	commit    string // the secret's hash
	committed time.Time
	secret    string // empty: not revealed
	rates     timeline
	seeds     seeds
	draws     count
	lost      count
	counted   int // draws; -1: no count is in the ledger
	crashes   int // of the gateway that day
	running   bool
	numbered  bool
	counts    []ledger.Entry
}

// list returns the list of the day's draws, as the ledger has the hash of it.
func (p *proof) list(dir string) (listed, error) {
	if !p.numbered {
		return listed{}, nil
	}
	l, err := readNumbers(dir, p.day)
	if err == nil {
		err = l.verify(p.day, p.counts)
	}
	return l, err
}

// proofKinds are the kinds of entries that a proof takes.
var proofKinds = []ledger.Kind{
	ledger.GatewayStarted, ledger.GatewayStopped, ledger.SamplingSeed, ledger.SamplingCommit,
	ledger.SamplingRate, ledger.SamplingReveal, ledger.SamplingCount, ledger.SamplingLost, ledger.SamplingVoid,
}

// take adds an entry, of whichever day.
func (p *proof) take(e ledger.Entry) error {
	switch e.Kind {
	case ledger.GatewayStarted:
		if p.running && e.Time.UTC().Format(dayForm) == p.day {
			p.crashes++
		}
		p.running = true
		return nil
	case ledger.GatewayStopped:
		p.running = false
		return nil
	case ledger.SamplingSeed:
		return p.seeds.take(e)
	}
	if e.Data.Day != p.day {
		return nil
	}
	switch e.Kind {
	case ledger.SamplingCommit:
		if p.commit != "" && p.commit != e.Data.Commit { // the same one again is what a crash leaves
			return fmt.Errorf("day %s was committed to twice, in entry %d with another secret", p.day, e.Index)
		}
		if p.commit == "" {
			p.rates, p.committed = timeline{{0, e.Data.Rate}}, e.Time
			p.numbered = e.Data.Step == numberedDay
		}
		p.commit = e.Data.Commit
	case ledger.SamplingRate:
		return p.takeRate(e)
	case ledger.SamplingVoid:
		return fmt.Errorf("%w: its secret was lost before entry %d, and no draw until then can be checked",
			ErrVoid, e.Index)
	case ledger.SamplingReveal:
		p.secret = e.Data.Secret
	case ledger.SamplingCount:
		return p.takeCount(e)
	case ledger.SamplingLost:
		lost, err := countOf(e)
		p.lost.plus(lost)
		return err
	}
	return nil
}

func (p *proof) takeRate(e ledger.Entry) error {
	early := e.Time.UnixMilli() - e.Data.Since
	if len(p.rates) == 0 || early > backdated.Milliseconds() || e.Data.Since < p.rates[len(p.rates)-1].Since {
		return fmt.Errorf("entry %d changes the rate of %s for a time before itself", e.Index, p.day)
	}
	p.rates = append(p.rates, change{e.Data.Since, e.Data.Rate})
	return nil
}

func (p *proof) takeCount(e ledger.Entry) error {
	c, err := countOf(e)
	if err != nil {
		return err
	}
	if c.n < p.draws.n {
		return fmt.Errorf("entry %d counts fewer draws of %s than one before it", e.Index, p.day)
	}
	p.draws, p.counted = c, e.Data.Count
	p.counts = append(p.counts, e)
	return nil
}

// key returns the day's secret, from the ledger or else from dir.
func (p *proof) key(dir string) ([]byte, error) {
	key, err := hex.DecodeString(p.secret)
	if err != nil {
		return nil, errors.New("the revealed secret is broken")
	}
	if p.secret == "" {
		c, err := read(filepath.Join(dir, p.day+".json"))
		if err != nil {
			return nil, err
		}
		key = c.Secret
	}
	if sum := sha256.Sum256(key); hex.EncodeToString(sum[:]) != p.commit {
		return nil, errors.New("the secret is not the one that was committed to: do not trust the sample of this day")
	}
	return key, nil
}

// backdated is how long writing a commitment, or a change of the rate, may take.
const backdated = time.Minute

func (r *Report) repeat(secret []byte, p proof, list listed, draws Draws) error {
	seed := p.seeds.of(r.Day)
	mac := hmac.New(sha256.New, secret)
	var sum [sha256.Size]byte
	var found count
	of, seen := numbered(secret, seed), map[uint64]bool{}
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
		if p.committed.Sub(d.Time) > backdated {
			r.Early++
		}
		if d.Drawn {
			r.Drawn++
		}
		rate := p.rates.at(d.Time)
		count("direction "+d.Direction, rate, d.Drawn)
		count("group "+cmp.Or(d.Group, "-"), rate, d.Drawn)
		is := false
		if p.numbered {
			n, ok := list.numbers[d.ID]
			switch {
			case !ok:
				r.Unnumbered++
				return nil
			case seen[n]:
				r.Repeated++
				return nil
			}
			seen[n] = true
			of(n, &sum)
			is = isBelow(&sum, threshold(rate))
		} else {
			is = draw(mac, &sum, seed, d.ID, threshold(rate))
		}
		if is != d.Drawn {
			r.Deviations = append(r.Deviations, d.ID)
		}
		found.add(&sum)
		return nil
	})
	r.Lost = int(p.lost.n)
	found.plus(p.lost)
	if r.Counted >= 0 {
		known := int(found.n)
		r.Missing, r.Uncounted = max(0, r.Counted-known), max(0, known-r.Counted)
		r.Exchanged = found.n == p.draws.n && found.sum != p.draws.sum
	}
	for _, of := range slices.Sorted(maps.Keys(shares)) {
		r.Shares = append(r.Shares, shares[of].judged())
	}
	return err
}
