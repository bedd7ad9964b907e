package policy

// Step is something that was considered for a decision.
type Step struct {
	Host   string // that it was considered for
	Name   string // such as own deny, or list gambling
	Result string
	Reason string // that somebody gave for it
	Holds  bool   // it counted
}

// Explanation is a decision with all that was considered for it.
type Explanation struct {
	Decision
	Steps []Step
}

// Explain decides and tells why.
func (p *Policy) Explain(r Request) Explanation {
	var x Explanation
	x.Decision = p.decide(r, func(s Step) { x.Steps = append(x.Steps, s) })
	return x
}

func step(tell func(Step), s Step) {
	if tell != nil {
		tell(s)
	}
}
