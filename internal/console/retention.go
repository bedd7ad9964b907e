package console

import (
	"context"
	"sluis/internal/ledger"
	"time"
)

// Kept is what is held of one thing.
type Kept struct {
	What   string    `json:"what"` // metadata, or messages set aside
	Number int64     `json:"number"`
	Bytes  int64     `json:"bytes"`
	Since  time.Time `json:"since"`          // zero: nothing is held
	Next   time.Time `json:"next_destroyed"` // when the oldest is destroyed
	Days   int       `json:"retention_days"`
	Reason string    `json:"reason,omitempty"`
}

// Retention tells what is held, and the months whose people can be found under an order or
// at their own request.
type Retention func(ctx context.Context) (kept []Kept, months []string, err error)

// retentionRoutes show what is held (C3.3g).
var retentionRoutes = []route{
	{pattern: "GET /retention", who: only(ledger.Board, ledger.Privacy, ledger.Legal, ledger.ICT), nav: "nav-retention", do: (*visit).retention},
}

func (v *visit) retention() error {
	kept, months, err := v.c.o.Retention(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("retention", struct {
		Kept   []Kept
		Months []string
	}{kept, months})
}
