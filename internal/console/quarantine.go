package console

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
	"sluis/rules"
)

var reviewers = only(ledger.ICT)

// messagePages show the metadata of quarantined messages. The role is enough to see it; content
// takes the statement of secrecy and a fresh proof (C3.3e).
type messagePages struct {
	store   *quarantine.Store
	setting func() QuarantineSetting
	ledger  *ledger.Ledger
	ordered Ordered
}

func (p *messagePages) routes() []route {
	return []route{
		get("/quarantine", reviewers, p.list).inMenu("nav-quarantine"),
		get("/quarantine/{id}", reviewers, p.show),
	}
}

// waiting is the state of the list with the undecided messages.
const waiting = "waiting"

// quarantineView is the list.
type quarantineView struct {
	Entries    []quarantine.Entry
	Total      int
	More       bool // than Total
	Rules      []rules.ID
	Purposes   []rules.Purpose
	States     []string
	Directions []rules.Direction
	Sorts      []quarantine.Sort
	Query      map[string]string
	Older      string // address of the next page; empty: none
	First      string // of the first page; empty: this is it
	Setting    QuarantineSetting
}

// Title returns the title of a rule, or its name if there is no such rule any more.
func (w quarantineView) Title(lang string, id rules.ID) string {
	return titleOf(w.Setting.Rules, lang, id)
}

func titleOf(set *rules.Set, lang string, id rules.ID) string {
	r, ok := set.Rule(id)
	if !ok {
		return id.String()
	}
	return r.Title.In(lang)
}

var (
	listStates = []string{
		waiting,
		string(quarantine.Quarantined), string(quarantine.Kept), string(quarantine.Confirmed), string(quarantine.Wrong),
		string(quarantine.Releasing), string(quarantine.Failed),
		string(quarantine.Released), string(quarantine.Destroyed),
		"all",
	}
	listSorts = []quarantine.Sort{quarantine.Newest, quarantine.Oldest, quarantine.Gravest, quarantine.Largest}
)

func (p *messagePages) list(v *visit) error {
	q, ctx := v.r.URL.Query(), v.r.Context()
	f, err := listFilter(q, v.zone())
	if err != nil {
		return errUnclear
	}
	w := quarantineView{
		Purposes:   []rules.Purpose{rules.Security, rules.Conduct, rules.Leak},
		States:     listStates,
		Sorts:      listSorts,
		Directions: []rules.Direction{rules.In, rules.Out, rules.Internal},
		Query:      map[string]string{},
		Setting:    p.setting(),
	}
	for _, name := range []string{"state", "purpose", "rule", "direction", "since", "before", "sort"} {
		w.Query[name] = q.Get(name)
	}
	w.Query["state"] = cmp.Or(w.Query["state"], waiting)
	if w.Total, err = p.store.Count(ctx, f); err != nil {
		return err
	}
	if w.Total > quarantine.MaxCount {
		w.Total, w.More = quarantine.MaxCount, true
	}
	if w.Rules, err = p.store.Rules(ctx); err != nil {
		return err
	}
	if err := p.fill(v, &w, f); err != nil {
		return err
	}
	return v.show("quarantine", w)
}

// fill reads the entries of one page of the list, and the addresses of those around it.
func (p *messagePages) fill(v *visit, w *quarantineView, f quarantine.Filter) error {
	q := v.r.URL.Query()
	if after := q.Get("after"); after != "" {
		at, err := filter.ParseID(after)
		if err != nil {
			return errNoPage
		}
		e, err := p.store.Get(v.r.Context(), at) // it says where to go on, and is not shown
		if errors.Is(err, quarantine.ErrNotFound) {
			return errNoPage
		}
		if err != nil {
			return err
		}
		q.Del("after")
		f.After, w.First = &e, "/quarantine?"+q.Encode()
	}
	f.Limit = perPage + 1
	var err error
	if w.Entries, err = p.store.List(v.r.Context(), f); err != nil {
		return err
	}
	more := len(w.Entries) > perPage
	w.Entries = w.Entries[:min(len(w.Entries), perPage)]
	last := w.Entries
	if w.Entries, err = p.ordered.Visible(v.actor(), slices.Clone(last)); err != nil {
		return err
	}
	if len(w.Entries) > 0 {
		last = w.Entries
	}
	if more {
		q.Set("after", last[len(last)-1].ID.String())
		w.Older = "/quarantine?" + q.Encode()
	}
	return nil
}

