package console

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
	"sluis/rules"
)

// Quarantine is what was set aside, and what the ICT service does with it.
type Quarantine struct {
	Store   *quarantine.Store
	Keys    func() ([]age.Identity, error) // to open with
	Deliver quarantine.Deliverer           // past the filter
	Reader  disclose.Reader
	Setting func() QuarantineSetting // of now
}

// QuarantineSetting is how the organisation reviews.
type QuarantineSetting struct {
	Rules     *rules.Set
	Retention time.Duration
	Second    bool // releasing and destroying take a second reviewer
	Notes     bool // the gateway can send mail of its own
}

var reviewers = only(ledger.ICT)

// quarantineRoutes are for who reviews what was set aside (C3.3e). Metadata can be seen by
// the role alone; content needs the statement of secrecy and a fresh proof.
var quarantineRoutes = []route{
	{pattern: "GET /quarantine", who: reviewers, nav: "nav-quarantine", do: (*visit).quarantineList},
	{pattern: "GET /quarantine/{id}", who: reviewers, do: (*visit).message},
	{pattern: "POST /quarantine/keep", who: reviewers, tells: ledger.QuarantineKept, do: deciding("kept", (*visit).keep)},
	{pattern: "POST /quarantine/release", who: reviewers, needs: secrecy | proof, tells: ledger.QuarantineReleased, do: deciding("released", (*visit).release)},
	{pattern: "POST /quarantine/destroy", who: reviewers, needs: secrecy | proof, tells: ledger.QuarantineDeleted, do: deciding("destroyed", (*visit).destroy)},
	{pattern: "POST /quarantine/{id}/confirm", who: reviewers, needs: secrecy, tells: ledger.QuarantineConfirmed, do: (*visit).confirm},
	{pattern: "POST /quarantine/{id}/wrong", who: reviewers, needs: secrecy, tells: ledger.QuarantineWrong, do: (*visit).wrong},
	{pattern: "POST /quarantine/{id}/agree", who: reviewers, needs: secrecy | proof, tells: ledger.QuarantineReleased, do: (*visit).agreeWithProposal},
	{pattern: "POST /quarantine/{id}/refuse", who: reviewers, tells: ledger.QuarantineKept, do: (*visit).refuseProposal},
	{pattern: "POST /quarantine/{id}/open", who: reviewers, needs: secrecy | proof, tells: ledger.QuarantineOpened, do: (*visit).openMessage},
	{pattern: "POST /quarantine/{id}/reveal", who: reviewers, needs: secrecy | proof, tells: ledger.QuarantineRevealed, do: (*visit).reveal},
	{pattern: "GET /quarantine/{id}/frame/{opening}", who: reviewers, needs: secrecy | proof, do: (*visit).frame},
}

// waiting is the state of the list that shows what nobody has decided on.
const waiting = "waiting"

// quarantineView is what the list shows.
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
	switch {
	case !ok:
		return id.String()
	case lang == "nl":
		return r.Title.NL
	}
	return r.Title.EN
}

var (
	listStates = []string{waiting, string(quarantine.Held), string(quarantine.Kept), string(quarantine.Confirmed), string(quarantine.Wrong), string(quarantine.Releasing), string(quarantine.Failed), string(quarantine.Released), string(quarantine.Destroyed), "all"}
	listSorts  = []quarantine.Sort{quarantine.Newest, quarantine.Oldest, quarantine.Gravest, quarantine.Largest}
)

func (v *visit) quarantineList() error {
	q, ctx, o := v.r.URL.Query(), v.r.Context(), v.c.o.Quarantine
	f, err := listFilter(q, v.c.o.Zone)
	if err != nil {
		return errUnclear
	}
	w := quarantineView{Purposes: []rules.Purpose{rules.Security, rules.Conduct, rules.Leak}, States: listStates, Sorts: listSorts,
		Directions: []rules.Direction{rules.In, rules.Out, rules.Internal}, Query: map[string]string{}, Setting: o.Setting()}
	for _, name := range []string{"state", "purpose", "rule", "direction", "since", "before", "sort"} {
		w.Query[name] = q.Get(name)
	}
	if w.Query["state"] == "" {
		w.Query["state"] = waiting
	}
	if w.Total, err = o.Store.Count(ctx, f); err != nil {
		return err
	}
	if w.Total > quarantine.MaxCount {
		w.Total, w.More = quarantine.MaxCount, true
	}
	if w.Rules, err = o.Store.Rules(ctx); err != nil {
		return err
	}
	if after := q.Get("after"); after != "" {
		e, err := v.entry(after)
		if err != nil {
			return err
		}
		q.Del("after")
		f.After, w.First = &e, "/quarantine?"+q.Encode()
	}
	f.Limit = perPage + 1
	if w.Entries, err = o.Store.List(ctx, f); err != nil {
		return err
	}
	if len(w.Entries) > perPage {
		w.Entries = w.Entries[:perPage]
		q.Set("after", w.Entries[perPage-1].ID.String())
		w.Older = "/quarantine?" + q.Encode()
	}
	return v.show("quarantine", w)
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
		f.Before = f.Before.AddDate(0, 0, 1) // that day is meant too
	}
	f.Sort = quarantine.Sort(q.Get("sort"))
	if !slices.Contains(listSorts, f.Sort) {
		return f, errUnclear
	}
	return f, nil
}

