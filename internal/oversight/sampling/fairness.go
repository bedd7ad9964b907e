package sampling

import "math"

// Share is how many messages of a direction or a group were drawn, and between which
// numbers a fair draw stays in 999 of 1,000 cases. That a share is outside is no proof of
// anything: whether each draw is as the secret says is.
type Share struct {
	Of       string `json:"of"`
	Eligible int    `json:"eligible"`
	Drawn    int    `json:"drawn"`
	Low      int    `json:"low"`
	High     int    `json:"high"`

	expected float64
}

// Odd reports whether the share is outside.
func (s Share) Improbable() bool { return s.Drawn < s.Low || s.Drawn > s.High }

func (s *Share) add(rate float64, drawn bool) {
	s.Eligible++
	s.expected += rate
	if drawn {
		s.Drawn++
	}
}

// judged returns the share with its bounds. Where the rate changed during the day the mean
// is taken, which makes the interval wider rather than narrower.
func (s *Share) judged() Share {
	s.Low, s.High = interval(s.Eligible, s.expected/float64(s.Eligible), 0.0005)
	return *s
}

// interval returns the numbers that a binomial variable of n trials with probability p is
// below, or above, with at most a probability of tail each.
func interval(n int, p, tail float64) (low, high int) {
	low, high = 0, n
	for sum, k := 0.0, 0; k <= n; k++ {
		if sum += binomial(n, k, p); sum > tail {
			low = k
			break
		}
	}
	for sum, k := 0.0, n; k >= 0; k-- {
		if sum += binomial(n, k, p); sum > tail {
			high = k
			break
		}
	}
	return low, high
}

// binomial returns the probability of k of n.
func binomial(n, k int, p float64) float64 {
	switch {
	case p <= 0:
		return map[bool]float64{true: 1}[k == 0]
	case p >= 1:
		return map[bool]float64{true: 1}[k == n]
	}
	log := lgamma(n+1) - lgamma(k+1) - lgamma(n-k+1) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p)
	return math.Exp(log)
}

func lgamma(n int) float64 {
	v, _ := math.Lgamma(float64(n))
	return v
}
