package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sluis/internal/ledger"
	"sluis/internal/roster"
)

var linkShape = regexp.MustCompile(`/link/[A-Z0-9]{10,}`)

// begins is a person who follows the link that was mailed to an address.
func (h *house) begins(address string) *person {
	h.t.Helper()
	p := h.stranger()
	form := url.Values{"password": {phrase}, "again": {phrase}}
	p.post("/link/"+h.mail.secret(address), form).must("begin as "+address, status(http.StatusSeeOther))
	return p
}

// TestOneAdministratorMakesNobodyWhoDecides: in the pages, an administrator alone gets no link, whatever
// account is made, and those who watch over roles get notice (C3.2c, C3.2d).
func TestOneAdministratorMakesNobodyWhoDecides(t *testing.T) {
	h := newHouse(t)
	admin := h.as(ledger.Admin).proves("admin")
	for name, role := range map[string]ledger.Role{
		"juf": ledger.Legal, "els": ledger.Board, "piet": ledger.ICT, "employee": ledger.Employee,
	} {
		address := name + "@school.example"
		a := admin.post("/accounts", url.Values{"name": {name}, "address": {address}, "role": {string(role)}})
		a.must(name, status(http.StatusSeeOther))
		page := admin.get(a.to)
		page.check(name, status(http.StatusOK), lacks("/link/"), has("nog niet bevestigd"))
		admin.post(a.to+"/invite", nil).check(name, to(a.to))
		if linkShape.MatchString(admin.get(a.to).body) || h.mail.secret(address) == "" {
			t.Errorf("the link of %s is on a page or was not mailed, want it mailed alone", name)
		}
		if told := h.mail.told("bestuur@school.example", name); told != role.Decides() {
			t.Errorf("the board got notice of %s: %v, want %v", name, told, role.Decides())
		}
	}
	els := h.begins("els@school.example")
	els.get("/totals").check("a member of the board who has the link of the mail", to("/account/factor"))
}

// TestAPageSaysWhatToDoWhereNoAccountIsMade: nobody on the roster, the same person, no mail.
func TestAPageSaysWhatToDoWhereNoAccountIsMade(t *testing.T) {
	h := newHouse(t)
	admin := h.as(ledger.Admin).proves("admin")
	making := func(name, address, role string) answer {
		return admin.post("/accounts", url.Values{"name": {name}, "address": {address}, "role": {role}})
	}
	making("gast", "vreemd@school.example", "board").check("a stranger", status(http.StatusUnprocessableEntity),
		has("Zet de persoon eerst op de lijst"))
	making("sem", "leerling@school.example", "employee").check("a pupil", status(http.StatusUnprocessableEntity),
		has("Zet de persoon eerst op de lijst"))
	making("els", "els@school.example", "board").must("", status(http.StatusSeeOther))
	making("els-2", "els@school.example", "board").check("the same person again",
		status(http.StatusUnprocessableEntity), has("één zo&#39;n rol"))
	h.mail.broken = true
	making("jo", "jo@school.example", "legal").check("where mail does not go", status(http.StatusUnprocessableEntity),
		has("de mail is niet aangenomen"))
	h.accounts.Connect(func() *roster.Roster { return h.people }, nil)
	making("jo", "jo@school.example", "legal").check("where there is no mail", status(http.StatusUnprocessableEntity),
		has("notices: from"))
	if strings.Contains(admin.get("/accounts").body, "/accounts/jo") {
		t.Error("the account was made, want none")
	}
}

