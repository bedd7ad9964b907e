package config

import (
	"strings"

	"sluis/filter"
	"sluis/internal/setting"
	"sluis/rules"
)

// Policy says what is inspected, and what is done with what is found.
type Policy struct {
	// share of outgoing messages drawn for leaks (C3.3b); default 5%
	SampleRate *setting.Rate `yaml:"sample-rate"`
	// why the share is below 1% or above 25%, for the accountability report; 0 needs none and is said there
	SampleReason string `yaml:"sample-reason"`
	// by purpose: security, conduct, leak; default quarantine
	Actions map[rules.Purpose]DirectionAction `yaml:"actions"`
	// read differently by mail programs, in a way that hides something; default pass
	Ambiguous     filter.Action `yaml:"ambiguous"`
	Uninspectable filter.Action `yaml:"uninspectable"` // such as encrypted archives; default pass
	// made larger, deeper or more manifold than any ordinary message; default quarantine
	HostileSize *filter.Action `yaml:"hostile-size"`
	// more than the bounds allow to inspect; default quarantine
	Incomplete *filter.Action `yaml:"incomplete"`
	Malware    Malware        `yaml:"malware"`
	OnFailure  OnFailure      `yaml:"on-failure"`
}

// DirectionAction is what is done in each direction: pass, tag, quarantine (default) or
// reject.
type DirectionAction struct {
	In       *filter.Action `yaml:"in"`
	Out      *filter.Action `yaml:"out"`
	Internal *filter.Action `yaml:"internal"`
}

// Malware is a virus scanner beside the rules (C2.9a). What it finds is of purpose security.
type Malware struct {
	Clamd     string `yaml:"clamd"`      // socket of ClamAV's daemon, or host:port; none: not asked
	OnFailure string `yaml:"on-failure"` // closed (default): the sender has to try again; open: the message passes without
}

// OnFailure says what happens if the rules of a purpose fail or run out of time.
type OnFailure struct {
	Leak string `yaml:"leak"` // closed (default): the sender has to try again; open: the message passes without them
}

// The shares that a sample may have without a reason: less is hardly a control, more is hardly a sample.
const (
	leastSampleRate = setting.Rate(0.01)
	mostSampleRate  = setting.Rate(0.25)
)

// Unreasoned reports whether the sample is smaller or larger than it may be without a reason, and there is
// none (C3.3b). Mail goes on; config check refuses it, and health and the accountability report say so.
func (p Policy) Unreasoned() bool {
	rate := setting.Rate(0)
	if p.SampleRate != nil {
		rate = *p.SampleRate
	}
	return strings.TrimSpace(p.SampleReason) == "" && rate != 0 && (rate < leastSampleRate || rate > mostSampleRate)
}

// defaultSampleRate is the share of messages that are drawn unless the organisation says
// otherwise.
const defaultSampleRate = setting.Rate(0.05)

// SetDefaults implements setting.Defaulter.
func (p *Policy) SetDefaults() {
	if p.SampleRate == nil {
		rate := defaultSampleRate
		p.SampleRate = &rate
	}
}

// Validate implements setting.Validator.
func (p *Policy) Validate(ps setting.Problems) {
	for purpose, a := range p.Actions {
		at := ps.At("actions").At(purpose.String())
		switch purpose {
		case rules.Security, rules.Conduct:
		case rules.Leak:
			if a.In != nil || a.Internal != nil {
				at.Wrong("leaks are looked for in mail that leaves the organisation only (C3.3b): " +
					"leave out in and internal")
			}
		default:
			at.Wrong("%s never reads messages (C3.2a): use security, conduct or leak", purpose)
		}
	}
	ps.At("sample-reason").OneLine(p.SampleReason)
	ps.At("malware").At("on-failure").OneOf(p.Malware.OnFailure, "", "open", "closed")
	if c := p.Malware.Clamd; c != "" && !strings.HasPrefix(c, "/") {
		ps.At("malware").At("clamd").Address(c)
	}
	ps.At("on-failure").At("leak").OneOf(p.OnFailure.Leak, "", "open", "closed")
}

// Given returns what an optional setting says; quarantine if it says nothing.
func Given(a *filter.Action) filter.Action {
	if a == nil {
		return filter.Quarantine
	}
	return *a
}

// Action returns what is done with what a purpose found in a direction.
func (p Policy) Action(purpose rules.Purpose, d rules.Direction) filter.Action {
	a := p.Actions[purpose]
	for _, by := range []struct {
		d rules.Direction
		a *filter.Action
	}{{rules.In, a.In}, {rules.Out, a.Out}, {rules.Internal, a.Internal}} {
		if by.d == d && by.a != nil {
			return *by.a
		}
	}
	return filter.Quarantine
}
