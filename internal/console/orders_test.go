package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/roll/rolltest"
	"sluis/internal/roster"
	"sluis/internal/store"
	"sluis/rules"
)

// roster is one of some rows of people.
func (h *house) roster(rows string) *roster.Roster {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "roster.yaml")
	text := "groups: [{name: team, kind: staff}, {name: bovenbouw, kind: pupils}]\npeople:\n" + rows
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	people, err := roster.Load(file, []string{"school.example"})
	if err != nil {
		h.t.Fatal(err)
	}
	return people
}

// orders makes what orders are kept in and used on: a record of mail of one employee.
func (h *house) orders(dir string) Orders {
	h.t.Helper()
	h.people = h.roster(`  - {address: juf@school.example, group: team}
  - {address: employee@school.example, group: team}
  - {address: els@school.example, group: team}
  - {address: piet@school.example, group: team}
  - {address: jo@school.example, group: team}
  - {address: leerling@school.example, group: bovenbouw}
`)
	h.rolls = roll.Open(store.Open(dir), h.ledger)
	address := func(ctx context.Context, account string) (string, error) {
		a, err := h.accounts.Named(ctx, account)
		return a.Address, err
	}
	limits := orders.Limits{Period: orders.LongestPeriod}
	store := orders.Open(store.Open(dir), h.ledger, h.rolls, address, limits)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		h.t.Fatal(err)
	}
	store.SealWith(func(context.Context) (*age.X25519Identity, error) { return key, nil })
	keys, err := journal.OpenKeys(filepath.Join(dir, "monthkeys"))
	if err != nil {
		h.t.Fatal(err)
	}
	db, err := journal.OpenDB(filepath.Join(dir, "journal"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { db.Close() })
	h.keys, h.db = keys, db
	return Orders{Store: store, Keys: keys, Records: db, Longest: orders.LongestPeriod}
}

// roll makes what the board's roll needs.
func (h *house) roll() Roll {
	h.links = map[string]string{}
	return Roll{h.rolls, func(_ context.Context, address, _, link string) error {
		h.links[address] = link
		return nil
	}}
}

// adopt makes a board's roll whose members have the addresses of accounts.
func (h *house) adopt() {
	h.t.Helper()
	site, err := roll.SiteOf(h.config.Address)
	if err != nil {
		h.t.Fatal(err)
	}
	h.phones = rolltest.Adopt(h.t, h.rolls, h.people, site,
		roll.Candidate{Office: roll.Board, Name: "Ada Bestuur", Address: "board@school.example"},
		roll.Candidate{Office: roll.Board, Name: "Bo Bestuur", Address: "board-2@school.example"},
		roll.Candidate{Office: roll.Board, Name: "Cor Bestuur", Address: "board-3@school.example"},
		roll.Candidate{Office: roll.Legal, Name: "Dirk Jurist", Address: "legal@school.example"},
		roll.Candidate{Office: roll.Privacy, Name: "Eva Functionaris", Address: "privacy@school.example"},
		roll.Candidate{Office: roll.Council, Name: "Fons Raad", Address: "gmr@ouders.example"})
}

// signs takes a step with a page of an order: the form, the question to the passkey, and its answer.
func (p *person) signs(phone *rolltest.Phone, at string, form url.Values) answer {
	p.h.t.Helper()
	a := p.post(at, form)
	if a.status != http.StatusOK {
		return a
	}
	asked := p.post(at+"/ask", nil)
	asked.must("ask for a passkey", status(http.StatusOK))
	return p.send(at+"/signed", phone.ShowJSON([]byte(asked.body)))
}

