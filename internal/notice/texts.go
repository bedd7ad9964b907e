package notice

import (
	"cmp"
	"embed"
	"strings"
	"time"

	"sluis/internal/lang"
	"sluis/internal/ledger"
	"sluis/internal/roster"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Checkpoint is the notice that makes its readers witnesses of the ledger. Code is the language of it, as of all
// notices.
func Checkpoint(code, organisation string, signed []byte) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("checkpoint-subject"),
		Text:    p.Text("checkpoint", organisation, string(signed)),
	}
}

// Waiting counts what waits for a person.
type Waiting struct {
	Messages    int // in quarantine, for review
	OldestDays  int // how long the oldest of them waits
	Undelivered int // released messages that the next hop refused
	Appeals     int
	Console     string // address of its pages; empty: there are none
}

// Digest is the notice of what waits: counts, and links to the pages of the console.
func Digest(code string, w Waiting) Message {
	p := texts.In(code)
	var text strings.Builder
	for _, line := range []struct{ count, page string }{
		{p.Text("digest-waiting", w.Messages, texts.Message("days", w.OldestDays)), "/quarantine"},
		{p.Text("digest-undelivered", w.Undelivered), "/quarantine?state=failed"},
		{p.Text("digest-appeals", w.Appeals), "/appeals"},
	} {
		text.WriteString(line.count + "\n")
		if w.Console != "" {
			text.WriteString("    " + w.Console + line.page + "\n")
		}
	}
	return Message{Subject: p.Text("digest-subject"), Text: text.String()}
}

// Breach is the notice of a new breach file, with the time until which the breach has to be reported.
func Breach(code, id string, until time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("breach-subject", id),
		Text:    p.Text("breach", id, p.Moment(until.Local())),
	}
}

// RollInvitation invites a person to the board's roll, by a link.
func RollInvitation(code, organisation, name, link string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("roll-invitation-subject", organisation),
		Text:    p.Text("roll-invitation", name, organisation, link),
	}
}

// RollWaits says that a new roll of the board, with six words of its hash, counts from a time on although those of
// the roll in force did not sign it.
func RollWaits(code, organisation, words string, from time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("roll-waits-subject", organisation),
		Text:    p.Text("roll-waits", organisation, words, p.Moment(from.Local())),
	}
}

// RollProposed says that a new roll of the board waits for signatures.
func RollProposed(code, organisation, words string, _ time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("roll-proposed-subject", organisation),
		Text:    p.Text("roll-proposed", organisation, words),
	}
}

// RollCounts says that a new roll of the board counts since a time.
func RollCounts(code, organisation, words string, since time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("roll-counts-subject", organisation),
		Text:    p.Text("roll-counts", organisation, words, p.Moment(since.Local())),
	}
}

// Released goes to the recipients of a message that was quarantined and is delivered now, with the reviewer's note.
func Released(code, organisation, note string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("released-subject"),
		Text:    p.Text("released", organisation, note),
	}
}

// Invitation has the link that an account begins with. It goes to the owner alone.
func Invitation(code, organisation, name, link string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("invitation-subject", organisation),
		Text:    p.Text("invitation", organisation, name, link),
	}
}

// Code has the code that confirms an address.
func Code(code, organisation, secret string) Message {
	p := texts.In(code)
	return Message{Subject: p.Text("code-subject"), Text: p.Text("code", organisation, secret)}
}

// Role is a change of a role that decides.
type Role struct {
	Organisation string
	Account      string
	Address      string
	By           string        // empty: a provider of sign-ins
	Change       string        // one of RoleChanges
	Roles        []ledger.Role // that the account has from then on
}

// RoleChanges are the changes that a notice of a role is about.
var RoleChanges = []string{"roles", "recover", "disable", "enable", "address", "provider"}

