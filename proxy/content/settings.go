package content

import (
	"time"

	"sluis/filter"
	"sluis/internal/setting"
	"sluis/rules"
)

// Settings say what is inspected of requests and responses that can be read, and what is done with what is found.
type Settings struct {
	Uploads       Uploads        `yaml:"uploads"`
	Searches      bool           `yaml:"searches"` // inspect the query of an address as an upload, for conduct
	Pages         bool           `yaml:"pages"`    // weigh pages of sites that are on no list
	Weight        Weight         `yaml:"weight"`
	Quarantine    bool           `yaml:"quarantine"` // keep a sealed copy of an upload that was stopped (C3.3b)
	Malware       bool           `yaml:"malware"`    // scan downloads with policy.malware
	Downloads     []DownloadRule `yaml:"downloads"`
	Uninspectable Treatment      `yaml:"uninspectable"` // content, such as encrypted files; default pass
	Incomplete    Treatment      `yaml:"incomplete"`    // inspection, at a limit; default pass
	OnFailure     OnFailure      `yaml:"on-failure"`
	Limits        Limits         `yaml:"limits"`
}

// Uploads say what is done with an upload in which something is found.
type Uploads struct {
	Conduct Treatment `yaml:"conduct"` // default block
	Leak    Treatment `yaml:"leak"`    // of those that were drawn; default block
}

// Weight is how much of a page has to be forbidden for it to be blocked. It has to reach both measures: a page that
// teaches about such things, or reports them, repeats them as well, but not in every line.
type Weight struct {
	Points  int `yaml:"points"`  // of rules, for each distinct hit; default 400: four of the heaviest phrases
	Density int `yaml:"density"` // of rules, for each hit, in each KB of text; default 500
}

// Limits bound memory, disk and work.
type Limits struct {
	Buffered setting.Size  `yaml:"buffered"` // of an upload that waits; more is judged as it goes; default 25MB
	Inflated setting.Size  `yaml:"inflated"` // out of a compressed body; default 100MB
	Head     setting.Size  `yaml:"head"`     // of a page, until it is judged; default 64KB
	Page     setting.Size  `yaml:"page"`     // of a page, judged at all; default 2MB
	Scanned  setting.Size  `yaml:"scanned"`  // of a download, scanned for malware; default 25MB
	Total    setting.Size  `yaml:"total"`    // of all bodies that wait; default 4GB
	Inspect  time.Duration `yaml:"inspect"`  // for one inspection or scan; default 1m
	AtOnce   int           `yaml:"at-once"`  // uploads that are inspected at the same time; default 8
	Patience time.Duration `yaml:"patience"` // until a scanned download begins to trickle; default 5s
	Slow     time.Duration `yaml:"slow"`     // until what has come of a page is judged and shown; default 2s
}

// SetDefaults implements setting.Defaulter.
func (l *Limits) SetDefaults() {
	setting.Default(&l.Buffered, 25<<20)
	setting.Default(&l.Inflated, 100<<20)
	setting.Default(&l.Head, 64<<10)
	setting.Default(&l.Page, 2<<20)
	setting.Default(&l.Scanned, 25<<20)
	setting.Default(&l.Total, 4<<30)
	setting.Default(&l.Inspect, time.Minute)
	setting.Default(&l.AtOnce, 8)
	setting.Default(&l.Patience, 5*time.Second)
	setting.Default(&l.Slow, 2*time.Second)
}

// Validate implements setting.Validator.
func (l *Limits) Validate(p setting.Problems) { p.At("at-once").NotNegative(l.AtOnce) }

// Treatment is what is done with something: pass, or block.
type Treatment string

// The treatments.
const (
	Pass  Treatment = "pass"
	Block Treatment = "block"
)

func (t Treatment) action() filter.Action {
	if t == Block {
		return filter.Reject
	}
	return filter.Pass
}

// SetDefaults implements setting.Defaulter.
func (u *Uploads) SetDefaults() {
	setting.Default(&u.Conduct, Block)
	setting.Default(&u.Leak, Block)
}

// SetDefaults implements setting.Defaulter.
func (w *Weight) SetDefaults() {
	setting.Default(&w.Points, 400)
	setting.Default(&w.Density, 500)
}

// SetDefaults implements setting.Defaulter.
func (s *Settings) SetDefaults() {
	setting.Default(&s.Uninspectable, Pass)
	setting.Default(&s.Incomplete, Pass)
}

// OnFailure says, for each purpose, what becomes of content when its inspection fails: closed (default), it does
// not pass; open.
type OnFailure struct {
	Security string `yaml:"security"`
	Conduct  string `yaml:"conduct"`
	Leak     string `yaml:"leak"`
}

const (
	closed = "closed"
	open   = "open"
)

// Validate implements setting.Validator.
func (f *OnFailure) Validate(p setting.Problems) {
	p.At("security").OneOf(f.Security, "", open, closed)
	p.At("conduct").OneOf(f.Conduct, "", open, closed)
	p.At("leak").OneOf(f.Leak, "", open, closed)
}

// opens reports whether content passes that could not be inspected for some purposes.
func (f *OnFailure) opens(ps rules.Purposes) bool {
	of := map[rules.Purpose]string{rules.Security: f.Security, rules.Conduct: f.Conduct, rules.Leak: f.Leak}
	for _, p := range ps.List() {
		if of[p] != open {
			return false
		}
	}
	return true
}

// Validate implements setting.Validator.
func (s *Settings) Validate(p setting.Problems) {
	for _, t := range []struct {
		at    setting.Problems
		value Treatment
	}{
		{p.At("uploads").At("conduct"), s.Uploads.Conduct},
		{p.At("uploads").At("leak"), s.Uploads.Leak},
		{p.At("uninspectable"), s.Uninspectable},
		{p.At("incomplete"), s.Incomplete},
	} {
		t.at.OneOf(string(t.value), "", string(Block), string(Pass))
	}
	p.At("weight").At("points").NotNegative(s.Weight.Points)
	p.At("weight").At("density").NotNegative(s.Weight.Density)
	for i := range s.Downloads {
		if err := s.Downloads[i].check(); err != nil {
			p.At("downloads").Item(i).Wrong("%v", err)
		}
	}
}

// found returns what is done with an upload in which something is found for a purpose.
func (u Uploads) found(p rules.Purpose) filter.Action {
	switch p {
	case rules.Conduct:
		return u.Conduct.action()
	case rules.Leak:
		return u.Leak.action()
	}
	return filter.Pass
}
