package config

import (
	"sluis/internal/lang"
	"sluis/internal/oversight/totals"
	"sluis/internal/setting"
)

// Notices is mail that the gateway sends of itself, through its own routes.
type Notices struct {
	From     string   `yaml:"from"`     // sender; none: nothing is sent
	Language string   `yaml:"language"` // nl (default), en, or another that there are texts in
	Board    []string `yaml:"board"`    // addresses, by who reads it
	Council  []string `yaml:"council"`  // the participation council
	Privacy  []string `yaml:"privacy"`  // privacy officer or coordinator
	ICT      []string `yaml:"ict"`

	// Witnesses get the signed state of the ledger each day, as board, council and privacy do. Two addresses
	// outside the organisation have to get it before an order of the board can be decided or used.
	Witnesses []string `yaml:"witnesses"`

	Digest string `yaml:"digest"` // of the quarantine, to ict: daily, weekly (default) or none
}

// SetDefaults implements setting.Defaulter.
func (n *Notices) SetDefaults() {
	setting.Default(&n.Language, lang.Default)
	setting.Default(&n.Digest, "weekly")
}

// Validate implements setting.Validator.
func (n *Notices) Validate(p setting.Problems) {
	p.At("language").OneOf(n.Language, lang.Languages()...)
	p.At("digest").OneOf(n.Digest, "daily", "weekly", "none")
	if n.From != "" {
		p.At("from").Mailbox(n.From)
	}
	for key, addresses := range map[string][]string{
		"board":   n.Board,
		"council": n.Council,
		"privacy": n.Privacy,
		"ict":     n.ICT,

		"witnesses": n.Witnesses,
	} {
		for i, a := range addresses {
			at := p.At(key).Item(i)
			at.Mailbox(a)
			if n.From == "" {
				at.Wrong("say who the notices come from: notices: from")
			}
		}
	}
}

// Totals are the figures for the board (C3.2b).
type Totals struct {
	People int `yaml:"people"` // fewest people behind a figure; default and least 10
}

// SetDefaults implements setting.Defaulter.
func (t *Totals) SetDefaults() { setting.Default(&t.People, totals.FewestPeople) }

// Validate implements setting.Validator.
func (t *Totals) Validate(p setting.Problems) {
	if t.People < totals.FewestPeople {
		p.At("people").Wrong("a figure has at least %d people behind it, whatever the school's size: "+
			"leave the setting out, or write a larger number (C3.2b)", totals.FewestPeople)
	}
}
