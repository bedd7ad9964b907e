package sitepolicy

import (
	"errors"
	"net/url"
	"strings"

	"sluis/filter/domains"
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

// Address is an address as a browser reads it.
type Address struct {
	Host      string // as it is asked for: in ASCII, or an address in its usual spelling
	Authority string // host and port
	Page      string // path and query
	TLS       bool
}

// errAddress is of an address that a browser would not open.
var errAddress = errors.New("that is no address: write for instance https://www.example.com/page")

// ParseAddress reads an address as people type it: without a scheme it is https, and ws is as http.
func ParseAddress(address string) (Address, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?#\\")
	if end < 0 {
		end = len(rest)
	}
	authority, page := rest[strings.LastIndexByte(rest[:end], '@')+1:end], strings.ReplaceAll(rest[end:], "\\", "/")
	page, _, _ = strings.Cut(page, "#")
	if !strings.HasPrefix(page, "/") {
		page = "/" + page
	}
	a := Address{Page: page}
	switch strings.ToLower(scheme) {
	case "https", "wss":
		a.TLS = true
	case "http", "ws":
	default:
		return a, errAddress
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i:]
	}
	if unescaped, err := url.PathUnescape(host); err == nil {
		host = unescaped // as browsers do
	}
	number, isNumber := domains.Addr(host)
	name, isName := domains.Name(host)
	switch {
	case isNumber:
		a.Host = number.String()
	case isName:
		a.Host = name
	default:
		return a, errAddress
	}
	a.Authority = a.Host + port
	if strings.Contains(a.Host, ":") {
		a.Authority = "[" + a.Host + "]" + port
	}
	if strings.Trim(port, ":0123456789") != "" {
		return a, errAddress
	}
	a.Authority = strings.TrimSuffix(a.Authority, ":")
	return a, nil
}

// ParseRequest returns the request for an address as people type it, and the path and query, which the policy sees
// only if the connection can be read. Group and time are the caller's.
func ParseRequest(address string) (r Request, page string, err error) {
	a, err := ParseAddress(address)
	if err != nil {
		return r, "", err
	}
	r = Request{Hosts: [3]string{a.Host}, TLS: a.TLS}
	if !r.TLS {
		r.Path = a.Page
	}
	return r, a.Page, nil
}
