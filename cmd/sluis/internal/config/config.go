package config

import (
	"net/netip"
	"time"

	"sluis/filter"
	"sluis/rules"
)

// Config is the configuration file.
type Config struct {
	Organisation Organisation `yaml:"organisation"`
	Data         string       `yaml:"data"`   // directory for all that is kept; made if need be
	Roster       string       `yaml:"roster"` // file that says who is who, YAML or CSV; none: nobody is known
	Log          Log          `yaml:"log"`
	Mail         Mail         `yaml:"mail"`
	Web          Web          `yaml:"web"`
	Policy       Policy       `yaml:"policy"`
	Rules        Rules        `yaml:"rules"`
	Quarantine   Quarantine   `yaml:"quarantine"`
	Journal      Journal      `yaml:"journal"`
	Orders       Orders       `yaml:"orders"`
	Notices      Notices      `yaml:"notices"`
	Totals       Totals       `yaml:"totals"`
	Imagery      Imagery      `yaml:"imagery"`
	Console      Console      `yaml:"console"`
	Metrics      Metrics      `yaml:"metrics"`

	path string
}

// Path returns the file that the configuration was loaded from.
func (c *Config) Path() string { return c.path }

// Organisation says whose gateway it is.
type Organisation struct {
	Name    string   `yaml:"name"`
	Domains []string `yaml:"domains"`  // own mail domains
	CodeURL string   `yaml:"code-url"` // where people read the code of conduct; appears in refusals
}

// Log says how much is logged, on standard error. Content and addresses never are.
type Log struct {
	Level  string `yaml:"level"`  // error, warn, info (default) or debug
	Format string `yaml:"format"` // text (default) or json
}

// Mail is the SMTP relay.
type Mail struct {
	Hostname string         `yaml:"hostname"` // what the gateway calls itself; a name that resolves to it
	Listen   []Listener     `yaml:"listen"`
	TLS      TLS            `yaml:"tls"`
	Trusted  []netip.Prefix `yaml:"trusted"` // networks that may send to anywhere: your own mail servers
	Shared   []Shared       `yaml:"shared"`
	Routes   []Route        `yaml:"routes"`
	Limits   Limits         `yaml:"limits"`
	Notice   string         `yaml:"notice"` // reply text for a message that was set aside; none: as for any other
}

// Listener is a port that takes mail.
type Listener struct {
	Address       string         `yaml:"address"`             // host:port
	TLS           string         `yaml:"tls"`                 // starttls (default with a certificate), implicit, or none
	ProxyProtocol []netip.Prefix `yaml:"proxy-protocol-from"` // load balancers that tell the client's address
}

// TLS is the gateway's own certificate.
type TLS struct {
	Certificate string `yaml:"certificate"` // PEM file, with the chain
	Key         string `yaml:"key"`         // PEM file
	ClientCA    string `yaml:"client-ca"`   // PEM file: who shows a certificate of this authority may send to anywhere
}

// Shared are networks of a provider that others send from as well. Who sends from there
// may send to anywhere with a message that carries the key in a header field.
type Shared struct {
	Networks []netip.Prefix `yaml:"networks"`
	Field    string         `yaml:"field"`    // header field that holds the key; it is taken out
	KeyFile  string         `yaml:"key-file"` // 20 to 200 letters, digits and signs
}

// Route says where mail for some domains goes. The first that fits is taken.
type Route struct {
	To         []string          `yaml:"to"`         // domains; own: all of the organisation's; "*": all
	Directions []rules.Direction `yaml:"directions"` // in, out, internal; none: any
	Hosts      []string          `yaml:"hosts"`      // host:port, tried in order
	TLS        string            `yaml:"tls"`        // none, opportunistic (default), required or verified
	Implicit   bool              `yaml:"implicit"`   // TLS from the first byte, port 465
	Timeout    Duration          `yaml:"timeout"`    // for a reply; default 2m. After a message it is five times as long
	Auth       *Auth             `yaml:"auth"`       // what a smarthost asks for
}

