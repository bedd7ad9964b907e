package console

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/quarantine/disclose"
	"sluis/internal/roster"
	"sluis/internal/sitepolicy"
	"sluis/rules"
)

// trialPages let the ICT service try a text or an address on the rules and lists in force. The text
// is on the page, and is stored nowhere.
type trialPages struct {
	inForce func() InForce
	explain func(sitepolicy.Request) (sitepolicy.Explanation, error)
}

// ErrNoProxy is returned for a question about web traffic where there is no proxy.
var ErrNoProxy = errors.New("there is no web proxy")

func (p *trialPages) routes() []route {
	const nothing = "it is stored nowhere, and changes nothing"
	return []route{
		get("/try", keepers, p.show).inMenu("nav-try"),
		post("/try/text", keepers, p.text).unrecorded(nothing).taking(maxTried + 4<<10),
		post("/try/site", keepers, p.site).unrecorded(nothing),
	}
}

const (
	maxTried = 64 << 10         // bytes of a form, encoded
	tryTime  = 10 * time.Second // for one inspection
)

// webActions are what is done with a request, by the number that the policy gives them.
var webActions = []string{"allow", "inspect", "block"}

// trialView is the page.
type trialView struct {
	Groups []roster.Group

	Text      string
	Direction string
	Tried     bool // the text was; the other fields say what was found
	Verdict   filter.Verdict
	Findings  []triedFinding
	Pieces    []disclose.Piece
	Doubtful  bool
	Cut       bool

	Address string
	Group   string
	Site    *sitepolicy.Explanation
}

// triedFinding is a finding, and whether it counts.
type triedFinding struct {
	filter.Finding
	Title     string
	Enough    bool // with the others of its category
	Elsewhere bool // it is for another direction
}

// Action names what is done with the address.
func (w trialView) Action() string { return webActions[w.Site.Action] }

func (p *trialPages) view(v *visit) trialView {
	return trialView{
		Groups:    p.inForce().People.Groups(),
		Text:      v.r.PostFormValue("text"),
		Direction: v.field("direction"),
		Address:   v.field("address"),
		Group:     v.field("group"),
	}
}

func (p *trialPages) show(v *visit) error { return v.show("try", p.view(v)) }

// text inspects a text for all purposes.
func (p *trialPages) text(v *visit) error {
	w := p.view(v)
	d, err := rules.ParseDirection(w.Direction)
	if err != nil {
		return errUnclear
	}
	if strings.TrimSpace(w.Text) == "" {
		return v.again("try", w, "try-nothing")
	}
	now := p.inForce()
	ctx, cancel := context.WithTimeout(v.r.Context(), tryTime)
	defer cancel()
	item := filter.Item{
		Kind:       filter.Document,
		Name:       "text.txt",
		Directions: rules.DirectionsOf(d),
		Content:    strings.NewReader(w.Text),
		Size:       int64(len(w.Text)),
	}
	if isMessage(w.Text) {
		item.Kind, item.Name = filter.Message, ""
	}
	x, err := now.Engine.Inspect(ctx, item, rules.SetOf(rules.Security, rules.Conduct, rules.Leak))
	if err != nil {
		return v.again("try", w, "try-failed")
	}
	w.Tried, w.Verdict = true, filter.Decide(x, d, now.Actions)
	w.Pieces = disclose.Mark(w.Text, x.Findings)
	w.Doubtful, w.Cut = x.Ambiguous || len(x.Uninspectable) > 0, x.Incomplete
	for _, f := range x.Findings {
		r, _ := now.Rules.Rule(f.Rule)
		title := r.Title.In(v.Lang.Code)
		w.Findings = append(w.Findings, triedFinding{f, title, x.Decisive(f, d), !f.Directions.Has(d)})
	}
	return v.show("try", w)
}

// isMessage reports whether a text begins as a message does: with header fields of mail.
func isMessage(text string) bool {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return false
	}
	h := m.Header
	return h.Get("From") != "" || h.Get("Subject") != "" || h.Get("Content-Type") != ""
}

// site asks the policy about an address, as the proxy does for a member of a group.
func (p *trialPages) site(v *visit) error {
	w := p.view(v)
	r, page, err := sitepolicy.ParseRequest(w.Address)
	if err != nil {
		return v.again("try", w, "try-address")
	}
	r.Time = v.now().In(v.zone())
	for _, g := range w.Groups {
		if g.String() == w.Group {
			r.Group = g
		}
	}
	if w.Group != "" && r.Group == (roster.Group{}) {
		return errUnclear
	}
	x, err := p.explain(r)
	if err == nil && x.Action == sitepolicy.Inspect { // then the policy gets the page as well
		r.Path = page
		x, err = p.explain(r)
	}
	if errors.Is(err, ErrNoProxy) {
		return v.again("try", w, "try-no-proxy")
	}
	if err != nil {
		return err
	}
	w.Site = &x
	return v.show("try", w)
}

// Directions returns those that a text can be tried for.
func (w trialView) Directions() []string {
	return []string{rules.Out.String(), rules.In.String(), rules.Internal.String()}
}
