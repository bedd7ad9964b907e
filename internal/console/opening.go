package console

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// opening is a stage that somebody opened a short while ago: what was revealed in it, and
// the HTML for its frame. It is kept in memory, and nobody else can use it.
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

// Bounds of what is open at once.
const (
	maxOpenings = 64
	openTime    = proofTime
)

func newOpenings() *expirable.LRU[string, opening] {
	return expirable.NewLRU[string, opening](maxOpenings, nil, openTime)
}

// openedView is what the page of an opened stage shows.
type openedView struct {
	messageView
	Opening opening
	Sheet   *disclose.Sheet
	Seconds int // that it stays open
}

// openMessage shows one stage of a message, once its reason is in the ledger.
func (v *visit) openMessage() error {
	part, err := strconv.Atoi(cmpOr(v.field("part"), "0"))
	if err != nil {
		return errUnclear
	}
	o := opening{Token: rand.Text(), account: v.Account.ID, message: v.r.PathValue("id"), Stage: disclose.Stage(v.field("stage")), Part: part, Reason: v.reason()}
	if !slices.Contains(disclose.Stages, o.Stage) {
		return errUnclear
	}
	return v.showOpened(o, false)
}

// reveal shows one identifier of what is open.
func (v *visit) reveal() error {
	o, ok := v.opened(v.field("opening"))
	if !ok {
		return v.messageAgain("opening-over")
	}
	n, err := strconv.Atoi(v.field("n"))
	if err != nil || n < 1 {
		return errUnclear
	}
	o.revealed = append(slices.Clone(o.revealed), n)
	return v.showOpened(o, true)
}

// opened returns an opening of who asks, of the message that they look at.
func (v *visit) opened(token string) (opening, bool) {
	o, ok := v.c.openings.Get(token)
	return o, ok && o.account == v.Account.ID && o.message == v.r.PathValue("id")
}

func (v *visit) showOpened(o opening, reveals bool) error {
	w, err := v.messageView()
	if err != nil {
		return err
	}
	sheet, err := v.sheet(w.Entry, o, reveals)
	if problem := reviewProblem(err); problem != "" {
		return v.messageAgain(problem)
	}
	if err != nil {
		return err
	}
	o.document = sheet.Document
	v.c.openings.Add(o.Token, o)
	if w, err = v.messageView(); err != nil { // with what has just been done
		return err
	}
	return v.show("opened", openedView{w, o, sheet, int(openTime / time.Second)})
}

// sheet opens a message and reads a stage of it.
func (v *visit) sheet(e quarantine.Entry, o opening, reveals bool) (*disclose.Sheet, error) {
	keys, err := v.keys()
	if err != nil {
		return nil, err
	}
	by := quarantine.Intent{Actor: v.by(), Reason: o.Reason, Step: string(o.Stage)}
	open := v.c.o.Quarantine.Store.Open
	if reveals {
		open = v.c.o.Quarantine.Store.Reveal
	}
	m, err := open(v.r.Context(), e.ID, by, keys...)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return v.c.o.Quarantine.Reader.Read(v.r.Context(), m, o.Stage, o.Part, func(n int) bool { return slices.Contains(o.revealed, n) })
}

// framed is the policy of a document that was somebody else's HTML: nothing is fetched, run
// or sent, and it has an origin of its own.
const framed = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

// frame serves the HTML of what was opened a moment ago.
func (v *visit) frame() error {
	o, ok := v.opened(v.r.PathValue("opening"))
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
