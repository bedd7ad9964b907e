package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
)

// rollForm is a form with the people of a roll.
func rollForm(change ...string) url.Values {
	f := url.Values{}
	for i, row := range []string{
		"board|Ada Bestuur|board@school.example",
		"board|Bo Bestuur|board-2@school.example",
		"legal|Dirk Jurist|legal@school.example",
		"privacy|Eva Functionaris|privacy@school.example",
		"council|Fons Raad|gmr@ouders.example",
	} {
		n, cells := strconv.Itoa(i), strings.Split(row, "|")
		f.Set("office-"+n, cells[0])
		f.Set("name-"+n, cells[1])
		f.Set("address-"+n, cells[2])
	}
	for i := 0; i+1 < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

// TestABoardsRollIsMadeOnPhones: each person makes a key by a link that is mailed to them alone, and signs; the roll
// counts when all have.
func TestABoardsRollIsMadeOnPhones(t *testing.T) {
	h := newHouse(t)
	admin := h.as(ledger.Admin).proves("admin")
	a := admin.post("/roll", rollForm())
	a.must("begin", status(http.StatusSeeOther), recorded(ledger.RollDrafted, 1))
	if len(h.links) != 5 {
		t.Fatalf("%d links were mailed, want 5", len(h.links))
	}
	site, err := roll.SiteOf(h.config.Address)
	if err != nil {
		t.Fatal(err)
	}
	page := admin.get("/roll")
	phones := rolltest.Phones{}
	for address, link := range h.links {
		at := strings.TrimPrefix(link, h.config.Address)
		page.check("the administrator's page", lacks(strings.TrimPrefix(at, "/roll/")))
		guest, phone := h.stranger(), phones.Of(site, address)
		guest.get(at).check("the page of a link", status(http.StatusOK), has(at+"/key"))
		guest.send(at+"/key/made", "{}").check("a key that was not asked for", status(http.StatusBadRequest))
		asked := guest.send(at+"/key", "{}")
		asked.must("ask for a key", status(http.StatusOK))
		guest.send(at+"/key/made", phone.MakeJSON([]byte(asked.body))).must("a key", status(http.StatusOK))
		guest.send(at+"/key", "{}").check("a second key", status(http.StatusBadRequest))
	}
	admin.get("/roll").check("the roll waits", has("Lijst 1, wacht"))
	for address, link := range h.links {
		at := strings.TrimPrefix(link, h.config.Address)
		guest := h.stranger()
		asked := guest.send(at+"/sign", "{}")
		asked.must("ask to sign", status(http.StatusOK))
		guest.send(at+"/sign/signed", phones[address].ShowJSON([]byte(asked.body))).must("sign", status(http.StatusOK))
	}
	now, err := h.rolls.Current()
	if err != nil || len(now.Members) != 5 {
		t.Fatalf("after everybody signed: %v, want a roll of 5", err)
	}
	admin.get("/roll").check("the roll", has(now.Words()), has(now.Hash), has("Fons Raad"))
	admin.get("/roll/minutes").check("the minutes", has(now.Words()))
	h.stranger().get("/roll/nonsense").check("a link that is none", status(http.StatusGone))
}

func TestWrongRollsAreRefused(t *testing.T) {
	h := newHouse(t)
	p := h.as(ledger.Board).proves("board")
	for name, f := range map[string]url.Values{
		"without the council":       rollForm("office-4", "board"),
		"with one of the board":     rollForm("office-1", "legal"),
		"a person twice":            rollForm("address-1", "board@school.example"),
		"without an address":        rollForm("address-1", ""),
		"without a roll to replace": rollForm("lost", "yes"),
	} {
		p.post("/roll", f).check(name, status(http.StatusUnprocessableEntity))
	}
	if n := len(h.links) + len(h.entries(ledger.RollDrafted)); n != 0 {
		t.Errorf("%d links and entries, want none", n)
	}
}
