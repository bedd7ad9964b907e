package console

import (
	"encoding/json"
	"errors"

	"github.com/go-webauthn/webauthn/webauthn"

	"sluis/internal/ledger"
	"sluis/internal/oversight/roll"
)

// guestPages are those of a person with a mailed link to the board's roll: they make a key on their own device, and
// sign the roll with it. They need no account.
type guestPages struct{ *rollPages }

func (p *guestPages) routes() []route {
	const asks = "it asks for a passkey, and nothing more"
	const at = "/roll/{secret}"
	return []route{
		get(at, anybody, p.show),
		post(at+"/key", anybody, p.askKey).unrecorded(asks),
		post(at+"/key/made", anybody, p.addKey).recorded(ledger.RollEnrolled),
		post(at+"/sign", anybody, p.ask(roll.Sign)).unrecorded(asks),
		post(at+"/sign/signed", anybody, p.signed(roll.Sign)).recorded(ledger.RollSigned),
		post(at+"/object", anybody, p.ask(roll.Object)).unrecorded(asks),
		post(at+"/object/signed", anybody, p.signed(roll.Object)).recorded(ledger.RollObjected),
	}
}

// Keys of the session of a guest.
const (
	begunKey   = "roll-key"   // ceremony of a key
	begunState = "roll-state" // entries of the ledger when a signature was asked for
)

// guestView is the page of a link.
type guestView struct {
	Secret  string
	Guest   roll.Guest
	Draft   roll.Draft
	Waiting *roll.Proposed // nil: keys are missing, or it counts
	Lacks   string
	Current *roll.Adopted
	Signed  bool // by this guest
	May     bool // object
}

func (p *guestPages) view(v *visit) (w guestView, err error) {
	w.Secret = v.r.PathValue("secret")
	w.Draft, w.Guest, err = p.Store.Invited(w.Secret)
	if errors.Is(err, roll.ErrLink) {
		return w, errLink
	}
	if err != nil {
		return w, err
	}
	c, err := p.Store.Chain()
	if err != nil {
		return w, err
	}
	w.Current = c.Current()
	if w.Waiting = c.Waiting(); w.Waiting != nil && w.Waiting.Hash != w.Draft.Hash {
		w.Waiting = nil
	}
	if w.Waiting != nil {
		w.Lacks, w.Signed = lacking(c.Lacks(w.Waiting, v.now())), w.Waiting.SignedBy(w.Guest)
	}
	if w.Current != nil {
		for _, m := range w.Current.Members {
			w.May = w.May || m.Person == w.Guest.Person
		}
	}
	return w, nil
}

// rollLacks are what a roll that waits can lack, by the word of a message.
var rollLacks = map[string]error{
	"keys":     roll.ErrLacksKeys,
	"time":     roll.ErrLacksTime,
	"old":      roll.ErrLacksOld,
	"objected": roll.ErrObjected,
}

// lacking returns the word of what a roll lacks; empty if it lacks nothing.
func lacking(err error) string {
	for word, is := range rollLacks {
		if errors.Is(err, is) {
			return word
		}
	}
	return ""
}

func (p *guestPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("roll-guest", w)
}

// guestFault is the fault of an error of a guest.
func guestFault(err error) error {
	if roll.IsProblem(err) {
		return errUnclear
	}
	return err
}

func (p *guestPages) askKey(v *visit) error {
	options, ceremony, err := p.Store.AskKey(v.r.PathValue("secret"))
	if err != nil {
		return guestFault(err)
	}
	b, err := json.Marshal(ceremony)
	if err != nil {
		return err
	}
	p.begun.Put(v.r.Context(), begunKey, b)
	return v.json(options)
}

func (p *guestPages) addKey(v *visit) error {
	var ceremony webauthn.SessionData
	if json.Unmarshal(p.begun.PopBytes(v.r.Context(), begunKey), &ceremony) != nil {
		return errUnclear
	}
	if err := p.Store.AddKey(v.r.Context(), v.r.PathValue("secret"), ceremony, v.r); err != nil {
		return guestFault(err)
	}
	return v.json(map[string]string{"next": "/roll/" + v.r.PathValue("secret")})
}

func (p *guestPages) ask(answer string) func(*visit) error {
	return func(v *visit) error {
		options, entries, err := p.Store.AskSignature(v.r.PathValue("secret"), answer)
		if err != nil {
			return guestFault(err)
		}
		p.begun.Put(v.r.Context(), begunState, entries)
		return v.json(options)
	}
}

func (p *guestPages) signed(answer string) func(*visit) error {
	return func(v *visit) error {
		ctx, secret := v.r.Context(), v.r.PathValue("secret")
		entries := p.begun.GetInt64(ctx, begunState)
		p.begun.Remove(ctx, begunState)
		signed, err := roll.Answered(v.r, entries)
		if err == nil {
			err = p.Store.Sign(ctx, secret, answer, signed)
		}
		if err != nil {
			return guestFault(err)
		}
		return v.json(map[string]string{"next": "/roll/" + secret})
	}
}
