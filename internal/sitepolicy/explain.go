package sitepolicy

import (
	"errors"
	"net/url"
	"strings"
)

// Step is one rule or list that was considered for a decision.
type Step struct {
	Host   string // that it was considered for
	Name   string // such as own deny, or list gambling
	Result string
	Reason string // that its author gave
	Holds  bool   // it counted
}

// Explanation is a decision with all its steps.
type Explanation struct {
	Decision
	Steps []Step
}

// Explain decides, and says why.
func (p *Policy) Explain(r Request) Explanation {
	var x Explanation
	x.Decision = p.decide(r, func(s Step) { x.Steps = append(x.Steps, s) })
	return x
}

func note(report func(Step), s Step) {
	if report != nil {
		report(s)
	}
}

// ParseRequest returns the request for an address as people type it, and the path and query, which the policy sees
// only if the connection can be read. Group and time are the caller's.
func ParseRequest(address string) (r Request, page string, err error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " \"'<>()!$&*+,;=\\%") {
		return r, "", errors.New("that is no address: write for instance https://www.example.com/page")
	}
	r = Request{Hosts: [3]string{strings.ToLower(u.Hostname())}, TLS: u.Scheme == "https"}
	if page = u.RequestURI(); !r.TLS {
		r.Path = page
	}
	return r, page, nil
}
