package console

import (
	"context"
	"errors"
	"net/http"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// wouldRoutes show what an exception would change, before it is made (C3.3f).
var wouldRoutes = []route{
	{pattern: "POST /exceptions/try", who: keepers, needs: secrecy | proof, tells: ledger.QuarantineOpened, do: (*visit).tryException},
}

// maxAgain bounds how many messages are judged again for one question.
const maxAgain = 20

// would is what would become of a message that was set aside.
type would struct {
	quarantine.Entry
	Passes bool
}

// tryException judges again what the rule set aside last, with the exception. Each message is
// opened for it, and that is in the ledger first; nobody gets to see anything of it.
func (v *visit) tryException() error {
	w, err := v.exceptionsView()
	if err != nil {
		return err
	}
	x := v.ruleException()
	engine, err := v.engineWith(x)
	if problem := exceptionProblem(err); problem != "" {
		return v.exceptionsAgain(w, problem)
	}
	if err != nil {
		return err
	}
	id, err := rules.ParseID(x.Rule)
	if err != nil {
		return errUnclear
	}
	last, err := v.c.o.Quarantine.Store.List(v.r.Context(), quarantine.Filter{Rule: id, State: quarantine.Held, Limit: maxAgain})
	if err != nil {
		return err
	}
	w.Tried = true
	for _, e := range last {
		passes, err := v.wouldPass(v.r.Context(), e, engine)
		if problem := reviewProblem(err); problem != "" {
			return v.exceptionsAgain(w, problem)
		}
		if err != nil {
			return err
		}
		w.Would = append(w.Would, would{e, passes})
	}
	v.render(http.StatusOK, "exceptions", w)
	return nil
}

// engineWith makes an engine with the rules in force and one exception more.
func (v *visit) engineWith(x exceptions.Exception) (*filter.Engine, error) {
	if err := x.Check(v.now()); err != nil {
		return nil, err
	}
	set, err := x.In(v.c.o.Control.InForce().Rules, v.now())
	if err != nil {
		return nil, errors.Join(errWords, err)
	}
	return v.c.o.Control.Compile(set)
}

func (v *visit) wouldPass(ctx context.Context, e quarantine.Entry, engine *filter.Engine) (bool, error) {
	keys, err := v.keys()
	if err != nil {
		return false, err
	}
	by := quarantine.Intent{Actor: v.by(), Reason: v.reason(), Step: stepAgain}
	m, err := v.c.o.Quarantine.Store.Open(ctx, e.ID, by, keys...)
	if err != nil {
		return false, err
	}
	defer m.Close()
	verdict, err := v.c.o.Quarantine.Reader.Again(ctx, m, e, engine, v.c.o.Control.InForce().Actions)
	return verdict.Action == filter.Pass, err
}

// stepAgain is the step of an opening by which a message is judged again.
const stepAgain = "again"
