package quarantine

import (
	"time"

	"sluis/filter"
	"sluis/rules"
)

// Entry is a message in the index: metadata.
type Entry struct {
	ID         filter.ID       `json:"id"`
	Time       time.Time       `json:"time"`
	Direction  rules.Direction `json:"direction"`
	Purpose    rules.Purpose   `json:"purpose"`
	Category   rules.Category  `json:"category"`
	Clause     rules.Clause    `json:"clause"`
	Rule       rules.ID        `json:"rule"`
	Score      int             `json:"score"`      // of the finding that decided, 0 to 100; set by Seal
	Recipients int             `json:"recipients"` // whose message it is; set by Seal
	Size       int64           `json:"size"`       // bytes, as the next hop will get them; set by Seal
	State      State           `json:"state"`
	Attempts   int             `json:"attempts,omitempty"` // to release it
	Reply      string          `json:"reply,omitempty"`    // codes of the next hop's last answer
	Decided    time.Time       `json:"decided,omitzero"`
	Review     Review          `json:"review,omitempty"`
	Reviewed   time.Time       `json:"reviewed,omitzero"` // when a person first decided anything
	Version    int             `json:"-"`                 // changes with every decision

	// Confidential says that a person with a confidential role is party to it (C3.2g).
	Confidential bool `json:"confidential,omitempty"`
}

// Review is the judgement of a reviewer on the verdict.
type Review string

// The reviews.
const (
	Unreviewed Review = ""
	Kept       Review = "kept"      // it stays where it is, for another reviewer or for later
	Confirmed  Review = "confirmed" // it is what the rule says
	Wrong      Review = "wrong"     // it is not (C3.3f)
)

// State is how far a message is.
type State string

// The states.
const (
	Quarantined State = "quarantined"
	Releasing   State = "releasing" // decided, not yet taken by the next hop
	Released    State = "released"
	Failed      State = "failed"    // the next hop refused it, or never took it; it can be released again
	Destroyed   State = "destroyed" // decided not to be delivered; the content is gone
)

// Envelope is the SMTP envelope for the next hop.
type Envelope struct {
	From       string      `json:"from"`
	Parameters []string    `json:"parameters,omitempty"`
	To         []Recipient `json:"to"`

	Concerned []string `json:"-"` // addresses of people with a confidential role, whom Seal has Tell tell
}

// Recipient is one recipient of an Envelope.
type Recipient struct {
	Path       string          `json:"path"`
	Parameters []string        `json:"parameters,omitempty"`
	Direction  rules.Direction `json:"direction"`
}

// Evidence is a finding with its excerpts in clear. It is in the sealed part alone.
type Evidence struct {
	Rule     rules.ID       `json:"rule"`
	Purpose  rules.Purpose  `json:"purpose"`
	Clause   rules.Clause   `json:"clause"`
	Category rules.Category `json:"category"`
	Count    int            `json:"count"`
	Score    int            `json:"score"`
	Excerpts []string       `json:"excerpts"`
}

func evidenceOf(x *filter.Inspection) []Evidence {
	var es []Evidence
	if x == nil {
		return nil
	}
	for _, f := range x.Findings {
		e := Evidence{
			Rule:     f.Rule,
			Purpose:  f.Purpose,
			Clause:   f.Clause,
			Category: f.Category,
			Count:    f.Count,
			Score:    f.Score,
		}
		for _, s := range f.Excerpts {
			e.Excerpts = append(e.Excerpts, s.Reveal())
		}
		es = append(es, e)
	}
	return es
}

// scoreOf returns the score of the finding that decided.
func scoreOf(x *filter.Inspection, rule rules.ID) int {
	if x == nil {
		return 0
	}
	for _, f := range x.Findings {
		if f.Rule == rule {
			return f.Score
		}
	}
	return 0
}
