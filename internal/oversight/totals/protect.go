package totals

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Rules are the bounds of disclosure.
type Rules struct {
	MinPeople int // behind a figure, at least 5
}

// Bounds of dominance, in percent, and of small counts of behaviour.
const (
	maxLargest    = 30 // of the largest contribution
	maxLargestTwo = 50 // of the two largest
	fewerThan     = 10
	lowestRule    = 5
)

// Why is the reason for which a figure is hidden.
type Why string

// The reasons.
const (
	Shown      Why = ""
	FewPeople  Why = "few-people"
	Dominated  Why = "dominated"
	Complement Why = "complement" // it would disclose another figure
	Few        Why = "few"        // fewer than 10, of behaviour
	Missing    Why = "missing"    // a month of it is hidden, or not there
)

// Figure is a number that may leave this package.
type Figure struct {
	Value  int64 `json:"value"` // 0 if hidden
	Hidden Why   `json:"hidden,omitempty"`
	Base   int64 `json:"base,omitempty"` // Value is a multiple of it; the noise is at most twice this
}

// people are the contributions to a figure.
type people struct {
	by     map[uint64]int64 // of each person, by the number of their pseudonym
	crowd  int64            // of all people without a pseudonym together
	number int              // of people without a pseudonym, by the roster
}

func newPeople() *people { return &people{by: map[uint64]int64{}} }

func (p *people) add(person uint64, n int64) {
	if person == 0 {
		p.crowd += n
		return
	}
	p.by[person] += n
}

// join adds the contributions of q.
func (p *people) join(q *people) {
	for person, n := range q.by {
		p.by[person] += n
	}
	p.crowd += q.crowd
	p.number = max(p.number, q.number) // they may be the same people
}

// total returns the true sum.
func (p *people) total() (sum int64) {
	for _, n := range p.by {
		sum += n
	}
	return sum + p.crowd
}

// safe returns why a figure of these people may not be shown; Shown if it may.
func (p *people) safe(r Rules) Why {
	var largest, second, contributors int64
	for _, n := range p.by {
		if n == 0 {
			continue
		}
		contributors++
		if n > largest {
			largest, second = n, largest
		} else {
			second = max(second, n)
		}
	}
	crowd := int64(0)
	if p.number >= r.MinPeople {
		crowd = int64(p.number) // a smaller crowd counts for no one, and hides its figure
	} else if p.crowd > 0 && contributors == 0 {
		return FewPeople
	}
	if contributors+crowd < int64(max(r.MinPeople, lowestRule)) {
		return FewPeople
	}
	total := p.total()
	if 100*largest > maxLargest*total || 100*(largest+second) > maxLargestTwo*total {
		return Dominated
	}
	return Shown
}

// ladder returns the smallest of 1, 2, 5, 10, 20, 50 ... that is at least n.
func ladder(n int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if m*step >= n {
				return m * step
			}
		}
	}
}

// bound returns the most that one person may add: twice the median contribution, rounded up
// to the next step of the ladder, so that a single person cannot move it.
func (p *people) bound() int64 {
	var all []int64
	for _, n := range p.by {
		if n > 0 {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return ladder(2 * p.crowd / int64(max(p.number, 1)))
	}
	slices.Sort(all)
	return ladder(2 * all[len(all)/2])
}

// noise is the secret key of the noise.
type noise [32]byte

// of returns a number from -2 to 2, those in the middle more often. It depends on exactly
// which people there are, on the month and on the measure.
func (k noise) of(p *people, month, measure string) int64 {
	var key uint64
	for person, n := range p.by {
		if n > 0 {
			key += person // each person changes it, in any order
		}
	}
	mac := hmac.New(sha256.New, k[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, key))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(p.number)))
	mac.Write([]byte(month + "|" + measure))
	sum := mac.Sum(nil)
	return int64(sum[0]%3) + int64(sum[1]%3) - 2
}

// figure protects a sum.
func (p *people) figure(k noise, month, measure string) Figure {
	bound := p.bound()
	sum := p.crowd
	for _, n := range p.by {
		sum += min(n, bound)
	}
	rounded := (sum + bound/2) / bound * bound
	return Figure{Value: max(0, rounded+bound*k.of(p, month, measure)), Base: bound}
}

// behaviour protects a count of what people did. It is shown from ten on, rounded to tens,
// and needs no bound for each person.
func behaviour(n int64) Figure {
	if n < fewerThan {
		return Figure{Hidden: Few}
	}
	return Figure{Value: (n + 5) / 10 * 10, Base: 10}
}

// suppress decides which rows of a table with a total are hidden: those that are not safe,
// and then the smallest of the others, until the hidden rows taken together are safe and are
// more than one.
func suppress(rows []*people, r Rules) []Why {
	why := make([]Why, len(rows))
	hidden, together := 0, newPeople()
	for i, p := range rows {
		if why[i] = p.safe(r); why[i] != Shown {
			hidden++
			together.join(p)
		}
	}
	for hidden > 0 && (hidden == 1 || together.safe(r) != Shown) {
		next := -1
		for i, p := range rows {
			if why[i] == Shown && (next < 0 || p.total() < rows[next].total()) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		why[next] = Complement
		hidden++
		together.join(rows[next])
	}
	return why
}
