package console

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// decisionPages decide on quarantined messages: keep, release, destroy, and whether the rule was
// right. Each decision has a reason and an entry in the ledger (C3.3e, C3.3f).
type decisionPages struct {
	messages *messagePages
	store    *quarantine.Store
	setting  func() QuarantineSetting
	keys     keyring
	deliver  quarantine.Deliverer
	breaches *breachPages
}

func (p *decisionPages) routes() []route {
	return []route{
		post("/quarantine/keep", reviewers, p.each("kept", p.keep)).
			recorded(ledger.QuarantineKept),
		post("/quarantine/release", reviewers, p.each("released", p.release)).
			needing(secrecy | proof).recorded(ledger.QuarantineReleased),
		post("/quarantine/destroy", reviewers, p.each("destroyed", p.destroy)).
			needing(secrecy | proof).recorded(ledger.QuarantineDeleted),
		post("/quarantine/{id}/confirm", reviewers, p.confirm).
			needing(secrecy).recorded(ledger.QuarantineConfirmed),
		post("/quarantine/{id}/wrong", reviewers, p.wrong).
			needing(secrecy).recorded(ledger.QuarantineWrong),
		post("/quarantine/{id}/agree", reviewers, p.agree).
			needing(secrecy | proof).recorded(ledger.QuarantineReleased),
		post("/quarantine/{id}/refuse", reviewers, p.refuse).
			recorded(ledger.QuarantineKept),
	}
}

// reviewer is the account that acts, with the reason of the form.
func (v *visit) reviewer() quarantine.Intent {
	return quarantine.Intent{Actor: v.actor(), Reason: v.reason()}
}

// errNoKey is returned where the gateway cannot open what it sealed.
var errNoKey = errors.New("the gateway has no private key")

// keyring returns the keys that the gateway opens with.
type keyring func() ([]age.Identity, error)

// identities returns at least one key, or errNoKey.
func (k keyring) identities() ([]age.Identity, error) {
	keys, err := k()
	if err == nil && len(keys) == 0 {
		err = errNoKey
	}
	return keys, err
}

var reviewProblems = problems{
	"review-reason-needed":   quarantine.ErrNoReason,
	"review-message-gone":    quarantine.ErrGone,
	"review-message-upload":  quarantine.ErrNotDeliverable,
	"review-message-busy":    quarantine.ErrBusy,
	"review-message-changed": quarantine.ErrChanged,
	"review-other-reviewer":  quarantine.ErrOwnProposal,
	"review-no-proposal":     quarantine.ErrNoProposal,
	"review-no-key":          errNoKey,
	"review-no-stage":        disclose.ErrStage,
}

// selected is a message that a decision is about, in the version that the reviewer saw.
type selected struct {
	id   filter.ID
	seen int
}