// entry returns the entry of an id as somebody gave it.
func (v *visit) entry(id string) (quarantine.Entry, error) {
	at, err := filter.ParseID(id)
	if err != nil {
		return quarantine.Entry{}, errNoPage
	}
	e, err := v.c.o.Quarantine.Store.Get(v.r.Context(), at)
	if errors.Is(err, quarantine.ErrNotFound) {
		return e, errNoPage
	}
	return e, err
}

// messageView is what the page of one message shows: metadata.
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

// IsUpload reports whether it was on its way to a web site: there is nobody to release it to.
func (w messageView) IsUpload() bool { return w.Recipients == 0 }

func (v *visit) messageView() (w messageView, err error) {
	o := v.c.o.Quarantine
	if w.Entry, err = v.entry(v.r.PathValue("id")); err != nil {
		return w, err
	}
	w.Setting = o.Setting()
	w.Until = w.Time.Add(w.Setting.Retention)
	w.Stages = []disclose.Stage{disclose.Findings, disclose.Headers, disclose.Text, disclose.HTML}
	if w.IsUpload() {
		w.Stages = []disclose.Stage{disclose.Findings, disclose.Text}
	}
	p, err := o.Store.Proposed(v.r.Context(), w.ID)
	if err == nil {
		w.Proposal = &p
	} else if !errors.Is(err, quarantine.ErrNoProposal) {
		return w, err
	}
	err = v.c.o.Ledger.Each(func(e ledger.Entry) error {
		if e.Data.ID == w.ID.String() {
			w.Acts = append(w.Acts, e)
		}
		return nil
	})
	return w, err
}

func (v *visit) message() error {
	w, err := v.messageView()
	if err != nil {
		return err
	}
	return v.show("message", w)
}

// messageAgain shows the page with what cannot be.
func (v *visit) messageAgain(problem string) error {
	w, err := v.messageView()
	if err != nil {
		return err
	}
	w.Reason = v.field("reason")
	return v.again("message", w, problem)
}

// maxReason bounds the reason that somebody gives, in characters.
const maxReason = 300

// reviewer is who acts, with the reason of the form.
func (v *visit) reviewer() quarantine.Intent {
	return quarantine.Intent{Actor: v.by(), Reason: v.reason()}
}

// reason returns the reason of the form, in one line.
func (v *visit) reason() string {
	s := []rune(strings.Join(strings.Fields(v.field("reason")), " "))
	return string(s[:min(len(s), maxReason)])
}

// reviewProblem is what a reviewer is told that cannot be.
func reviewProblem(err error) string {
	for problem, is := range map[string]error{
		"review-reason-needed": quarantine.ErrNoReason, "review-message-gone": quarantine.ErrGone, "review-message-upload": quarantine.ErrUpload, "review-message-busy": quarantine.ErrBusy,
		"review-message-changed": quarantine.ErrChanged, "review-other-reviewer": quarantine.ErrSelf, "review-no-proposal": quarantine.ErrNoProposal, "review-no-key": errNoKey, "review-no-stage": disclose.ErrStage,
	} {
		if errors.Is(err, is) {
			return problem
		}
	}
	return ""
}

// chosen is a message that a decision is about, in the version that was looked at.
type chosen struct {
	id   filter.ID
	seen int
}

