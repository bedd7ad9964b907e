package console

import (
	"context"
	"errors"

	"sluis/internal/ledger"
	"sluis/internal/quarantine"
)

// concernedPages let a person with a confidential role decide on a quarantined message of theirs, by the
// link that was mailed to them (C3.2g). They show nothing of what the message says, and ask for no account:
// whoever reads the mail of the role is the person.
type concernedPages struct{ Quarantine }

func (p *concernedPages) routes() []route {
	return []route{
		get("/confidential/{secret}", anybody, p.show),
		post("/confidential/{secret}", anybody, p.release).recorded(ledger.QuarantineReleased),
	}
}

// concernedView is the page of one message.
type concernedView struct {
	messageView
	Secret string
}

func (p *concernedPages) view(v *visit) (concernedView, error) {
	w := concernedView{Secret: v.r.PathValue("secret")}
	e, err := p.Store.Linked(v.r.Context(), w.Secret)
	if errors.Is(err, quarantine.ErrLink) {
		return w, errLink
	}
	w.Entry, w.Setting = e, p.Setting()
	w.Until = e.Time.Add(w.Setting.Retention)
	return w, err
}

// show shows a button, so that programs that fetch the links of mail release nothing.
func (p *concernedPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("concerned", w)
}

func (p *concernedPages) release(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	keys, err := keyring(p.Keys).identities()
	if err == nil {
		ctx := context.WithoutCancel(v.r.Context())
		_, err = p.Store.ReleaseLinked(ctx, w.Secret, p.Deliver, keys...)
	}
	if problem := reviewProblems.key(err); problem != "" {
		return v.again("concerned", w, problem)
	}
	if err != nil {
		return err
	}
	return v.see("/confidential/" + w.Secret)
}