// RoleChanged goes to all who watch over roles, and to the person.
func RoleChanged(code string, r Role) Message {
	p := texts.In(code)
	var roles []string
	for _, role := range r.Roles {
		roles = append(roles, p.Text("role-name-"+string(role)))
	}
	return Message{
		Subject: p.Text("role-subject", r.Account),
		Text: p.Text(
			"role",
			r.Organisation,
			r.Account,
			cmp.Or(r.Address, "–"),
			cmp.Or(strings.Join(roles, ", "), "–"),
			p.Text("role-change-"+r.Change),
			cmp.Or(r.By, "–"),
		),
	}
}

// RosterChanged goes to those who watch over the roster and to the people concerned: what waits for the
// privacy officer, or was agreed to.
func RosterChanged(code, organisation string, changes []roster.Risk, agreed bool) Message {
	p := texts.In(code)
	var lines []string
	for _, k := range changes {
		lines = append(lines, "    "+rosterChange(p, k))
	}
	m := Message{Subject: p.Text("roster-subject")}
	if all := strings.Join(lines, "\n"); agreed {
		m.Text = p.Text("roster-agreed", organisation, all)
	} else {
		m.Text = p.Text("roster-held", organisation, all)
	}
	return m
}

// rosterChange says in a line what a change of the roster does.
func rosterChange(p *lang.Printer, k roster.Risk) string {
	switch k.Kind {
	case roster.Rebound:
		return p.Text("roster-rebound", k.Of, cmp.Or(k.From, "–"), k.To)
	case roster.RoleLost:
		return p.Text("roster-role-lost", k.Of, k.Role)
	case roster.Outside:
		return p.Text("roster-outside", k.Of)
	case roster.SmallGroup:
		return p.Text("roster-small-group", k.Of)
	}
	return p.Text("roster-small-network", k.Of)
}

// Confidential goes to a person with a confidential role of whom a message is quarantined: nothing of the message is
// in it but that it is there, and the link to decide by.
func Confidential(code, organisation, link string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("confidential-subject"),
		Text:    p.Text("confidential", organisation, link),
	}
}

// Access notifies a person that their records were requested, so that a request of another person does not go
// unnoticed.
func Access(code, organisation string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("access-subject"),
		Text:    p.Text("access", organisation),
	}
}

// BreakGlass goes to the board and the privacy officer before a message is opened or released without an account. The
// reason is that of a user of the system.
func BreakGlass(code, organisation, user, act, id, reason string) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("break-glass-subject"),
		Text:    p.Text("break-glass", organisation, user, p.Text("break-glass-"+act), id, lines(reason)),
	}
}

// OrderStep goes to the board and the privacy officer at each step of an order: which step, when and of which order,
// and nothing of what it is about. The page is that of the console; empty: there is none.
func OrderStep(code, organisation, step, id, page string, at time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("order-step-subject"),
		Text:    p.Text("order-step", organisation, p.Text("step-"+step), p.Moment(at.Local()), id, page),
	}
}

// lines breaks a text in lines that mail programs show whole.
func lines(text string) string {
	var all strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		if length += len([]rune(word)) + 1; length > 76 {
			all.WriteString("\n    ")
			length = len([]rune(word)) + 1
		} else if i > 0 {
			all.WriteByte(' ')
		}
		all.WriteString(word)
	}
	return all.String()
}

// AgreementEnded says that an agreement on data of persons has ended, so that leaks are looked for again in what
// goes to the partner or application (C2.4a).
func AgreementEnded(code, organisation, name string, last time.Time) Message {
	p := texts.In(code)
	return Message{
		Subject: p.Text("agreement-subject", name),
		Text:    p.Text("agreement", organisation, name, p.Date(last.Local())),
	}
}

// ShareByLink advises a person who sent a large attachment to share by link (C2.1a). It quotes nothing of the message.
func ShareByLink(code, organisation string) Message {
	p := texts.In(code)
	return Message{Subject: p.Text("share-by-link-subject"), Text: p.Text("share-by-link", organisation)}
}
