package totals

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Rules are the bounds of disclosure.
type Rules struct {
	MinPeople int // behind a figure; 10 if it is less
}

// FewestPeople is the least number of people behind a figure, whatever is configured.
const FewestPeople = 10

// people returns the fewest people behind a figure.
func (r Rules) people() int64 { return int64(max(r.MinPeople, FewestPeople)) }

// Bounds of dominance, in percent, and the base of counts of behaviour.
const (
	maxLargest    = 30 // of the largest contribution
	maxLargestTwo = 50 // of the two largest
	tens          = 10
)

// Why is the reason for which a figure is hidden.
type Why string

// The reasons.
const (
	Shown      Why = ""
	FewPeople  Why = "few-people"
	Dominated  Why = "dominated"
	Complement Why = "complement" // it would disclose another figure
	Few        Why = "few"        // fewer than ten people, of behaviour
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
	crowd  int64            // of pupils together, who have no pseudonyms (K4)
	number int              // of these pupils, by the roster
	others int64            // of all others without a pseudonym together: it may be one person
}

func newPeople() *people { return &people{by: map[uint64]int64{}} }

func (p *people) add(person uint64, n int64) {
	if person == 0 {
		p.others += n
		return
	}
	p.by[person] += n
}

// addPupils adds what a building of so many pupils did together.
func (p *people) addPupils(number int, n int64) {
	p.crowd += n
	p.number = max(p.number, number) // of the largest: two groups may have the same pupils
}

// join adds the contributions of q.
func (p *people) join(q *people) {
	for person, n := range q.by {
		p.by[person] += n
	}
	p.crowd, p.others = p.crowd+q.crowd, p.others+q.others
	p.number = max(p.number, q.number) // they may be the same people
}

// total returns the true sum.
func (p *people) total() (sum int64) {
	for _, n := range p.by {
		sum += n
	}
	return sum + p.crowd + p.others
}

// settled returns p with all others without a pseudonym as what they are for disclosure: one
// contributor, cut off at the bound of one person. So are pupils of a building that has too few.
func (p *people) settled(r Rules) *people {
	q := *p
	if int64(q.number) < r.people() {
		q.others, q.crowd, q.number = q.others+q.crowd, 0, 0
	}
	q.others = min(q.others, q.bound())
	return &q
}

// safe returns why a figure of these people may not be shown; Shown if it may.
func (p *people) safe(r Rules) Why {
	p = p.settled(r)
	largest, second, contributors := p.others, int64(0), int64(0)
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
	if contributors+int64(p.number) < r.people() {
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
func (p *people) figure(r Rules, k noise, month, measure string) Figure {
	p = p.settled(r)
	bound := p.bound()
	rounded := (p.clipped(bound) + bound/2) / bound * bound
	return Figure{Value: max(0, rounded+bound*k.of(p, month, measure)), Base: bound}
}

// clipped returns the sum with each person's part cut off at a bound.
func (p *people) clipped(bound int64) int64 {
	sum := p.crowd + p.others
	for _, n := range p.by {
		sum += min(n, bound)
	}
	return sum
}

// behaviour protects a count of what people did. It is shown for at least ten people with a
// pseudonym: all others count as one. What each did is cut off at a bound, and the sum is
// rounded to tens. It does not say of fewer people whether they did it often.
func (p *people) behaviour(r Rules) Figure {
	q := &people{by: p.by, others: p.others + p.crowd}
	contributors := int64(0)
	for _, n := range q.by {
		contributors += min(n, 1)
	}
	if contributors < r.people() {
		return Figure{Hidden: Few}
	}
	q = q.settled(r)
	bound := q.bound()
	base := max(tens, bound)
	return Figure{Value: (q.clipped(bound) + base/2) / base * base, Base: base}
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
