package orders

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/internal/oversight/roll"
)

// Party is an account in a paper, and whose it is.
type Party struct {
	Account string `json:"account"`
	Person  string `json:"person"` // as on the roll
}

// paper is an order as it is signed: its canonical JSON (RFC 8785) is in the ledger. It has no text
// of a request but as a hash with the salt of the order, so that the ledger has no name of a subject.
type paper struct {
	ID            string         `json:"id"`
	Roll          string         `json:"roll"`
	Requester     Party          `json:"requester"`
	Investigators []Party        `json:"investigators"`
	Subject       string         `json:"subject"` // person, as a hash with the salt of the order; of a group empty
	Request       map[string]any `json:"request"`
	Advice        *paperAdvice   `json:"advice,omitempty"`
}

type paperAdvice struct {
	Favourable bool   `json:"favourable"`
	Text       string `json:"text"`
}

// plain are the fields of a request whose text is in the paper as it is: words of closed lists, and times.
var plain = []string{"kind", "from", "until"}

// paperOf returns the paper of an order.
func paperOf(o *Order) (string, error) {
	if len(o.Salt) == 0 || len(o.Persons) != len(o.Request.Investigators) {
		return "", ErrUnsigned
	}
	p := paper{ID: o.ID, Roll: o.Roll, Requester: Party{o.Requested.By.Name, o.Requester}}
	for i, account := range o.Request.Investigators {
		p.Investigators = append(p.Investigators, Party{account, o.Persons[i]})
	}
	if o.Person != "" {
		p.Subject = hide(o.Salt, "person", o.Person)
	}
	b, err := json.Marshal(o.Request)
	if err == nil {
		err = json.Unmarshal(b, &p.Request)
	}
	if err != nil {
		return "", fmt.Errorf("paper of an order: %w", err)
	}
	delete(p.Request, "investigators")
	for name, value := range p.Request {
		if text, ok := value.(string); ok && !slices.Contains(plain, name) {
			p.Request[name] = hide(o.Salt, name, text)
		}
	}
	if o.Advice != nil {
		p.Advice = &paperAdvice{o.Advice.Favourable, hide(o.Salt, "advice", o.Advice.Text)}
	}
	return roll.Canonical(p)
}

// hide returns a text of a field as a hash that says nothing of it without the salt.
func hide(salt []byte, field, text string) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(field + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil))
}

// parsePaper reads a paper, which has to be exactly as it was written.
func parsePaper(text string) (p paper, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, errPaper
	}
	if again, err := roll.Canonical(p); err != nil || again != text {
		return p, errPaper
	}
	return p, nil
}

// period returns the period of a paper; zero times if it has none.
func (p paper) period() (from, until time.Time) {
	read := func(name string) time.Time {
		text, _ := p.Request[name].(string)
		t, _ := time.Parse(time.RFC3339Nano, text)
		return t
	}
	return read("from"), read("until")
}

// without returns the canonical JSON of a paper without its advice.
func (p paper) without() (string, error) {
	p.Advice = nil
	return roll.Canonical(p)
}

// involves reports whether a person asked for the order, or is designated in it.
func (p paper) involves(person string) bool {
	return p.Requester.Person == person ||
		slices.ContainsFunc(p.Investigators, func(i Party) bool { return i.Person == person })
}
