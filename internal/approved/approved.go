// Package approved knows the partners and applications with which the organisation has an agreement on data of
// persons (C2.4a): such data may go there, and leak rules apply to what goes elsewhere. Each agreement ends.
package approved

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"sluis/internal/setting"
	"sluis/rules"
)

// Agreement is one with a partner, or about an application.
type Agreement struct {
	Name    string    `yaml:"name"`
	Domains []string  `yaml:"domains"` // mail addresses in them and below
	Hosts   []string  `yaml:"hosts"`   // uploads to them and to hosts below
	Until   rules.Day `yaml:"until"`   // last day of the agreement
}

// Ended reports whether the agreement does not hold any more.
func (a Agreement) Ended(at time.Time) bool { return !at.Before(a.Until.End()) }

// List is what an organisation approved.
type List []Agreement

// anybody are domains in which everybody gets an address, and hosts that keep everybody's files: an agreement
// with whoever runs them says nothing of who is behind them.
var anybody = []string{
	"gmail.com", "googlemail.com", "outlook.com", "outlook.nl", "hotmail.com", "hotmail.nl", "live.com", "live.nl",
	"msn.com", "icloud.com", "me.com", "mac.com", "yahoo.com", "yahoo.nl", "proton.me", "protonmail.com", "gmx.com",
	"gmx.net", "gmx.de", "aol.com", "ziggo.nl", "home.nl", "casema.nl", "upcmail.nl", "kpnmail.nl", "planet.nl", "hetnet.nl",
	"xs4all.nl", "tele2.nl", "telfort.nl", "online.nl", "quicknet.nl", "zeelandnet.nl", "solcon.nl", "kpnplanet.nl",
	"wetransfer.com", "dropbox.com", "mega.nz", "transfernow.net", "smash.com", "swisstransfer.com",
}

// Validate implements setting.Validator.
func (l List) Validate(p setting.Problems) {
	names := map[string]bool{}
	for i, a := range l {
		at := p.Item(i)
		if strings.TrimSpace(a.Name) == "" {
			at.Wrong("an agreement needs a name: that of the partner or application")
		}
		at.At("name").OneLine(a.Name)
		if names[a.Name] {
			at.At("name").Wrong("%s stands here twice", a.Name)
		}
		names[a.Name] = true
		if len(a.Domains)+len(a.Hosts) == 0 {
			at.Wrong("name the domains that mail goes to, or the hosts that files are uploaded to")
		}
		if a.Until == (rules.Day{}) {
			at.Wrong("an agreement ends: write until, such as 2027-06-30")
		}
		for key, list := range map[string][]string{"domains": a.Domains, "hosts": a.Hosts} {
			for j, d := range list {
				if why := unfit(d); why != "" {
					at.At(key).Item(j).Wrong("%s", why)
				}
			}
		}
	}
}

// unfit says why a domain cannot be approved; empty if it can.
func unfit(domain string) string {
	d := normal(domain)
	_, err := netip.ParseAddr(d)
	switch {
	case d == "" || !strings.Contains(d, ".") || strings.ContainsAny(d, "@ */:") || err == nil:
		return "this is no domain: write for instance duo.nl"
	case slices.Contains(anybody, d):
		return "anybody gets an address or a place there, so that an agreement says nothing of who receives the data"
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(d); err != nil {
		return "everybody registers a domain below this one: name that of the partner"
	}
	return ""
}

// normal returns a name as it is compared.
func normal(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// Mail reports whether mail to a domain is within an agreement that holds.
func (l List) Mail(domain string, at time.Time) bool {
	return l.any(domain, at, func(a Agreement) []string { return a.Domains })
}

// Upload reports whether uploads to a host are within an agreement that holds.
func (l List) Upload(host string, at time.Time) bool {
	return l.any(host, at, func(a Agreement) []string { return a.Hosts })
}

func (l List) any(name string, at time.Time, of func(Agreement) []string) bool {
	name = normal(name)
	for _, a := range l {
		if a.Ended(at) {
			continue
		}
		for _, d := range of(a) {
			d = normal(d)
			if d != "" && (name == d || strings.HasSuffix(name, "."+d)) {
				return true
			}
		}
	}
	return false
}

// EndedNames returns the names of agreements that do not hold any more.
func (l List) EndedNames(at time.Time) (names []string) {
	for _, a := range l.Ended(at) {
		names = append(names, a.Name)
	}
	return names
}

// Ended returns the agreements that do not hold any more.
func (l List) Ended(at time.Time) (ended List) {
	for _, a := range l {
		if a.Ended(at) {
			ended = append(ended, a)
		}
	}
	return ended
}
