package proxy

import (
	"time"

	"sluis/internal/setting"
)

// Limits bound what clients and sites can take. A zero field has the default.
type Limits struct {
	Connections int           `yaml:"connections"`            // of clients, at once; default 4000
	PerAddress  int           `yaml:"connections-per-client"` // of one client; default 400
	Header      setting.Size  `yaml:"header"`                 // of a request or response; default 64KB
	HeaderTime  time.Duration `yaml:"header-time"`            // for the header of a request to arrive; default 10s
	Hello       time.Duration `yaml:"hello"`                  // for a ClientHello and a TLS handshake; default 5s
	KeepAlive   time.Duration `yaml:"keep-alive"`             // between two requests; default 2m
	Idle        time.Duration `yaml:"idle"`                   // of silence of both sides, while a body is on its way; default 5m
	Response    time.Duration `yaml:"response"`               // for a site's first byte, as browsers wait; default 5m
	Tunnel      time.Duration `yaml:"tunnel"`                 // of silence in both directions of a tunnel; default 15m
}

// SetDefaults implements setting.Defaulter.
func (l *Limits) SetDefaults() {
	setting.Default(&l.Connections, 4000)
	setting.Default(&l.PerAddress, 400)
	setting.Default(&l.Header, 64<<10)
	setting.Default(&l.HeaderTime, 10*time.Second)
	setting.Default(&l.Hello, 5*time.Second)
	setting.Default(&l.KeepAlive, 2*time.Minute)
	setting.Default(&l.Idle, 5*time.Minute)
	setting.Default(&l.Response, 5*time.Minute)
	setting.Default(&l.Tunnel, 15*time.Minute)
}

// Validate implements setting.Validator.
func (l *Limits) Validate(p setting.Problems) {
	p.At("connections").NotNegative(l.Connections)
	p.At("connections-per-client").NotNegative(l.PerAddress)
}

// maxHeaderOf returns how large the header of a response may be, in bytes: sites set more than browsers send.
func maxHeaderOf(l Limits) int { return 2 * int(l.Header) }