func (v *visit) chosen() (all []chosen, err error) {
	for _, value := range v.r.PostForm["message"] {
		id, seen, _ := strings.Cut(value, ".")
		c := chosen{}
		if c.id, err = filter.ParseID(id); err != nil {
			return nil, errUnclear
		}
		if c.seen, err = strconv.Atoi(seen); err != nil || c.seen < 1 {
			return nil, errUnclear
		}
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	if len(all) > perPage {
		return nil, errUnclear
	}
	return all, nil
}

// deciding returns what decides on one or more messages, each with its entry in the ledger.
func deciding(done string, act func(*visit, context.Context, filter.ID, quarantine.Intent) error) func(*visit) error {
	return func(v *visit) error {
		all, err := v.chosen()
		if err != nil {
			return err
		}
		if len(all) == 0 || v.reason() == "" {
			v.note("choose-and-reason")
			return v.see(v.here())
		}
		ok, problem := 0, ""
		for _, c := range all {
			by := v.reviewer()
			by.Seen = c.seen
			err := act(v, v.r.Context(), c.id, by)
			if err == nil {
				ok++
			} else if p := reviewProblem(err); p != "" {
				problem = p
			} else if errors.Is(err, quarantine.ErrNotFound) {
				problem = "review-message-gone"
			} else {
				return err
			}
		}
		told := done
		if v.c.o.Quarantine.Setting().Second && done != "kept" {
			told = "proposed"
		}
		v.noteDecided(told, ok, problem)
		return v.see(v.here())
	}
}

// noteDecided tells how many decisions were taken, and what went wrong with the others.
func (v *visit) noteDecided(done string, ok int, problem string) {
	text := ""
	if ok > 0 {
		text = v.T("decided-"+done, ok)
	}
	if problem != "" {
		text = strings.TrimSpace(text + " " + v.T(problem))
	}
	v.c.sessions.Put(v.r.Context(), keyNotice, text)
}

func (v *visit) keep(ctx context.Context, id filter.ID, by quarantine.Intent) error {
	return v.c.o.Quarantine.Store.Judge(ctx, id, quarantine.Kept, by)
}

func (v *visit) release(ctx context.Context, id filter.ID, by quarantine.Intent) error {
	by.Note = v.field("note")
	if v.c.o.Quarantine.Setting().Second {
		return v.c.o.Quarantine.Store.Propose(ctx, ledger.QuarantineReleased, id, by)
	}
	return v.deliver(ctx, id, by)
}

func (v *visit) deliver(ctx context.Context, id filter.ID, by quarantine.Intent) error {
	keys, err := v.keys()
	if err != nil {
		return err
	}
	o := v.c.o.Quarantine
	// What the next hop says stands in the entry; the gateway goes on trying.
	_, err = o.Store.Release(context.WithoutCancel(ctx), id, by, o.Deliver, keys...)
	return err
}

func (v *visit) destroy(ctx context.Context, id filter.ID, by quarantine.Intent) error {
	if v.c.o.Quarantine.Setting().Second {
		return v.c.o.Quarantine.Store.Propose(ctx, ledger.QuarantineDeleted, id, by)
	}
	return v.c.o.Quarantine.Store.Delete(ctx, id, by)
}

// agreeWithProposal carries out what another reviewer proposed.
func (v *visit) agreeWithProposal() error {
	e, err := v.entry(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	by := v.reviewer()
	by.Step = "second"
	p, err := v.c.o.Quarantine.Store.Agree(v.r.Context(), e.ID, by)
	if err == nil {
		by.Reason, by.Note = cmpOr(by.Reason, p.Reason), p.Note
		done := "destroyed"
		if p.Act == ledger.QuarantineReleased {
			done, err = "released", v.deliver(v.r.Context(), e.ID, by)
		} else {
			err = v.c.o.Quarantine.Store.Delete(v.r.Context(), e.ID, by)
		}
		if err == nil {
			v.noteDecided(done, 1, "")
			return v.see("/quarantine/" + e.ID.String())
		}
	}
	if problem := reviewProblem(err); problem != "" {
		return v.messageAgain(problem)
	}
	return err
}

func (v *visit) refuseProposal() error {
	e, err := v.entry(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	err = v.c.o.Quarantine.Store.Refuse(v.r.Context(), e.ID, v.reviewer())
	if problem := reviewProblem(err); problem != "" {
		return v.messageAgain(problem)
	}
	if err != nil {
		return err
	}
	v.note("proposal-refused")
	return v.see("/quarantine/" + e.ID.String())
}

// judge notes what a reviewer makes of the verdict of one message.
func (v *visit) judge(r quarantine.Review) (e quarantine.Entry, problem string, err error) {
	if e, err = v.entry(v.r.PathValue("id")); err != nil {
		return e, "", err
	}
	by := v.reviewer()
	if by.Seen, err = strconv.Atoi(v.field("seen")); err != nil || by.Seen < 1 {
		return e, "", errUnclear
	}
	err = v.c.o.Quarantine.Store.Judge(v.r.Context(), e.ID, r, by)
	if problem := reviewProblem(err); problem != "" {
		return e, problem, nil
	}
	return e, "", err
}

// confirm notes that the rule was right, and opens a breach file if personal data got out,
// or would have (C2.12a).
func (v *visit) confirm() error {
	e, problem, err := v.judge(quarantine.Confirmed)
	switch {
	case err != nil:
		return err
	case problem != "":
		return v.messageAgain(problem)
	case v.field("breach") != "yes":
		v.note("confirmed-noted")
		return v.see("/quarantine/" + e.ID.String())
	}
	f, err := v.beginBreach(e.ID.String(), v.reason(), v.now())
	if err != nil {
		return err
	}
	return v.see("/breaches/" + f.ID)
}

// wrong notes that the rule was not (C3.3f).
func (v *visit) wrong() error {
	e, problem, err := v.judge(quarantine.Wrong)
	switch {
	case err != nil:
		return err
	case problem != "":
		return v.messageAgain(problem)
	}
	v.note("wrong-noted")
	return v.see("/exceptions?rule=" + url.QueryEscape(e.Rule.String()))
}

// errNoKey is returned where the gateway cannot open what it sealed.
var errNoKey = errors.New("the gateway has no private key")

func (v *visit) keys() ([]age.Identity, error) {
	keys, err := v.c.o.Quarantine.Keys()
	if err == nil && len(keys) == 0 {
		err = errNoKey
	}
	return keys, err
}