// send posts JSON, as the script does.
func (p *person) send(path, body string) answer {
	p.h.t.Helper()
	r := p.request(http.MethodPost, path, nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Type", "application/json")
	return p.do(r)
}

// traffic puts records of the mail of an address in the journal.
func (h *house) traffic(address string, n int) {
	h.t.Helper()
	w, err := journal.NewWriter(h.t.TempDir(), h.keys, h.db, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range n {
		r := journal.Record{
			Time:       time.Now().UTC().Add(-time.Duration(i) * time.Second),
			ID:         filter.NewID(),
			Direction:  rules.Out,
			Bytes:      12345,
			Recipients: 1,
			Group:      h.people.Subject(address).Group(),
		}
		w.Put(r, h.people.Subject(address))
	}
	if err := w.Close(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// sworn is a person in a role, with the statement of secrecy accepted and a code shown.
func (h *house) sworn(name string, r ledger.Role) *person {
	h.t.Helper()
	p := h.named(name, r).proves(name)
	p.post("/secrecy", url.Values{"accept": {"yes"}}).must("secrecy", status(http.StatusSeeOther))
	return p
}

func request(change ...string) url.Values {
	f := url.Values{
		"kind":         {"targeted"},
		"subject":      {"juf@school.example"},
		"reason":       {"een zwaarwegend vermoeden"},
		"from":         {time.Now().AddDate(0, 0, -1).Format(time.DateOnly)},
		"until":        {time.Now().AddDate(0, 0, 5).Format(time.DateOnly)},
		"look-back":    {"de melding is van gisteren"},
		"investigator": {"ict"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

// TestAnOrderFromRequestToOutcome: each step by its role, two members of the board, used by the
// designated investigator alone, and all of it in the ledger (C3.2c, C3.2d, C3.2f).
func TestAnOrderFromRequestToOutcome(t *testing.T) {
	h := newHouse(t)
	h.traffic("juf@school.example", 3)
	h.traffic("employee@school.example", 2)
	ict, other, legal, chair, member := h.sworn(
		"ict",
		ledger.ICT,
	), h.sworn(
		"ict-2",
		ledger.ICT,
	), h.sworn(
		"legal",
		ledger.Legal,
	), h.sworn(
		"board",
		ledger.Board,
	), h.sworn(
		"board-2",
		ledger.Board,
	)
	chair.post("/orders", request()).check("without a board's roll", status(http.StatusUnprocessableEntity))
	h.adopt()
	a := chair.post("/orders", request())
	a.must("", status(http.StatusSeeOther))
	at := a.to
	step := func(who string, p *person, what string, form url.Values, ok bool) {
		t.Helper()
		a := p.post(at+what, form)
		if ok != (a.status == http.StatusSeeOther) {
			t.Errorf("%s, %s: status %d, want it done: %v", who, what, a.status, ok)
		}
	}
	signed := func(who string, p *person, name, what string, form url.Values, kind ledger.Kind, n int) {
		t.Helper()
		p.signs(h.phones[name+"@school.example"], at+what, form).check(who, recorded(kind, n))
	}
	approve := url.Values{"decision": {"approve"}}
	signed("the board too early", member, "board-2", "/decide", approve, ledger.OrderDecided, 0)
	step("an investigator too early", ict, "/use", nil, false)
	advice := url.Values{"advice": {"favourable"}, "text": {"Het mag."}}
	signed("Legal Affairs with another's key", legal, "board", "/advise", advice, ledger.OrderAdvised, 0)
	signed("Legal Affairs", legal, "legal", "/advise", advice, ledger.OrderAdvised, 1)
	signed("the requester", chair, "board", "/decide", approve, ledger.OrderDecided, 0)
	signed("a member with another's key", member, "board-3", "/decide", approve, ledger.OrderDecided, 0)
	signed("a member", member, "board-2", "/decide", approve, ledger.OrderDecided, 1)
	signed("a member twice", member, "board-2", "/decide", approve, ledger.OrderDecided, 1)
	step("an investigator after one approval", ict, "/use", nil, false)
	third, fourth := h.sworn("board-3", ledger.Board), h.sworn("board-4", ledger.Board)
	signed("an account that is not on the roll", fourth, "board-3", "/decide", approve, ledger.OrderDecided, 1)
	third.post(at+"/decide", approve).check("what is signed", has(h.wordsOf(at)), has("een zwaarwegend vermoeden"))
	signed("another member", third, "board-3", "/decide", approve, ledger.OrderDecided, 2)
	third.get(at+"/minutes").check("the minutes", has(h.wordsOf(at)), lacks("juf@school.example"))
	ict.post(at+"/use", nil).check("used records", status(http.StatusOK), times("12,3", 3))
	other.get(at).check("an order that is not theirs", status(http.StatusNotFound))
	other.post(at+"/use", nil).check("used by another", status(http.StatusNotFound))
	other.get("/orders").check("it is in another's list", lacks(at))
	step("dismissed", chair, "/dismiss", url.Values{"investigator": {"ict"}}, true)
	ict.post(at+"/use", nil).check("used after the designation was withdrawn", not(http.StatusOK))
	withdraw := url.Values{"decision": {"withdraw"}}
	signed("withdrawn", chair, "board", "/withdraw", withdraw, ledger.OrderWithdrawn, 1)
	step("without a day", chair, "/complete", nil, false)
	step(
		"completed",
		chair,
		"/complete",
		url.Values{"destroyed": {time.Now().Format(time.DateOnly)}, "view": {"Ik wist het niet."}},
		true,
	)
	step("completed with a day in 2020", chair, "/complete", url.Values{"destroyed": {"2020-01-01"}}, false)
	chair.get(at).check("the person is still there after completion",
		lacks("juf@school.example"),
		lacks("zwaarwegend vermoeden"))
	chair.post(at+"/open", nil).check("what is sealed, opened by the board",
		has("juf@school.example"), has("zwaarwegend vermoeden"), has("Ik wist het niet."))
	chair.get(at).check("the person is there after it was opened", lacks("juf@school.example"))
	for name, p := range map[string]*person{"ict": ict, "other": other, "legal": legal} {
		p.post(at+"/open", nil).check("what is sealed, opened by "+name, not(http.StatusOK), lacks("vermoeden"))
	}
	for kind, n := range map[ledger.Kind]int{
		ledger.OrderRequested:        1,
		ledger.OrderAdvised:          1,
		ledger.OrderDecided:          2,
		ledger.OrderUsed:             1,
		ledger.OrderWithdrawn:        1,
		ledger.OrderCompleted:        1,
		ledger.OrderOpened:           1,
		ledger.InvestigatorWithdrawn: 1,
	} {
		if got := h.entries(kind); len(got) != n {
			t.Errorf("%d entries of %s in the ledger, want %d", len(got), kind, n)
		}
	}
}

// wordsOf returns the six words of an order.
func (h *house) wordsOf(at string) string {
	h.t.Helper()
	o, _, err := h.services.Orders.Store.Get(path.Base(at))
	if err != nil || o.Void() != nil {
		h.t.Fatal(err, o.Void())
	}
	return o.Standing().Words()
}

func TestWrongRequestsForAnOrderAreRefused(t *testing.T) {
	h := newHouse(t)
	h.adopt()
	p := h.sworn("board", ledger.Board)
	for name, f := range map[string]url.Values{
		"of a pupil":       request("subject", "leerling@school.example"),
		"of a stranger":    request("subject", "x@elders.example"),
		"of nobody":        request("subject", ""),
		"of both":          request("group", "team"),
		"too long":         request("until", time.Now().AddDate(1, 0, 0).Format(time.DateOnly)),
		"over":             request("from", "2020-01-01", "until", "2020-01-10"),
		"without a reason": request("reason", ""),
		"looking back":     request("from", time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "look-back", " "),
		"by nobody":        request("investigator", ""), "of no kind": request("kind", "x"),
	} {
		if name == "by nobody" {
			f.Del("investigator")
		}
		p.post("/orders", f).check(name, status(http.StatusUnprocessableEntity))
	}
	p.post("/orders", request("from", "x")).check("a day that is none", status(http.StatusBadRequest))
	if n := len(h.entries(ledger.OrderRequested)); n != 0 {
		t.Errorf("%d entries in the ledger, want none", n)
	}
}
