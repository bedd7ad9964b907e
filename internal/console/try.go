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
	webpolicy "sluis/internal/sitepolicy"
	"sluis/rules"
)

const (
	maxTried = 64 << 10         // bytes of a form, encoded
	tryTime  = 10 * time.Second // for one inspection
)

// webActions are what is done with a request, by the number that the policy gives them.
var webActions = []string{"allow", "inspect", "block"}

// tryView is the page on which a text or an address is tried. What was pasted is on it,
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
	Site    *webpolicy.Explanation
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

func (v *visit) tryView() tryView {
	return tryView{Groups: v.c.o.Control.InForce().People.Groups(), Text: v.r.PostFormValue("text"), Direction: v.field("direction"), Address: v.field("address"), Group: v.field("group")}
}

func (v *visit) tryPage() error { return v.show("try", v.tryView()) }

// tryText inspects a text as if all purposes might be looked at.
func (v *visit) tryText() error {
	w := v.tryView()
	d, err := rules.ParseDirection(w.Direction)
	if err != nil {
		return errUnclear
	}
	if strings.TrimSpace(w.Text) == "" {
		return v.again("try", w, "try-nothing")
	}
	now := v.c.o.Control.InForce()
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

// trySite asks the policy about an address, as the proxy would for somebody of a group.
func (v *visit) trySite() error {
	w := v.tryView()
	r, page, err := webpolicy.Asked(w.Address)
	if err != nil {
		return v.again("try", w, "try-address")
	}
	r.Time = v.now().In(v.c.o.Zone)
	for _, g := range w.Groups {
		if g.String() == w.Group {
			r.Group = g
		}
	}
	if w.Group != "" && r.Group == (roster.Group{}) {
		return errUnclear
	}
	x, err := v.c.o.Control.Explain(r)
	if err == nil && x.Action == webpolicy.Inspect { // then the page is seen as well
		r.Path = page
		x, err = v.c.o.Control.Explain(r)
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