// TestABorrowedAddressOpensNoDossier: an account on a colleague's address shows nothing until the
// colleague confirms it, and the notice goes to every address of the person.
func TestABorrowedAddressOpensNoDossier(t *testing.T) { // C3.2f
	h := newHouse(t)
	h.traffic("juf@school.example", 3)
	a, _, err := h.accounts.Make(t.Context(), ledger.CommandLine, "gast", "juf@school.example",
		[]ledger.Role{ledger.Employee})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := h.accounts.TerminalLink(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	guest := h.stranger()
	guest.post("/link/"+secret, url.Values{"password": {phrase}, "again": {phrase}}).must("", to("/"))
	for _, form := range []string{"page", "html", "csv", "json"} {
		guest.post("/access", url.Values{"form": {form}}).check(form, status(http.StatusUnprocessableEntity),
			lacks("<tbody>"), has("Bevestig je mailadres"))
	}
	if n := len(h.entries(ledger.AccessGiven)); n != 0 || len(h.requested) != 0 {
		t.Errorf("%d requests in the ledger, notices to %v; want none", n, h.requested)
	}
	guest.post("/access/code", nil).must("", to("/access"))
	guest.post("/access/confirm", url.Values{"code": {"0123456789"}}).check("a guess",
		status(http.StatusUnprocessableEntity), has("code klopt niet"))
	guest.post("/access/confirm", url.Values{"code": {h.mail.secret("juf@school.example")}}).must("", to("/access"))
	guest.post("/access", url.Values{"form": {"page"}}).check("the owner, with the code of the mail",
		status(http.StatusOK), times(`<th scope="row">`, 3))
}

// TestWithoutNoticeThereIsNoInsight: who cannot be told of it is shown nothing.
func TestWithoutNoticeThereIsNoInsight(t *testing.T) {
	h := newHouse(t)
	h.traffic("employee@school.example", 3)
	h.untold = true
	p := h.as(ledger.Employee)
	for _, form := range []string{"page", "json"} {
		p.post("/access", url.Values{"form": {form}}).check(form, status(http.StatusUnprocessableEntity),
			lacks("<tbody>"), has("kon niet verstuurd worden"))
	}
	if n := len(h.entries(ledger.AccessGiven)); n != 0 {
		t.Errorf("%d requests in the ledger, want none", n)
	}
}

// TestAnAliasOfTheRosterOpensNoDossier: an account whose address the roster gave to a colleague, or that
// got the colleague's address, shows nothing; every address of the person gets notice of a request.
func TestAnAliasOfTheRosterOpensNoDossier(t *testing.T) {
	h := newHouse(t)
	h.traffic("juf@school.example", 3)
	if _, _, err := h.accounts.Make(t.Context(), ledger.CommandLine, "piet", "piet@school.example",
		[]ledger.Role{ledger.Employee}); err != nil {
		t.Fatal(err)
	}
	a, err := h.accounts.Named(t.Context(), "piet")
	if err == nil {
		err = h.accounts.Invite(t.Context(), ledger.CommandLine, a.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	piet := h.begins("piet@school.example")
	piet.post("/access", url.Values{"form": {"page"}}).check("before", status(http.StatusOK))
	usual := h.people
	for name, rows := range map[string]string{
		"an alias of the colleague":    "  - {address: juf@school.example, aliases: [piet@school.example], group: team}\n",
		"the colleague an alias of it": "  - {address: piet@school.example, aliases: [juf@school.example], group: team}\n",
	} {
		known := roster.Begin(usual, 10, h.now())
		offered := h.roster(rows)
		h.people = known.Hold(offered, 10)
		piet.post("/access", url.Values{"form": {"json"}}).check(name+", while it waits",
			status(http.StatusUnprocessableEntity), has("wacht op de privacyfunctionaris"))
		h.people = offered // as if the privacy officer agreed
		piet.post("/access", url.Values{"form": {"json"}}).check(name+", once it counts",
			status(http.StatusUnprocessableEntity), has("Bevestig je mailadres"))
	}
	h.requested = nil
	piet.post("/access/code", nil).must("", to("/access"))
	piet.post("/access/confirm", url.Values{"code": {h.mail.secret(h.people.Addresses("piet@school.example")[0])}})
	piet.post("/access", url.Values{"form": {"page"}})
	if len(h.requested) != 2 {
		t.Errorf("notice to %v, want every address of the person", h.requested)
	}
}

// TestAPasskeyComesAfterTheSchool: of a person who signs in at the school a passkey is the second factor;
// without the school it lets nobody in.
func TestAPasskeyComesAfterTheSchool(t *testing.T) {
	s := openSchool(t)
	h := s.attend("sluis")
	s.groups["piet"] = []string{"ict-beheer"}
	b := h.browse()
	b.device()
	view := looks[0]
	school := func(next string) {
		t.Helper()
		b.at("/sign-in", view)
		b.do(chromedp.Click("a[href^='/sign-in/with/school']"), chromedp.WaitVisible("input[name=username]"))
		b.do(
			chromedp.SendKeys("input[name=username]", "piet"),
			chromedp.SendKeys("input[name=password]", phrase),
			chromedp.Submit("form"),
			chromedp.WaitVisible(next),
		)
	}
	school("button[data-passkey=make]") // a second factor comes first
	b.press("button[data-passkey=make]", "/account")
	b.press("form[action='/sign-out'] button", "/sign-in")
	b.takeProblems()
	b.do(chromedp.Click("button[data-passkey=show]"), chromedp.WaitVisible("#passkey-problem"))
	b.takeProblems()
	school("button[data-passkey=show]")
	b.press("button[data-passkey=show]", "/")
	if !b.shows("piet") {
		t.Error("the passkey after the school does not let piet in, want it to")
	}
}
