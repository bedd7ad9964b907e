package quarantine

import (
	"encoding/json"
	"fmt"
	"time"

	"sluis/filter"
	"sluis/rules"
)

// Entry is what the index knows of a message: metadata.
type Entry struct {
	ID         filter.ID       `json:"id"`
	Time       time.Time       `json:"time"`
	Direction  rules.Direction `json:"direction"`
	Purpose    rules.Purpose   `json:"purpose"`
	Category   rules.Category  `json:"category"`
	Clause     rules.Clause    `json:"clause"`
	Rule       rules.ID        `json:"rule"`
	Recipients int             `json:"recipients"` // for whom it was set aside
	Size       int64           `json:"size"`       // bytes
	State      State           `json:"state"`
	Attempts   int             `json:"attempts,omitempty"` // to release it
	Reply      string          `json:"reply,omitempty"`    // codes of the next hop's last answer
	Decided    time.Time       `json:"decided,omitzero"`
}

// State is what became of a message.
type State string

// The states.
const (
	Held      State = "held"
	Releasing State = "releasing" // decided, not yet taken by the next hop
	Released  State = "released"
	Failed    State = "failed" // refused by the next hop; it can be released again
	Destroyed State = "destroyed"
)

// Envelope is what the next hop has to be told.
type Envelope struct {
	From       string      `json:"from"`
	Parameters []string    `json:"parameters,omitempty"`
	To         []Recipient `json:"to"`
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

// header is the sealed part before the message.
type header struct {
	Envelope Envelope   `json:"envelope"`
	Evidence []Evidence `json:"evidence"`
}

// maxHeader bounds the header, in bytes: thousands of recipients and findings.
const maxHeader = 4 << 20

func (h header) encode() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode sealed header: %w", err)
	}
	if len(b) > maxHeader {
		return nil, fmt.Errorf("sealed header of %d bytes is above the bound", len(b))
	}
	return b, nil
}

func evidenceOf(x *filter.Examination) []Evidence {
	var es []Evidence
	if x == nil {
		return nil
	}
	for _, f := range x.Findings {
		e := Evidence{Rule: f.Rule, Purpose: f.Purpose, Clause: f.Clause, Category: f.Category, Count: f.Count, Score: f.Score}
		for _, s := range f.Excerpts {
			e.Excerpts = append(e.Excerpts, s.Reveal())
		}
		es = append(es, e)
	}
	return es
}
