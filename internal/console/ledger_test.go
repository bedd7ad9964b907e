package console

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"sluis/internal/ledger"
)

// TestOnlyThePrivacyOfficerErasesAReason: with a fresh code and a reason; who did what stays (C3.2f, GDPR art. 17).
func TestOnlyThePrivacyOfficerErasesAReason(t *testing.T) {
	h := newHouse(t)
	chair := ledger.Actor{Name: "voorzitter", Role: ledger.Board}
	r, err := h.ledger.Append(t.Context(), ledger.OrderDecided,
		ledger.Data{Actor: chair, Ref: "o-17", Step: "approved", Reason: "gesprek met Jansen"})
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"entry": {strconv.FormatInt(r.Index(), 10)}, "reason": {"er stond een naam in"}}
	for _, role := range ledger.Roles {
		if role != ledger.Privacy {
			h.as(role).post("/ledger/erase", form).must(string(role), status(http.StatusForbidden))
		}
	}
	fg := h.as(ledger.Privacy)
	fg.post("/ledger/erase", form).must("without a fresh code", toward("/proof"))
	if n := len(h.entries(ledger.PayloadErased)); n != 0 {
		t.Fatalf("%d erasures before any was allowed, want none", n)
	}
	fg.proves("privacy")
	for name, c := range map[string]url.Values{
		"no number":          {"entry": {"x"}, "reason": {"x"}},
		"no reason":          {"entry": form["entry"], "reason": {" "}},
		"no such entry":      {"entry": {"99999"}, "reason": {"x"}},
		"no text to be gone": {"entry": {"0"}, "reason": {"x"}},
	} {
		fg.post("/ledger/erase", c).must(name, status(http.StatusUnprocessableEntity))
	}
	fg.post("/ledger/erase", form).must("erase", status(http.StatusSeeOther))
	fg.get("/ledger").must("", has("voorzitter"), has("o-17"), lacks("Jansen"), has("er stond een naam in"))
	got := h.entries(ledger.OrderDecided)[0]
	if got.Data.Actor != chair || got.Data.Ref != "o-17" || got.Data.Step != "approved" || got.Data.Reason != "" {
		t.Errorf("left of the decision is %+v, want who, what and which, without the reason", got.Data)
	}
	if all := h.entries(ledger.PayloadErased); len(all) != 1 || all[0].Data.Role != ledger.Privacy {
		t.Errorf("erasures in the ledger: %+v, want one, by the privacy officer", all)
	}
	fg.post("/ledger/verify", nil).must("verify", has("de tekst gewist"))
}

// TestAnActOfAnotherVersionIsShownByItsWord: the page has no name for it.
func TestAnActOfAnotherVersionIsShownByItsWord(t *testing.T) {
	h := newHouse(t)
	if _, err := h.ledger.Append(t.Context(), "court-order-served", ledger.Data{Ref: "o-9"}); err != nil {
		t.Fatal(err)
	}
	h.as(ledger.Board).get("/ledger").must("", status(http.StatusOK), has("court-order-served"), lacks("⟦"))
}
