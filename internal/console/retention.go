package console

import (
	"time"
)

// Kept is one kind of stored data.
type Kept struct {
	What   string    `json:"what"` // metadata, or quarantined messages
	Number int64     `json:"number"`
	Bytes  int64     `json:"bytes"`
	Since  time.Time `json:"since"`          // zero: nothing is stored
	Next   time.Time `json:"next_destroyed"` // when the oldest is destroyed
	Days   int       `json:"retention_days"`
	Reason string    `json:"reason,omitempty"`
}

// retentionPages show what is stored (C3.3g).
type retentionPages struct {
	retention Retention
}

func (p *retentionPages) routes() []route {
	return []route{
		get("/retention", concerned, p.show).inMenu("nav-retention"),
	}
}

func (p *retentionPages) show(v *visit) error {
	kept, months, err := p.retention(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("retention", struct {
		Kept   []Kept
		Months []string
	}{kept, months})
}
