package smtpd

import (
	"time"

	"sluis/internal/admit"
	"sluis/internal/setting"
	"sluis/smtpd/wire"
)

// Limits bound what clients can take. A zero field has the default.
type Limits struct {
	MessageSize setting.Size  `yaml:"message-size"`            // of a message with repaired line ends; default 50MB
	Recipients  int           `yaml:"recipients"`              // of a message; default 1000
	Connections int           `yaml:"connections"`             // at once; default 1000
	PerAddress  int           `yaml:"connections-per-address"` // at once, of a stranger; default 50
	PerNetwork  int           `yaml:"connections-per-network"` // at once, of strangers in an IPv4 /24 or IPv6 /64; default 150
	Strangers   setting.Rate  `yaml:"strangers"`               // of all places, for strangers together; default 75%
	Commands    int           `yaml:"commands"`                // since the last message; default 2000
	Errors      int           `yaml:"errors"`                  // 5xx replies since the last message; default 50
	Idle        time.Duration `yaml:"idle"`                    // between reads or writes; default 5m (RFC 5321)
	BodyTime    time.Duration `yaml:"body-time"`               // for one body; default 1h
	SessionTime time.Duration `yaml:"session-time"`            // for a connection; default 6h
	Handshake   time.Duration `yaml:"handshake"`               // for TLS and the PROXY header; default 30s
	Inspect     time.Duration `yaml:"inspection-time"`         // for one message; default 1m
	Inspections int           `yaml:"inspections" reload:"no"` // at once; default 8

	// InspectionBudget is the processor time a minute for the mail of one stranger's address;
	// default 15s.
	InspectionBudget time.Duration `yaml:"inspection-budget"`

	// Spool is for all bodies that come in together; default 4GB, and never more than is free
	// besides the reserve.
	Spool setting.Size `yaml:"spool" reload:"no"`

	Hops    int `yaml:"hops"`     // Received fields of a message; default 50
	OwnHops int `yaml:"own-hops"` // of these, by this host; default 4
}

// smallestSize is the least that Limits.MessageSize may be: ordinary mail has to fit.
const smallestSize = 64 << 10

// SetDefaults implements setting.Defaulter.
func (l *Limits) SetDefaults() {
	setting.Default(&l.MessageSize, 50<<20)
	setting.Default(&l.Recipients, 1000)
	setting.Default(&l.Connections, 1000)
	setting.Default(&l.PerAddress, 50)
	setting.Default(&l.PerNetwork, 150)
	setting.Default(&l.Strangers, 0.75)
	setting.Default(&l.Commands, 2000)
	setting.Default(&l.Errors, 50)
	setting.Default(&l.Idle, 5*time.Minute)
	setting.Default(&l.BodyTime, time.Hour)
	setting.Default(&l.SessionTime, 6*time.Hour)
	setting.Default(&l.Handshake, 30*time.Second)
	setting.Default(&l.Inspect, time.Minute)
	setting.Default(&l.Inspections, 8)
	setting.Default(&l.InspectionBudget, 15*time.Second)
	setting.Default(&l.Spool, 4<<30)
	setting.Default(&l.Hops, 50)
	setting.Default(&l.OwnHops, 4)
}

// connections returns how connections are shared.
func (l *Limits) connections() admit.Shares {
	s := admit.Share(int64(l.Connections), float64(l.Strangers))
	s.Network, s.Address = int64(l.PerNetwork), int64(l.PerAddress)
	return s
}

// wire returns the limits of a client's connection.
func (l *Limits) wire() wire.Limits {
	return wire.Limits{
		MessageSize: int64(l.MessageSize),
		Commands:    l.Commands,
		Errors:      l.Errors,
		Idle:        l.Idle,
		BodyTime:    l.BodyTime,
		SessionTime: l.SessionTime,
		Handshake:   l.Handshake,
	}
}

// Validate implements setting.Validator.
func (l *Limits) Validate(p setting.Problems) {
	if l.MessageSize < smallestSize {
		p.At("message-size").Wrong("below 64KB ordinary mail is refused")
	}
	if l.Spool < 4*l.MessageSize {
		p.At("spool").Wrong("this has to hold four messages of the largest size, for strangers and own servers alike")
	}
	for key, n := range map[string]int{
		"recipients":              l.Recipients,
		"connections":             l.Connections,
		"connections-per-address": l.PerAddress,
		"connections-per-network": l.PerNetwork,
		"commands":                l.Commands,
		"errors":                  l.Errors,
		"inspections":             l.Inspections,
		"hops":                    l.Hops,
		"own-hops":                l.OwnHops,
	} {
		p.At(key).NotNegative(n)
	}
}
