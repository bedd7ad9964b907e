package config

import (
	"fmt"
	"net/mail"
	"time"
)

// Orders are those of the board (C3.2c).
type Orders struct {
	Longest Duration `yaml:"longest"` // period of an order; default and at most 28d
}

// Notices is mail that the gateway sends of itself, through its own routes.
type Notices struct {
	From     string   `yaml:"from"`     // sender; none: nothing is sent
	Language string   `yaml:"language"` // nl (default) or en
	Board    []string `yaml:"board"`    // addresses, by who reads it
	Council  []string `yaml:"council"`  // the participation council
	Privacy  []string `yaml:"privacy"`  // privacy officer or coordinator
	ICT      []string `yaml:"ict"`
	Digest   string   `yaml:"digest"` // of the quarantine, to ict: daily, weekly (default) or none
}

// Totals are the figures for the board (C3.2b).
type Totals struct {
	People int `yaml:"people"` // fewest people behind a figure; default 10, at least 5
}

// longestOrder is the maximum of Orders.Longest.
const longestOrder = Duration(28 * 24 * time.Hour)

func (c *Config) officeDefaults() {
	if c.Orders.Longest == 0 {
		c.Orders.Longest = longestOrder
	}
	if c.Journal.ClickHouse.Database == "" {
		c.Journal.ClickHouse.Database = "sluis"
	}
	if c.Notices.Language == "" {
		c.Notices.Language = "nl"
	}
	if c.Notices.Digest == "" {
		c.Notices.Digest = "weekly"
	}
	if c.Totals.People == 0 {
		c.Totals.People = 10
	}
}

func (v *validator) office(c *Config) {
	v.imagery(&c.Imagery)
	if c.Orders.Longest > longestOrder || c.Orders.Longest < Duration(24*time.Hour) {
		v.wrong("$.orders.longest", "an order lasts from 1 to 28 days: the code says a short period (C3.2c)")
	}
	n := c.Notices
	v.oneOf("$.notices.language", n.Language, "nl", "en")
	v.oneOf("$.notices.digest", n.Digest, "daily", "weekly", "none")
	if n.From != "" {
		v.mailbox("$.notices.from", n.From)
		if len(c.Mail.Routes) == 0 {
			v.wrong("$.notices.from", "notices go through a route: add one under mail")
		}
	}
	for _, list := range []struct {
		name      string
		addresses []string
	}{{"board", n.Board}, {"council", n.Council}, {"privacy", n.Privacy}, {"ict", n.ICT}} {
		for i, a := range list.addresses {
			path := fmt.Sprintf("$.notices.%s[%d]", list.name, i)
			v.mailbox(path, a)
			if n.From == "" {
				v.wrong(path, "say who the notices come from: notices: from")
			}
		}
	}
	if c.Totals.People < 5 {
		v.wrong("$.totals.people", "a figure has at least 5 people behind it (C3.2b)")
	}
}

// mailbox checks a bare address.
func (v *validator) mailbox(path, address string) {
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address || a.Name != "" {
		v.wrong(path, "this is no mail address: write for instance ict@school.nl")
	}
}