// Auth is a user name, and where its password is.
type Auth struct {
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password-file"`
	PasswordEnv  string `yaml:"password-env"` // name of an environment variable
}

// Limits bound what clients can take. Zero is the default.
type Limits struct {
	MessageSize           Size     `yaml:"message-size"`            // default 50MB
	Recipients            int      `yaml:"recipients"`              // of one message; default 1000
	Connections           int      `yaml:"connections"`             // at once; default 1000
	ConnectionsPerAddress int      `yaml:"connections-per-address"` // at once, of a stranger; default 50
	Commands              int      `yaml:"commands"`                // between two messages; default 2000
	Idle                  Duration `yaml:"idle"`                    // silence; default 5m
	BodyTime              Duration `yaml:"body-time"`               // for one message; default 1h
	SessionTime           Duration `yaml:"session-time"`            // for one connection; default 6h
	Inspections          int      `yaml:"inspections"`            // messages looked at together; default 8
	Hops                  int      `yaml:"hops"`                    // Received fields before a message is held to go round; default 50
}

// Policy is what is looked for, and what is done with what is found.
type Policy struct {
	SampleRate    *Rate                             `yaml:"sample-rate"`   // share of outgoing messages in which leaks are looked for (C3.3b); default 5%
	Actions       map[rules.Purpose]DirectionAction `yaml:"actions"`       // by purpose: security, conduct, leak; default quarantine
	Ambiguous     filter.Action                     `yaml:"ambiguous"`     // messages that mail programs may read in different ways; default pass
	Uninspectable filter.Action                     `yaml:"uninspectable"` // what cannot be looked into, such as encrypted archives; default pass
	Incomplete    filter.Action                     `yaml:"incomplete"`    // more than the bounds allow to look at; default pass
	Malware       Malware                           `yaml:"malware"`
	OnFailure     OnFailure                         `yaml:"on-failure"`
	ExamTime      Duration                          `yaml:"exam-time"` // for looking at one message; default 1m
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

// Rules are added to those that are built in.
type Rules struct {
	Packs      []string          `yaml:"packs"` // directories with rule files of your own
	Disabled   []rules.Disabled  `yaml:"disabled"`
	Sites      string            `yaml:"sites"`      // index of dangerous hosts, made with sluis sites build; none: links are not looked up
	Exceptions []rules.Exception `yaml:"exceptions"` // what reviewers found to be false positives
}

// Quarantine is where messages are set aside.
type Quarantine struct {
	Recipients      []string `yaml:"recipients"`       // public keys (age1...) that can open; none: the identity's
	Identity        string   `yaml:"identity"`         // file with the private key; made if it is not there and recipients are none
	Retention       Duration `yaml:"retention"`        // until destruction; default 30d
	RetentionReason string   `yaml:"retention-reason"` // why it is more than the default
	SecondReviewer  bool     `yaml:"second-reviewer"`  // releasing and destroying in the console take two reviewers
}

// Journal is the metadata of the traffic.
type Journal struct {
	Retention       Duration   `yaml:"retention"`        // until destruction; default 183d, six months
	RetentionReason string     `yaml:"retention-reason"` // why it is more than the default
	ClickHouse      ClickHouse `yaml:"clickhouse"`       // none: embedded
}

// Metrics is the port for /metrics (Prometheus) and /healthz.
type Metrics struct {
	Listen string `yaml:"listen"` // host:port; none: not served
	Public bool   `yaml:"public"` // allow an address that is not of this machine alone
}

// The defaults that have a bound in the code of conduct or its guidance.
const (
	defaultSampleRate          = Rate(0.05)
	defaultQuarantineRetention = Duration(30 * 24 * time.Hour)
	defaultJournalRetention    = Duration(183 * 24 * time.Hour)
)
