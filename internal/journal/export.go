package journal

import (
	"encoding/json"
	"time"

	"sluis/filter"
	"sluis/rules"
)

var kindNames = [...]string{"mail", "web"}

// String returns the name that exports use.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// MarshalJSON gives the record as exports have it: without the pseudonym, which only an
// order or the person's own request unlocks (C3.2c).
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time          string          `json:"time"`
		ID            string          `json:"id,omitempty"`
		Kind          string          `json:"kind"`
		Direction     rules.Direction `json:"direction"`
		Group         string          `json:"group,omitempty"`
		Peer          string          `json:"peer,omitempty"`
		Action        string          `json:"action"`
		Purposes      []rules.Purpose `json:"purposes"`
		Purpose       string          `json:"purpose,omitempty"`
		Category      string          `json:"category,omitempty"`
		Clause        string          `json:"clause,omitempty"`
		Rule          string          `json:"rule,omitempty"`
		Confidential  bool            `json:"confidential"`
		Eligible      bool            `json:"eligible"`
		Drawn         bool            `json:"drawn"`
		Ambiguous     bool            `json:"ambiguous"`
		Uninspectable bool            `json:"uninspectable"`
		Incomplete    bool            `json:"incomplete"`
		TLS           bool            `json:"tls"`
		Ordered       bool            `json:"ordered"`
		Approved      bool            `json:"approved"`
		Recipients    uint16          `json:"recipients"`
		Refused       uint16          `json:"refused"`
		Parts         uint16          `json:"parts"`
		Repaired      uint32          `json:"repaired"`
		Reply         uint16          `json:"reply"`
		Bytes         int64           `json:"bytes"`
		DurationMS    float64         `json:"duration_ms"`
	}{
		r.Time.UTC().
			Format("2006-01-02T15:04:05.000Z"),
		named(r.ID != filter.ID{}, r.ID), r.Kind.String(), r.Direction, r.Group.String(), r.Peer.String(),
		r.Action.String(), r.Purposes.List(), named(r.Purpose != rules.NoPurpose, r.Purpose),
		named(r.Category != rules.NoCategory, r.Category),
		r.Clause.String(), r.Rule.String(), r.Confidential, r.Eligible, r.Drawn, r.Ambiguous, r.Uninspectable,
		r.Incomplete, r.TLS, r.Ordered, r.Approved,
		r.Recipients, r.Refused, r.Parts, r.Repaired, r.Reply, r.Bytes, float64(r.Duration.Microseconds()) / 1000,
	})
}

// MarshalJSON gives the count as exports have it.
func (c Count) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time         string          `json:"time"` // when the hour begins
		Kind         string          `json:"kind"`
		Direction    rules.Direction `json:"direction"`
		Purposes     []rules.Purpose `json:"purposes"`
		Confidential bool            `json:"confidential"`
		Records      int64           `json:"records"`
		Recipients   int64           `json:"recipients"`
		Bytes        int64           `json:"bytes"`
	}{
		c.Hour.UTC().Format(time.RFC3339),
		c.Kind.String(),
		c.Direction,
		rules.SetOf(rules.Security).List(),
		true,
		c.Records,
		c.Recipients,
		c.Bytes,
	})
}

func named(is bool, v interface{ String() string }) string {
	if is {
		return v.String()
	}
	return ""
}