// listFilter reads what to list from an address.
func listFilter(q url.Values, zone *time.Location) (f quarantine.Filter, err error) {
	switch state := q.Get("state"); state {
	case "", waiting:
		f.Undecided = true
	case "all":
	case string(quarantine.Kept), string(quarantine.Confirmed), string(quarantine.Wrong):
		f.Review = quarantine.Review(state)
	default:
		f.State = quarantine.State(state)
		if !slices.Contains(listStates, state) {
			return f, errUnclear
		}
	}
	if p := q.Get("purpose"); p != "" {
		if f.Purpose, err = rules.ParsePurpose(p); err != nil {
			return f, err
		}
	}
	if r := q.Get("rule"); r != "" {
		if f.Rule, err = rules.ParseID(r); err != nil {
			return f, err
		}
	}
	if d := q.Get("direction"); d != "" {
		f.Direction = new(rules.Direction)
		if err := f.Direction.UnmarshalText([]byte(d)); err != nil {
			return f, err
		}
	}
	for name, at := range map[string]*time.Time{"since": &f.Since, "before": &f.Before} {
		if day := q.Get(name); day != "" {
			if *at, err = time.ParseInLocation(time.DateOnly, day, zone); err != nil {
				return f, err
			}
		}
	}
	if !f.Before.IsZero() {
		f.Before = f.Before.AddDate(0, 0, 1) // that day is in the list
	}
	f.Sort = quarantine.Sort(q.Get("sort"))
	if !slices.Contains(listSorts, f.Sort) {
		return f, errUnclear
	}
	return f, nil
}

// entry returns the entry of an id of an address.
func (p *messagePages) entry(v *visit, id string) (quarantine.Entry, error) {
	at, err := filter.ParseID(id)
	if err != nil {
		return quarantine.Entry{}, errNoPage
	}
	e, err := p.store.Get(v.r.Context(), at)
	if errors.Is(err, quarantine.ErrNotFound) {
		return e, errNoPage
	}
	if err != nil {
		return e, err
	}
	hidden, err := p.ordered.Hides(v.actor(), e)
	if err == nil && hidden {
		err = errNoPage
	}
	return e, err
}

// messageView is the page of one message: its metadata.
type messageView struct {
	quarantine.Entry
	Until    time.Time // that it is kept
	Acts     []ledger.Entry
	Proposal *quarantine.Proposal
	Setting  QuarantineSetting
	Reason   string // as filled in
	Stages   []disclose.Stage
}

// Title returns the title of the rule.
func (w messageView) Title(lang string) string { return titleOf(w.Setting.Rules, lang, w.Rule) }

// Gone reports whether the content is.
func (w messageView) Gone() bool {
	return w.State == quarantine.Released || w.State == quarantine.Destroyed
}

// IsUpload reports whether it was on its way to a web site: it has no recipients.
func (w messageView) IsUpload() bool { return w.Recipients == 0 }

func (p *messagePages) view(v *visit) (w messageView, err error) {
	if w.Entry, err = p.entry(v, v.r.PathValue("id")); err != nil {
		return w, err
	}
	w.Setting = p.setting()
	w.Until = w.Time.Add(w.Setting.Retention)
	w.Stages = []disclose.Stage{disclose.Findings, disclose.Headers, disclose.Text, disclose.HTML}
	if w.Confidential {
		w.Stages = []disclose.Stage{disclose.Findings, disclose.Headers, disclose.Text}
	}
	if w.IsUpload() {
		w.Stages = []disclose.Stage{disclose.Findings, disclose.Text}
	}
	proposal, err := p.store.Proposed(v.r.Context(), w.ID)
	if err == nil {
		w.Proposal = &proposal
	} else if !errors.Is(err, quarantine.ErrNoProposal) {
		return w, err
	}
	w.Acts, err = acts(p.ledger, ledger.Query{ID: w.ID.String()})
	return w, err
}

func (p *messagePages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("message", w)
}

// again shows the page with a problem.
func (p *messagePages) again(v *visit, problem string) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	w.Reason = v.field("reason")
	return v.again("message", w, problem)
}
