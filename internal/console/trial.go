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

// trialPages let the ICT service try a text or an address on what is in force.
type trialPages struct {
	inForce func() InForce
	explain func(sitepolicy.Request) (sitepolicy.Explanation, error)
}

// ErrNoProxy is returned for a question about web traffic where there is no proxy.
var ErrNoProxy = errors.New("there is no web proxy")

func (p *trialPages) routes() []route {
	const nothing = "the text is kept nowhere, and changes nothing"
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

// view is the page on which a text or an address is tried. What was pasted is on it,
// and nowhere else.
type tryView struct {
	Groups []roster.Group

	Text      string
	Direction string
	Tried     bool // a text was
	Verdict   filter.Verdict
	Findings  []triedFinding
	Pieces    []disclose.Piece
	Doubtful  bool
	Cut       bool

	Address string
	Group   string
	Site    *sitepolicy.Explanation
}

// triedFinding is a rule that saw something.
type triedFinding struct {
	filter.Finding
	Title  string
	Enough bool // with the others of its category
	Aside  bool // it is not for this direction
}

// Action names what is done with the address.
func (w tryView) Action() string { return webActions[w.Site.Action] }

func (p *trialPages) view(v *visit) tryView {
	return tryView{Groups: p.inForce().People.Groups(), Text: v.r.PostFormValue("text"), Direction: v.field("direction"), Address: v.field("address"), Group: v.field("group")}
}

func (p *trialPages) show(v *visit) error { return v.show("try", p.view(v)) }

// text inspects a text as if all purposes might be looked at.
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
	item := filter.Item{Kind: filter.Document, Name: "text.txt", Directions: rules.DirectionsOf(d), Content: strings.NewReader(w.Text), Size: int64(len(w.Text))}
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
		w.Findings = append(w.Findings, triedFinding{f, inLanguage(r.Title, v.Lang.Code), x.Decisive(f, d), !f.Directions.Has(d)})
	}
	return v.show("try", w)
}

// isMessage reports whether a text begins as a message does: with header fields of mail.
func isMessage(text string) bool {
	m, err := mail.ReadMessage(strings.NewReader(text))
	return err == nil && (m.Header.Get("From") != "" || m.Header.Get("Subject") != "" || m.Header.Get("Content-Type") != "")
}

// site asks the policy about an address, as the proxy would for somebody of a group.
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
	if err == nil && x.Action == sitepolicy.Inspect { // then the page is seen as well
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

// Directions are those that a text can be tried for.
func (w tryView) Directions() []string {
	return []string{rules.Out.String(), rules.In.String(), rules.Internal.String()}
}
