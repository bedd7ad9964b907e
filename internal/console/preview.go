package console

import (
	"errors"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
	"sluis/rules"
)

// previewPages show what an exception would change, before it is made: the messages that its rule
// quarantined last are judged again with it. Each is opened for that, and the opening is in the
// ledger first; the page shows nothing of its content (C3.3f).
type previewPages struct {
	exceptions *exceptionPages
	store      *quarantine.Store
	keys       keyring
	reader     disclose.Reader
	compile    func(*rules.Set) (*filter.Engine, error)
	ordered    Ordered
}

func (p *previewPages) routes() []route {
	return []route{
		post("/exceptions/try", keepers, p.judge).needing(secrecy | proof).recorded(ledger.QuarantineOpened),
	}
}

// maxAgain bounds the messages of one preview.
const maxAgain = 20

// previewRow is a quarantined message, and whether it would pass with the exception.
type previewRow struct {
	quarantine.Entry
	Passes bool
}

// judge judges the messages again with the exception of the form.
func (p *previewPages) judge(v *visit) error {
	w, err := p.exceptions.view(v)
	if err != nil {
		return err
	}
	x := exceptionOf(v)
	engine, err := p.engineWith(v, x)
	if problem := exceptionProblems.key(err); problem != "" {
		return v.again("exceptions", w, problem)
	}
	if err != nil {
		return err
	}
	id, err := rules.ParseID(x.Rule)
	if err != nil {
		return errUnclear
	}
	last, err := p.store.List(
		v.r.Context(),
		quarantine.Filter{Rule: id, State: quarantine.Quarantined, Limit: maxAgain},
	)
	if err != nil {
		return err
	}
	if last, err = p.ordered.Visible(v.actor(), last); err != nil {
		return err
	}
	w.Tried = true
	for _, e := range last {
		if e.Confidential { // nothing is tried on what such a message says (C3.2g)
			continue
		}
		passes, err := p.passes(v, e, engine)
		if problem := reviewProblems.key(err); problem != "" {
			return v.again("exceptions", w, problem)
		}
		if err != nil {
			return err
		}
		w.Preview = append(w.Preview, previewRow{e, passes})
	}
	return v.show("exceptions", w)
}

// engineWith makes an engine with the rules in force and one exception more.
func (p *previewPages) engineWith(v *visit, x exceptions.Exception) (*filter.Engine, error) {
	if err := x.Check(v.now()); err != nil {
		return nil, err
	}
	set, err := x.In(p.exceptions.inForce().Rules, v.now())
	if err != nil {
		return nil, errors.Join(errWords, err)
	}
	return p.compile(set)
}

func (p *previewPages) passes(v *visit, e quarantine.Entry, engine *filter.Engine) (bool, error) {
	keys, err := p.keys.identities()
	if err != nil {
		return false, err
	}
	ctx, by := v.r.Context(), v.reviewer()
	by.Step = stepAgain
	m, err := p.store.Open(ctx, e.ID, by, keys...)
	if err != nil {
		return false, err
	}
	defer m.Close()
	verdict, err := p.reader.Rejudge(ctx, m, e, engine, p.exceptions.inForce().Actions)
	return verdict.Action == filter.Pass, err
}

// stepAgain is the step of an opening by which a message is judged again.
const stepAgain = "again"
