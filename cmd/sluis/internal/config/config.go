package config

import (
	"path/filepath"
	"strings"

	"sluis/internal/approved"
	"sluis/internal/console"
	"sluis/internal/oversight/orders"
	"sluis/internal/setting"
	"sluis/rules"
)

// Config is the configuration file.
type Config struct {
	Organisation Organisation `yaml:"organisation"`
	// directory for all that is kept; made if need be
	Data string `yaml:"data" path:"relative" reload:"no"`
	// of disk, that mail and web leave free for what has to be kept; default 512MB, or 5% of a smaller disk
	Reserve setting.Size `yaml:"reserve" reload:"no"`
	// file that says who is who, YAML or CSV; none: all are strangers
	Roster string `yaml:"roster" path:"relative"`
	Log    Log    `yaml:"log" reload:"no"`
	Mail   Mail   `yaml:"mail"`
	Web    Web    `yaml:"web"`
	Policy Policy `yaml:"policy"`
	// partners and applications with an agreement on data of persons: leak rules apply to what goes elsewhere (C2.4a)
	Approved   approved.List  `yaml:"approved"`
	Rules      Rules          `yaml:"rules"`
	Quarantine Quarantine     `yaml:"quarantine"`
	Journal    Journal        `yaml:"journal"`
	Orders     orders.Limits  `yaml:"orders" reload:"no"`
	Notices    Notices        `yaml:"notices"`
	Totals     Totals         `yaml:"totals"`
	Imagery    Imagery        `yaml:"imagery"`
	Console    console.Config `yaml:"console" reload:"no"`
	Control    Control        `yaml:"control"`
	Metrics    Metrics        `yaml:"metrics" reload:"no"`

	path string
	text []byte // of the file
}

// Path returns the file that the configuration was loaded from.
func (c *Config) Path() string { return c.path }

// Text returns the text of the file, as it was when it was read.
func (c *Config) Text() []byte { return c.text }

// Organisation says whose gateway it is.
type Organisation struct {
	Name    string   `yaml:"name" reload:"no"`
	Domains []string `yaml:"domains"` // own mail domains
	// own domains, or parts of them, where a name is not the same person's as at the others: pupils' for
	// instance. Elsewhere a confidential role holds for its name at each own domain and below
	Separate []string `yaml:"separate-domains"`
	CodeURL  string   `yaml:"code-url" reload:"no"` // where people read the code of conduct; appears in refusals
}

// Validate implements setting.Validator.
func (o *Organisation) Validate(p setting.Problems) {
	if len(o.Domains) == 0 {
		p.At("domains").Wrong("no domains: name your own mail domains, such as [school.nl]")
	}
	domains := func(key string, all []string) {
		for i, d := range all {
			if !strings.Contains(d, ".") || strings.ContainsAny(d, "@ */") {
				p.At(key).Item(i).Wrong("%q is no domain: write for instance school.nl", d)
			}
		}
	}
	domains("domains", o.Domains)
	domains("separate-domains", o.Separate)
	p.At("code-url").OneLine(o.CodeURL)
}

// Log says how much is logged, on standard error. Content and addresses never are.
type Log struct {
	Level  string `yaml:"level"`  // error, warn, info (default) or debug
	Format string `yaml:"format"` // text (default) or json
}

// Validate implements setting.Validator.
func (l *Log) Validate(p setting.Problems) {
	p.At("level").OneOf(l.Level, "", "error", "warn", "info", "debug")
	p.At("format").OneOf(l.Format, "", "text", "json")
}

// Rules are added to those that are built in.
type Rules struct {
	Packs    []string         `yaml:"packs" path:"relative"` // directories with rule files of your own
	Disabled []rules.Disabled `yaml:"disabled"`
	// index of dangerous hosts, made with sluis sites build; none: links are not checked
	Sites      string            `yaml:"sites" path:"relative"`
	Exceptions []rules.Exception `yaml:"exceptions"` // what reviewers found to be false positives
}

// Validate implements setting.Validator.
func (r *Rules) Validate(p setting.Problems) {
	for i, d := range r.Disabled {
		at := p.At("disabled").Item(i)
		if _, err := rules.ParseID(d.ID); err != nil {
			at.At("id").Wrong("%v", err)
		}
		if d.Reason == "" {
			at.Wrong("a disabled rule needs a reason (C3.2a)")
		}
	}
}

// SetDefaults implements setting.Defaulter: what a part takes from another.
func (c *Config) SetDefaults() {
	setting.Default(&c.Web.Hostname, c.Mail.Hostname)
	if c.Quarantine.Identity == "" && len(c.Quarantine.Recipients) == 0 {
		c.Quarantine.Identity = filepath.Join(c.Data, "keys", "quarantine.key")
	}
}

// Validate implements setting.Validator: what holds between parts.
func (c *Config) Validate(p setting.Problems) {
	if c.Data == "" {
		p.At("data").Wrong("no data directory: name one, such as /var/lib/sluis")
	}
	if c.Notices.From != "" && len(c.Mail.Routes) == 0 {
		p.At("notices").At("from").Wrong("notices go through a route: add one under mail")
	}
	for i, l := range c.Web.Listen {
		for _, m := range c.Mail.Listen {
			if m.Address == l.Address && !strings.HasSuffix(l.Address, ":0") {
				p.At("web").At("listen").Item(i).At("address").Wrong("%s is listened on already", l.Address)
			}
		}
	}
}

// NeedsRestart names the first setting in which two configurations differ although it is read
// at the start only; it is empty if there is none.
func NeedsRestart(old, new *Config) string { return setting.NeedsRestart(old, new) }
