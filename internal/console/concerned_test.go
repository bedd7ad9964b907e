package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// canary is what nobody may see of a confidential message.
const canary = "ik word gepest door mijn leidinggevende"

// sealConfidential puts a message to a counsellor in the quarantine, and returns the secret of the link that
// the counsellor gets.
func (h *house) sealConfidential() (e quarantine.Entry, secret string) {
	h.t.Helper()
	e = quarantine.Entry{
		ID:           filter.NewID(),
		Time:         time.Now().Add(-time.Hour),
		Direction:    rules.In,
		Purpose:      rules.Security,
		Category:     rules.Attachment,
		Clause:       rules.MustClause("C3.3a"),
		Confidential: true,
	}
	if err := e.Rule.UnmarshalText([]byte("security.attachment.executable")); err != nil {
		h.t.Fatal(err)
	}
	env := quarantine.Envelope{
		From:      "medewerker@school.example",
		To:        []quarantine.Recipient{{Path: "vp@school.example", Direction: rules.In}},
		Concerned: []string{"vp@school.example"},
	}
	x := &filter.Inspection{Findings: []filter.Finding{{
		Rule: e.Rule, Purpose: e.Purpose, Clause: e.Clause, Category: e.Category, Count: 1, Score: 100,
	}}}
	content := strings.NewReader("From: medewerker@school.example\r\nSubject: " + canary + "\r\n\r\n" + canary + "\r\n")
	if err := h.sealed.Seal(h.t.Context(), e, env, x, content); err != nil {
		h.t.Fatal(err)
	}
	err := h.sealed.Tell(h.t.Context(), func(_ context.Context, address, s string) error {
		if secret = s; address != "vp@school.example" {
			h.t.Errorf("%q is told, want the counsellor", address)
		}
		return nil
	})
	if err != nil || secret == "" {
		h.t.Fatalf("the counsellor is not told: %v", err)
	}
	return e, secret
}

// The ICT service sees that a message is confidential and which rule found something; what it says is for
// nobody, and the counsellor decides on it (C3.2g, C3.3e).
func TestTheICTServiceSeesFindingsOfAConfidentialMessageOnly(t *testing.T) {
	h := newHouse(t)
	e, secret := h.sealConfidential()
	ict := h.reviewer("jo")
	at := "/quarantine/" + e.ID.String()
	if list := ict.get("/quarantine"); !strings.Contains(list.body, "vertrouwelijk") {
		t.Error("the list does not mark it")
	}
	if page := ict.get(at); !strings.Contains(page.body, "Vertrouwelijk (C3.2g)") {
		t.Errorf("the page does not mark it: %s", page.body)
	}
	seen := ""
	for _, stage := range []string{"findings", "headers", "text", "html", "attachment"} {
		a := ict.post(at+"/open", url.Values{"stage": {stage}, "reason": {"melding 12"}})
		seen += a.body
		if opened := strings.Contains(a.body, "Bijlage die een programma is"); stage == "findings" && !opened {
			t.Errorf("the findings do not open: %d %s", a.status, a.body)
		}
		if stage != "findings" && !strings.Contains(a.body, "alleen de bevindingen") {
			t.Errorf("%s: %d, want that it does not open", stage, a.status)
		}
	}
	for _, act := range []string{"release", "destroy"} {
		ict.post("/quarantine/"+act, url.Values{"message": {e.ID.String() + ".1"}, "reason": {"melding 12"}})
	}
	seen += ict.get(at).body
	for _, word := range []string{"gepest", "medewerker@", "vp@", "leidinggevende"} {
		if strings.Contains(seen, word) {
			t.Errorf("the ICT service sees %q", word)
		}
	}
	if got, err := h.sealed.Get(t.Context(), e.ID); err != nil || got.State != quarantine.Quarantined {
		t.Errorf("the ICT service decided: %+v, %v", got, err)
	}
	if len(h.hop.got) != 0 {
		t.Error("the message was delivered")
	}
	// The counsellor decides by the link, without an account.
	vp := h.stranger()
	for range 2 { // as programs fetch links
		page := vp.get("/confidential/" + secret)
		shows := strings.Contains(page.body, "gepest") || strings.Contains(page.body, "medewerker@")
		if page.status != http.StatusOK || shows {
			t.Errorf("the page of the counsellor is %d %s", page.status, page.body)
		}
	}
	if len(h.hop.got) != 0 {
		t.Error("looking at the page released the message")
	}
	vp.post("/confidential/"+secret, nil).must("release", status(http.StatusSeeOther))
	if len(h.hop.got) != 1 || !strings.Contains(h.hop.got[0], canary) {
		t.Errorf("delivered %d messages, want the one", len(h.hop.got))
	}
	if page := vp.get("/confidential/" + secret); !strings.Contains(page.body, "is bezorgd") {
		t.Errorf("the page afterwards is %s", page.body)
	}
	released := h.entries(ledger.QuarantineReleased)
	if len(released) != 1 || released[0].Data.Name != "person concerned" || released[0].Data.Step != "concerned" {
		t.Errorf("the ledger has %+v, want that the person concerned released it", released)
	}
	for _, guess := range []string{"x", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", secret + "A"} {
		if a := vp.get("/confidential/" + guess); a.status != http.StatusGone {
			t.Errorf("a guessed link gives %d, want 410", a.status)
		}
	}
}