func (v *visit) selected() (all []selected, err error) {
	for _, value := range v.r.PostForm["message"] {
		id, seen, _ := strings.Cut(value, ".")
		s := selected{}
		if s.id, err = filter.ParseID(id); err != nil {
			return nil, errUnclear
		}
		if s.seen, err = strconv.Atoi(seen); err != nil || s.seen < 1 {
			return nil, errUnclear
		}
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if len(all) > perPage {
		return nil, errUnclear
	}
	return all, nil
}

// decide takes a decision on one message.
type decide func(v *visit, id filter.ID, by quarantine.Intent) error

// each returns what decides on every selected message, with an entry in the ledger for each.
func (p *decisionPages) each(done string, decide decide) func(*visit) error {
	return func(v *visit) error {
		all, err := v.selected()
		if err != nil {
			return err
		}
		if len(all) == 0 || v.reason() == "" {
			v.note("choose-and-reason")
			return v.see(v.here())
		}
		number, problem := 0, ""
		for _, s := range all {
			by := v.reviewer()
			by.Seen = s.seen
			err := decide(v, s.id, by)
			key := reviewProblems.key(err)
			switch {
			case err == nil:
				number++
			case key != "":
				problem = key
			case errors.Is(err, quarantine.ErrNotFound):
				problem = "review-message-gone"
			default:
				return err
			}
		}
		outcome := done
		if p.setting().Second && done != "kept" {
			outcome = "proposed"
		}
		v.noteDecided(outcome, number, problem)
		return v.see(v.here())
	}
}

// noteDecided notes the number of decisions, and the problem of the others.
func (v *visit) noteDecided(done string, number int, problem string) {
	text := ""
	if number > 0 {
		text = v.T("decided-"+done, number)
	}
	if problem != "" {
		text = strings.TrimSpace(text + " " + v.T(problem))
	}
	v.session().Put(v.r.Context(), keyNotice, text)
}

func (p *decisionPages) keep(v *visit, id filter.ID, by quarantine.Intent) error {
	return p.store.Judge(v.r.Context(), id, quarantine.Kept, by)
}

func (p *decisionPages) release(v *visit, id filter.ID, by quarantine.Intent) error {
	by.Note = v.field("note")
	if p.setting().Second {
		return p.store.Propose(v.r.Context(), ledger.QuarantineReleased, id, by)
	}
	return p.send(v, id, by)
}

func (p *decisionPages) send(v *visit, id filter.ID, by quarantine.Intent) error {
	keys, err := p.keys.identities()
	if err != nil {
		return err
	}
	// The reply of the next hop is in the entry; the gateway goes on trying.
	_, err = p.store.Release(context.WithoutCancel(v.r.Context()), id, by, p.deliver, keys...)
	return err
}

func (p *decisionPages) destroy(v *visit, id filter.ID, by quarantine.Intent) error {
	if p.setting().Second {
		return p.store.Propose(v.r.Context(), ledger.QuarantineDeleted, id, by)
	}
	return p.store.Delete(v.r.Context(), id, by)
}

// agree carries out the proposal of another reviewer.
func (p *decisionPages) agree(v *visit) error {
	e, err := p.messages.entry(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	done, err := p.second(v, e.ID)
	if problem := reviewProblems.key(err); problem != "" {
		return p.messages.again(v, problem)
	}
	if err != nil {
		return err
	}
	v.noteDecided(done, 1, "")
	return v.see("/quarantine/" + e.ID.String())
}

// second is the second reviewer's part: it agrees with a proposal and carries it out.
func (p *decisionPages) second(v *visit, id filter.ID) (done string, err error) {
	by := v.reviewer()
	by.Step = "second"
	proposal, err := p.store.Agree(v.r.Context(), id, by)
	if err != nil {
		return "", err
	}
	by.Reason, by.Note = cmp.Or(by.Reason, proposal.Reason), proposal.Note
	if proposal.Act == ledger.QuarantineReleased {
		return "released", p.send(v, id, by)
	}
	return "destroyed", p.store.Delete(v.r.Context(), id, by)
}

// refuse drops a proposal.
func (p *decisionPages) refuse(v *visit) error {
	e, err := p.messages.entry(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	err = p.store.Refuse(v.r.Context(), e.ID, v.reviewer())
	if problem := reviewProblems.key(err); problem != "" {
		return p.messages.again(v, problem)
	}
	if err != nil {
		return err
	}
	v.note("proposal-refused")
	return v.see("/quarantine/" + e.ID.String())
}

// judge records a reviewer's judgement of the verdict on one message.
func (p *decisionPages) judge(v *visit, r quarantine.Review) (e quarantine.Entry, problem string, err error) {
	if e, err = p.messages.entry(v, v.r.PathValue("id")); err != nil {
		return e, "", err
	}
	by := v.reviewer()
	if by.Seen, err = strconv.Atoi(v.field("seen")); err != nil || by.Seen < 1 {
		return e, "", errUnclear
	}
	err = p.store.Judge(v.r.Context(), e.ID, r, by)
	if problem := reviewProblems.key(err); problem != "" {
		return e, problem, nil
	}
	return e, "", err
}

// confirm records that the rule was right, and opens a breach file if personal data left the
// school, or would have (C2.12a).
func (p *decisionPages) confirm(v *visit) error {
	e, problem, err := p.judge(v, quarantine.Confirmed)
	switch {
	case err != nil:
		return err
	case problem != "":
		return p.messages.again(v, problem)
	case v.field("breach") != "yes":
		v.note("confirmed-noted")
		return v.see("/quarantine/" + e.ID.String())
	}
	f, err := p.breaches.begin(v, e.ID.String(), v.reason(), v.now())
	if err != nil {
		return err
	}
	return v.see("/breaches/" + f.ID)
}

// wrong records that the rule was wrong, and leads to an exception (C3.3f).
func (p *decisionPages) wrong(v *visit) error {
	e, problem, err := p.judge(v, quarantine.Wrong)
	switch {
	case err != nil:
		return err
	case problem != "":
		return p.messages.again(v, problem)
	}
	v.note("wrong-noted")
	return v.see("/exceptions?rule=" + url.QueryEscape(e.Rule.String()))
}
