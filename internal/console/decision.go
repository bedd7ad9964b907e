package console

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
)

// decisionPages decide on quarantined messages: keep, release, destroy, and whether the rule was
// right. Each decision has a reason and an entry in the ledger (C3.3e, C3.3f).
type decisionPages struct {
	Quarantine
	messages *messagePages
	breaches *breachPages
}

func (p *decisionPages) routes() []route {
	return []route{
		post("/quarantine/keep", reviewers, p.each("kept", p.keep)).
			recorded(ledger.QuarantineKept),
		post("/quarantine/release", reviewers, p.each("released", p.deliver)).
			needing(secrecy | proof).recorded(ledger.QuarantineReleased),
		post("/quarantine/destroy", reviewers, p.each("destroyed", p.remove)).
			needing(secrecy | proof).recorded(ledger.QuarantineDeleted),
		post("/quarantine/{id}/confirm", reviewers, p.confirm).
			needing(secrecy).recorded(ledger.QuarantineConfirmed),
		post("/quarantine/{id}/wrong", reviewers, p.wrong).
			needing(secrecy).recorded(ledger.QuarantineWrong),
		post("/quarantine/{id}/agree", reviewers, p.consent).
			needing(secrecy | proof).recorded(ledger.QuarantineReleased),
		post("/quarantine/{id}/refuse", reviewers, p.refuse).
			recorded(ledger.QuarantineKept),
	}
}

// reviewer is the account that acts, with the reason of the form.
func (v *visit) reviewer() quarantine.Intent {
	return quarantine.Intent{Actor: v.actor(), Reason: v.reason()}
}

var reviewProblems = problems{
	"review-reason-needed":   quarantine.ErrNoReason,
	"review-message-gone":    quarantine.ErrGone,
	"review-message-upload":  quarantine.ErrNotDeliverable,
	"review-message-busy":    quarantine.ErrBusy,
	"review-message-changed": quarantine.ErrChanged,
	"review-other-reviewer":  quarantine.ErrOwnProposal,
	"review-no-proposal":     quarantine.ErrNoProposal,
	"review-confidential":    quarantine.ErrConfidential,
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
		if p.Setting().Second && done != "kept" {
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
	if err := p.may(v.r.Context(), by.Actor, id); err != nil {
		return err
	}
	return p.Store.Judge(v.r.Context(), id, quarantine.Kept, by)
}

func (p *decisionPages) deliver(v *visit, id filter.ID, by quarantine.Intent) error {
	by.Note = v.field("note")
	_, err := p.release(v.r.Context(), id, by)
	return err
}

func (p *decisionPages) remove(v *visit, id filter.ID, by quarantine.Intent) error {
	_, err := p.destroy(v.r.Context(), id, by)
	return err
}

// consent carries out the proposal of another reviewer.
func (p *decisionPages) consent(v *visit) error {
	e, err := p.messages.entry(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	out, err := p.agree(v.r.Context(), e.ID, v.reviewer())
	if problem := reviewProblems.key(err); problem != "" {
		return p.messages.again(v, problem)
	}
	if err != nil {
		return err
	}
	v.noteDecided(out.done, 1, "")
	return v.see("/quarantine/" + e.ID.String())
}

// refuse drops a proposal.
func (p *decisionPages) refuse(v *visit) error {
	e, err := p.messages.entry(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	err = p.Store.Refuse(v.r.Context(), e.ID, v.reviewer())
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
	err = p.Store.Judge(v.r.Context(), e.ID, r, by)
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
