package config

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"filippo.io/age"

	"sluis/internal/journal"
	"sluis/internal/setting"
)

// Quarantine is where suspicious messages are kept, sealed (C3.3b).
type Quarantine struct {
	// public keys (age1...) that can open; none: the identity's
	Recipients []string `yaml:"recipients" reload:"no"`
	// file with the private key; made if it is not there and recipients are none
	Identity        string        `yaml:"identity" path:"relative" reload:"no"`
	Retention       time.Duration `yaml:"retention"`        // until destruction; default 30d
	RetentionReason string        `yaml:"retention-reason"` // why it is more than the default
	// what becomes of a message that nobody reviewed in that time: stay, for as long again; release; or return, to its
	// sender with a notice that has none of its text. What is held for security stays; default stay
	Unreviewed string `yaml:"unreviewed"`
	// releasing and destroying in the console take two reviewers
	SecondReviewer bool `yaml:"second-reviewer"`
}

// Journal is the metadata of the traffic (C3.2e).
type Journal struct {
	Retention       time.Duration             `yaml:"retention"`        // until destruction; default 183d, six months
	RetentionReason string                    `yaml:"retention-reason"` // why it is more than the default
	ClickHouse      journal.ClickHouseOptions `yaml:"clickhouse" reload:"no"`
}

// Metrics is the port for /metrics (Prometheus) and /healthz.
type Metrics struct {
	Listen string `yaml:"listen"` // host:port; none: not served
	Public bool   `yaml:"public"` // allow an address that others can reach
}

// What becomes of messages that nobody reviewed.
const (
	Stay    = "stay"
	Release = "release"
	Return  = "return"
)

// shortestRetention is over a school's week.
const shortestRetention = 7 * 24 * time.Hour

// The longest retention that needs no reason (C3.3g).
const (
	quarantineRetention = 30 * 24 * time.Hour
	journalRetention    = 183 * 24 * time.Hour
)

// SetDefaults implements setting.Defaulter.
func (q *Quarantine) SetDefaults() {
	setting.Default(&q.Retention, quarantineRetention)
	setting.Default(&q.Unreviewed, Stay)
}

// Validate implements setting.Validator.
func (q *Quarantine) Validate(p setting.Problems) {
	for i, r := range q.Recipients {
		if _, err := age.ParseX25519Recipient(r); err != nil {
			p.At("recipients").Item(i).Wrong(
				"this is no public key of age: it starts with age1 and is 62 characters long")
		}
	}
	if q.Retention < shortestRetention {
		p.At("retention").Wrong("messages are kept for at least 7 days, so that somebody can review them")
	}
	if !slices.Contains([]string{Stay, Release, Return}, q.Unreviewed) {
		p.At("unreviewed").Wrong("write stay, release or return")
	}
	if q.Retention > quarantineRetention && q.RetentionReason == "" {
		p.At("retention").Wrong("keeping messages longer than 30 days needs a retention-reason (C3.3g)")
	}
}

// SetDefaults implements setting.Defaulter.
func (j *Journal) SetDefaults() { setting.Default(&j.Retention, journalRetention) }

// Validate implements setting.Validator.
func (j *Journal) Validate(p setting.Problems) {
	if j.Retention > journalRetention && j.RetentionReason == "" {
		p.At("retention").Wrong("keeping metadata longer than six months needs a retention-reason (C3.3g)")
	}
}

// Validate implements setting.Validator.
func (m *Metrics) Validate(p setting.Problems) {
	if m.Listen == "" {
		return
	}
	p.At("listen").Address(m.Listen)
	host, _, _ := net.SplitHostPort(m.Listen)
	a, err := netip.ParseAddr(host)
	if !m.Public && host != "localhost" && (err != nil || !a.IsLoopback()) {
		p.At("listen").Wrong("others could read the metrics at this address: use 127.0.0.1, or say public: true")
	}
}
