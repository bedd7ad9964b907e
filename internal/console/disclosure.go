package console

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// disclosurePages show the content of a quarantined message stage by stage. Each stage needs a
// reason, the statement of secrecy and a fresh proof, and is in the ledger first (C3.3e).
type disclosurePages struct {
	Quarantine
	messages *messagePages
	openings *expirable.LRU[string, opening] // that are open now
}

func (p *disclosurePages) routes() []route {
	return []route{
		post("/quarantine/{id}/open", reviewers, p.open).
			needing(secrecy | proof).recorded(ledger.QuarantineOpened),
		post("/quarantine/{id}/reveal", reviewers, p.reveal).
			needing(secrecy | proof).recorded(ledger.QuarantineRevealed),
		get("/quarantine/{id}/frame/{opening}", reviewers, p.frame).needing(secrecy | proof),
	}
}

// opening is a stage that an account opened a short while ago: the identifiers revealed in it,
// and the HTML for its frame. It is in memory alone, and of use to no other account.
type opening struct {
	Token    string
	account  string
	message  string
	Stage    disclose.Stage
	Part     int
	Reason   string
	revealed []int
	document string
}

// Bounds of openings at one time.
const (
	maxOpenings = 64
	openTime    = proofTime
)

func newOpenings() *expirable.LRU[string, opening] {
	return expirable.NewLRU[string, opening](maxOpenings, nil, openTime)
}

// openedView is the page of an opened stage.
type openedView struct {
	messageView
	Opening opening
	Sheet   *disclose.Sheet
	Seconds int // that it stays open
}

// open shows one stage of a message, once its reason is in the ledger.
func (p *disclosurePages) open(v *visit) error {
	part, err := strconv.Atoi(cmp.Or(v.field("part"), "0"))
	if err != nil {
		return errUnclear
	}
	o := opening{
		Token:   rand.Text(),
		account: v.Account.ID,
		message: v.r.PathValue("id"),
		Stage:   disclose.Stage(v.field("stage")),
		Part:    part,
		Reason:  v.reason(),
	}
	if !slices.Contains(disclose.Stages, o.Stage) {
		return errUnclear
	}
	return p.show(v, o, false)
}

// reveal shows one identifier of an opened stage.
func (p *disclosurePages) reveal(v *visit) error {
	o, ok := p.opened(v, v.field("opening"))
	if !ok {
		return p.messages.again(v, "opening-over")
	}
	n, err := strconv.Atoi(v.field("n"))
	if err != nil || n < 1 {
		return errUnclear
	}
	o.revealed = append(slices.Clone(o.revealed), n)
	return p.show(v, o, true)
}

// opened returns an opening, by this account, of the message of the page.
func (p *disclosurePages) opened(v *visit, token string) (opening, bool) {
	o, ok := p.openings.Get(token)
	return o, ok && o.account == v.Account.ID && o.message == v.r.PathValue("id")
}

func (p *disclosurePages) show(v *visit, o opening, reveals bool) error {
	e, err := p.messages.entry(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	sheet, err := p.sheet(v, e, o, reveals)
	if problem := reviewProblems.key(err); problem != "" {
		return p.messages.again(v, problem)
	}
	if err != nil {
		return err
	}
	o.document = sheet.Document
	p.openings.Add(o.Token, o)
	w, err := p.messages.view(v) // with this act
	if err != nil {
		return err
	}
	return v.show("disclosure", openedView{w, o, sheet, int(openTime / time.Second)})
}

// sheet opens a message and reads a stage of it.
func (p *disclosurePages) sheet(v *visit, e quarantine.Entry, o opening, reveals bool) (*disclose.Sheet, error) {
	by := v.reviewer()
	by.Reason = o.Reason
	return p.disclose(v.r.Context(), e.ID, by, disclosure{o.Stage, o.Part, o.revealed, reveals})
}

// framed is the policy of a document made of a message's HTML: nothing is fetched, run or sent,
// and it has an origin of its own.
const framed = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

// frame serves the HTML of an opened stage.
func (p *disclosurePages) frame(v *visit) error {
	o, ok := p.opened(v, v.r.PathValue("opening"))
	if !ok || o.document == "" {
		return errNoPage
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", framed)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	if v.r.Method != http.MethodHead {
		_, err := v.w.Write([]byte(o.document))
		return err
	}
	return nil
}
